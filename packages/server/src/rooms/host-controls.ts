/**
 * Changes of present members: mutes, permission changes (HOST), pins (PIN), names (NAME), new tokens.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import { GavelError, type MemberId } from '@gavel/protocol';
import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import { type Member, permissionsNow, withChanges } from './member.ts';
import type { MemberTable } from './member-table.ts';
import type { Moderation } from './moderation.ts';
import type { Polls } from './polls.ts';
import type { RoomStreams } from './room-streams.ts';

interface HostControlsDeps {
  readonly members: MemberTable;
  readonly moderation: Moderation;
  readonly streams: RoomStreams;
  readonly polls: Polls;
  readonly emit: (change: RoomChange) => void;
}

/** Applies those commands to a room's members and streams. */
export class HostControls {
  readonly #members: MemberTable;
  readonly #moderation: Moderation;
  readonly #streams: RoomStreams;
  readonly #polls: Polls;
  readonly #emit: (change: RoomChange) => void;

  constructor(deps: HostControlsDeps) {
    this.#members = deps.members;
    this.#moderation = deps.moderation;
    this.#streams = deps.streams;
    this.#polls = deps.polls;
    this.#emit = deps.emit;
  }

  apply(command: CommandOf<'mute' | 'setPermissions' | 'renewToken' | 'pin' | 'rename' | 'sendCustom'>): void {
    switch (command.type) {
      case 'mute':
        return this.#mute(command);
      case 'setPermissions':
        return this.#setPermissions(command);
      case 'renewToken':
        return this.#renewToken(command);
      case 'pin':
        return this.#pin(command);
      case 'rename':
        return this.#rename(command);
      case 'sendCustom':
        return this.#sendCustom(command);
    }
  }

  #mute({ by, targets, require, kinds, allowUnmute }: CommandOf<'mute'>): void {
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
    this.#emit({ type: 'membersMuted', members: infos, kinds, allowUnmute });
    for (const member of members) {
      this.#streams.mute(member, kinds);
      if (kinds.screen) this.#streams.endScreens(member);
    }
  }

  #setPermissions({ by, targets, changes }: CommandOf<'setPermissions'>): void {
    this.#moderation.check(by, 'changePermissions');
    for (const member of this.#moderation.loginsOf(this.#moderation.find(targets, 'all'))) {
      const couldView = member.permissions.polls?.view ?? false;
      const granted = withChanges(member.granted, changes);
      const permissions = permissionsNow(granted, member.stage);
      const { publishAudio, publishVideo, screen, polls } = permissions;
      const isViewChanged = (polls?.view ?? false) !== couldView;
      const info = { ...this.#members.infoOf(member), permissions };
      const shown = isViewChanged && { polls: this.#polls.all() };
      this.#emit({ type: 'permissionsChanged', member: info, granted, changes, ...shown });
      this.#streams.mute(member, { audio: !publishAudio, video: !publishVideo });
      if (screen?.publish === false) this.#streams.endScreens(member);
    }
  }

  /** A new token replaces the publish permissions: streams that it does not allow end (AUTH-4). */
  #renewToken({ memberId, tokenExpiresAtMs, publishing }: CommandOf<'renewToken'>): void {
    const member = this.#members.require(memberId);
    if ((tokenExpiresAtMs ?? Number.POSITIVE_INFINITY) !== member.tokenExpiresAtMs) {
      this.#emit({ type: 'tokenRenewed', memberId, ...(tokenExpiresAtMs !== undefined && { tokenExpiresAtMs }) });
    }
    if (!publishing) return;
    const { publishStreamIds: _before, ...rest } = member.granted;
    const granted = this.#moderation.permissionsOf(member.user.id, { ...rest, ...publishing });
    if (isDeepStrictEqual(granted, member.granted)) return;
    const info = { ...this.#members.infoOf(member), permissions: permissionsNow(granted, member.stage) };
    this.#emit({ type: 'permissionsChanged', member: info, granted });
    this.#streams.enforce(member);
  }

  #pin({ by, targets, pinned }: CommandOf<'pin'>): void {
    this.#moderation.check(by, 'pin');
    for (const member of this.#moderation.find(targets, 'all')) {
      if (member.pinned === pinned) continue;
      this.#emit({ type: 'memberUpdated', member: { ...this.#members.infoOf(member), pinned } });
    }
  }

  #rename({ memberId, name }: CommandOf<'rename'>): void {
    const member = this.#members.require(memberId);
    if (!member.permissions.rename) throw new GavelError('member.not-allowed');
    if (member.user.name === name) return;
    this.#emit({ type: 'memberUpdated', member: { ...this.#members.infoOf(member), user: { ...member.user, name } } });
    this.#streams.rename(member);
  }

  /** The room forwards custom messages of applications unchanged (CUST-1). */
  #sendCustom({ memberId, messageType, payload, to, toProfile }: CommandOf<'sendCustom'>): void {
    const member = this.#members.infoOf(this.#members.require(memberId));
    // A request that names a hidden member is answered as if the member were not in the room (HIDE-1).
    const isKnown = (id: MemberId) => id === memberId || !this.#members.find(id)?.permissions.hidden;
    const nameOf = (id: MemberId) => ({ label: id, userIds: [], memberIds: isKnown(id) ? [id] : [] });
    const named = to && this.#moderation.find(to.map(nameOf), 'all');
    const { key = '', values = [] } = toProfile ?? {};
    const isMatch = ({ profile }: Member) => values.some((value) => profile?.[key] === value);
    const matching = toProfile ? this.#members.all().filter(isMatch) : [];
    const recipients = (to ?? toProfile) && new Set([...(named ?? []), ...matching].map((each) => each.memberId));
    this.#emit({ type: 'customMessage', member, messageType, payload, ...(recipients && { to: [...recipients] }) });
  }
}
