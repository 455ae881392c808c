/**
 * The stage: which of the members whose permissions have one may publish now (STAGE).
 *
 * @module
 */

import { GavelError, type StreamCause } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import { type Member, permissionsNow, type StageState } from './member.ts';
import type { MemberTable } from './member-table.ts';
import type { Moderation } from './moderation.ts';
import type { RoomDraft } from './room-draft.ts';
import type { RoomStreams } from './room-streams.ts';

interface StageDeps {
  readonly members: MemberTable;
  readonly moderation: Moderation;
  readonly streams: RoomStreams;
}

/** Applies the commands of the stage to a room's members. */
export class Stage {
  readonly #deps: StageDeps;

  constructor(deps: StageDeps) {
    this.#deps = deps;
  }

  /** @throws `member.not-allowed` if the member's permissions have no stage, or do not allow the step */
  change(draft: RoomDraft, { memberId, action }: CommandOf<'changeStage'>): void {
    const member = this.#deps.members.require(memberId);
    const { stage: state, granted } = member;
    const { access } = granted.stage ?? { access: 'none' };
    if (state === undefined || access === 'none') throw new GavelError('member.not-allowed');
    switch (action) {
      case 'request':
        // Who may join without being asked is accepted at once.
        if (state === 'off') this.#set(draft, member, access === 'allowed' ? 'accepted' : 'requested');
        return;
      case 'cancel':
        if (state === 'requested') this.#set(draft, member, 'off');
        return;
      case 'join':
        if (state !== 'on' && state !== 'accepted' && access !== 'allowed') throw new GavelError('member.not-allowed');
        return this.#set(draft, member, 'on');
      case 'leave':
        return this.#set(draft, member, 'off', 'stopped');
    }
  }

  /**
   * Answers requests, invites members that have not asked, or takes members off the stage, on all of their logins.
   *
   * @throws `member.not-allowed`, also if one of those to be granted is excluded from the stage by its permissions: then
   *   nothing changes; `room.member-not-found` if none of the users is in the room
   */
  answer(draft: RoomDraft, { by, targets, answer }: CommandOf<'answerStage'>): void {
    const { moderation } = this.#deps;
    moderation.check(by, 'acceptStage');
    const found = [...moderation.find(targets, 'any')].filter(({ stage }) => stage !== undefined);
    switch (answer) {
      case 'grant': {
        if (found.some(({ granted }) => granted.stage?.access === 'none')) throw new GavelError('member.not-allowed');
        const waiting = found.filter(({ stage }) => stage === 'off' || stage === 'requested');
        return waiting.forEach((member) => void this.#set(draft, member, 'accepted'));
      }
      case 'deny': {
        const asking = found.filter(({ stage }) => stage === 'requested' || stage === 'accepted');
        return asking.forEach((member) => void this.#set(draft, member, 'off'));
      }
      case 'remove':
        return found.forEach((member) => void this.#set(draft, member, 'off', 'forbidden'));
    }
  }

  /** The streams of a member that leaves the stage end first; then it has other permissions, then another state. */
  #set(draft: RoomDraft, member: Member, state: StageState, cause?: StreamCause): void {
    const { members, streams } = this.#deps;
    const before = member.stage;
    if (before === undefined || before === state) return;
    if (cause && before === 'on') streams.removeOf(draft, member, cause);
    const { granted } = member;
    const info = { ...members.infoOf(member), stage: state, permissions: permissionsNow(granted, state) };
    if ((before === 'on') !== (state === 'on')) draft.emit({ type: 'permissionsChanged', member: info, granted });
    draft.emit({ type: 'stageChanged', member: info, before });
  }
}
