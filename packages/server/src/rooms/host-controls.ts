/**
 * Changes of present members: mutes, permission changes (HOST), pins (PIN), names (NAME), new tokens.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import { GavelError, type MemberId } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import { type Member, permissionsNow, withChanges } from './member.ts';
import type { MemberTable } from './member-table.ts';
import type { Moderation } from './moderation.ts';
import type { Polls } from './polls.ts';
import type { RoomDraft } from './room-draft.ts';
import type { RoomStreams } from './room-streams.ts';

interface HostControlsDeps {
  readonly members: MemberTable;
  readonly moderation: Moderation;
  readonly streams: RoomStreams;
  readonly polls: Polls;
}

/** Decides those commands. */
export class HostControls {
  readonly #members: MemberTable;
  readonly #moderation: Moderation;
  readonly #streams: RoomStreams;
  readonly #polls: Polls;

  constructor(deps: HostControlsDeps) {
    this.#members = deps.members;
    this.#moderation = deps.moderation;
    this.#streams = deps.streams;
    this.#polls = deps.polls;
  }

  decide(
    draft: RoomDraft,
    command: CommandOf<'mute' | 'setPermissions' | 'renewToken' | 'pin' | 'rename' | 'sendCustom'>,
  ): void {
    switch (command.type) {
      case 'mute':
        return this.#mute(draft, command);
      case 'setPermissions':
        return this.#setPermissions(draft, command);
      case 'renewToken':
        return this.#renewToken(draft, command);
      case 'pin':
        return this.#pin(draft, command);
      case 'rename':
        return this.#rename(draft, command);
      case 'sendCustom':
        return this.#sendCustom(draft, command);
    }
  }

  #mute(draft: RoomDraft, { by, targets, require, kinds, allowUnmute }: CommandOf<'mute'>): void {
    this.#moderation.check(
      by,
      ...(kinds.audio ? (['muteAudio'] as const) : []),
      ...(kinds.video ? (['muteVideo'] as const) : []),
      ...(kinds.screen ? (['muteScreen'] as const) : []),
    );
    const members = targets
      ? [...this.#moderation.find(targets, require)]
      : this.#members.all().filter(({ memberId }) => memberId !== by);
    const infos = members.map((member) => this.#members.infoOf(member));
    draft.emit({ type: 'membersMuted', members: infos, kinds, allowUnmute });
    for (const member of members) {
      this.#streams.mute(draft, member, kinds);
      if (kinds.screen) this.#streams.endScreens(draft, member);
    }
  }

  #setPermissions(draft: RoomDraft, { by, targets, changes }: CommandOf<'setPermissions'>): void {
    this.#moderation.check(by, 'changePermissions');
    for (const member of this.#moderation.loginsOf(this.#moderation.find(targets, 'all'))) {
      const couldView = member.permissions.polls?.view ?? false;
      const granted = withChanges(member.granted, changes);
      const permissions = permissionsNow(granted, member.stage);
      const { publishAudio, publishVideo, screen, polls } = permissions;
      const isViewChanged = (polls?.view ?? false) !== couldView;
      const info = { ...this.#members.infoOf(member), permissions };
      const shown = isViewChanged && { polls: this.#polls.all() };
      draft.emit({ type: 'permissionsChanged', member: info, granted, changes, ...shown });
      this.#streams.mute(draft, member, { audio: !publishAudio, video: !publishVideo });
      if (screen?.publish === false) this.#streams.endScreens(draft, member);
    }
  }

  /** A new token replaces the publish permissions: streams that it does not allow end (AUTH-4). */
  #renewToken(draft: RoomDraft, { memberId, tokenExpiresAtMs, publishing }: CommandOf<'renewToken'>): void {
    const member = this.#members.require(memberId);
    if ((tokenExpiresAtMs ?? Number.POSITIVE_INFINITY) !== member.tokenExpiresAtMs) {
      draft.emit({ type: 'tokenRenewed', memberId, ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }) });
    }
    if (!publishing) return;
    const { publishStreamIds: _before, ...rest } = member.granted;
    const granted = this.#moderation.permissionsOf(member.user.id, { ...rest, ...publishing });
    if (isDeepStrictEqual(granted, member.granted)) return;
    const info = { ...this.#members.infoOf(member), permissions: permissionsNow(granted, member.stage) };
    draft.emit({ type: 'permissionsChanged', member: info, granted });
    this.#streams.enforce(draft, member, info.permissions);
  }

  #pin(draft: RoomDraft, { by, targets, pinned }: CommandOf<'pin'>): void {
    this.#moderation.check(by, 'pin');
    for (const member of this.#moderation.find(targets, 'all')) {
      if (member.pinned === pinned) continue;
      draft.emit({ type: 'memberUpdated', member: { ...this.#members.infoOf(member), pinned } });
    }
  }

  #rename(draft: RoomDraft, { memberId, name }: CommandOf<'rename'>): void {
    const member = this.#members.require(memberId);
    if (!member.permissions.rename) throw new GavelError('member.not-allowed');
    if (member.user.name === name) return;
    const user = { ...member.user, name };
    draft.emit({ type: 'memberUpdated', member: { ...this.#members.infoOf(member), user } });
    this.#streams.rename(draft, member, user);
  }

  /** The room forwards custom messages of applications unchanged (CUST-1). */
  #sendCustom(draft: RoomDraft, { memberId, messageType, payload, to, toProfile }: CommandOf<'sendCustom'>): void {
    const member = this.#members.infoOf(this.#members.require(memberId));
    // A request that names a hidden member is answered as if the member were not in the room (HIDE-1).
    const isKnown = (id: MemberId) => id === memberId || !this.#members.find(id)?.permissions.hidden;
    const nameOf = (id: MemberId) => ({ label: id, userIds: [], memberIds: isKnown(id) ? [id] : [] });
    const named = to && this.#moderation.find(to.map(nameOf), 'all');
    const { key = '', values = [] } = toProfile ?? {};
    const isMatch = ({ profile }: Member) => values.some((value) => profile?.[key] === value);
    const matching = toProfile ? this.#members.all().filter(isMatch) : [];
    const recipients = (to ?? toProfile) && new Set([...(named ?? []), ...matching].map((each) => each.memberId));
    draft.emit({ type: 'customMessage', member, messageType, payload, ...(recipients && { to: [...recipients] }) });
  }
}
