/**
 * What members do to others while these stay in: mutes, and live changes of permissions (HOST).
 *
 * @module
 */

import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import { withChanges } from './member.ts';
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

  mute({ by, targets, require, kinds, allowUnmute }: CommandOf<'mute'>): void {
    this.#moderation.check(
      by,
      ...(kinds.audio ? (['muteAudio'] as const) : []),
      ...(kinds.video ? (['muteVideo'] as const) : []),
      ...(kinds.screen ? (['muteScreen'] as const) : []),
    );
    const members = targets
      ? [...this.#moderation.find(targets, require)]
      : this.#members.all().filter(({ memberId }) => memberId !== by);
    this.#emit({ type: 'membersMuted', members: members.map((member) => this.#members.infoOf(member)), kinds });
    for (const member of members) {
      this.#moderation.lock(member.user.id, kinds, !allowUnmute);
      this.#streams.mute(member, kinds);
      if (kinds.screen) this.#streams.endScreens(member);
    }
  }

  setPermissions({ by, targets, changes }: CommandOf<'setPermissions'>): void {
    this.#moderation.check(by, 'changePermissions');
    for (const member of this.#moderation.change(this.#moderation.find(targets, 'all'), changes)) {
      const couldView = member.permissions.polls?.view ?? false;
      this.#members.setPermissions(member, withChanges(member.permissions, changes));
      const { publishAudio, publishVideo, screen, polls } = member.permissions;
      const isViewChanged = (polls?.view ?? false) !== couldView;
      const info = this.#members.infoOf(member);
      this.#emit({ type: 'permissionsChanged', member: info, ...(isViewChanged && { polls: this.#polls.all() }) });
      this.#streams.mute(member, { audio: !publishAudio, video: !publishVideo });
      if (screen?.publish === false) this.#streams.endScreens(member);
    }
  }
}
