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
import type { RoomStreams } from './room-streams.ts';

/** Applies those commands to a room's members and streams. */
export class HostControls {
  readonly #members: MemberTable;
  readonly #moderation: Moderation;
  readonly #streams: RoomStreams;
  readonly #emit: (change: RoomChange) => void;

  constructor(members: MemberTable, moderation: Moderation, streams: RoomStreams, emit: (change: RoomChange) => void) {
    this.#members = members;
    this.#moderation = moderation;
    this.#streams = streams;
    this.#emit = emit;
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
      this.#members.setPermissions(member, withChanges(member.permissions, changes));
      this.#emit({ type: 'permissionsChanged', member: this.#members.infoOf(member) });
      const { publishAudio, publishVideo, screen } = member.permissions;
      this.#streams.mute(member, { audio: !publishAudio, video: !publishVideo });
      if (screen?.publish === false) this.#streams.endScreens(member);
    }
  }
}
