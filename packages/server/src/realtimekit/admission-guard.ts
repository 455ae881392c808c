/**
 * Closes the gap between checking a token and entering the room.
 *
 * A participant may be deleted, or its meeting be set INACTIVE, after its token was checked and before it is in. The
 * call that did so finds nobody to put out, and the login goes through. So the records are looked at once more when the
 * member is in: whichever of the two comes last finds the other's work done (RTK-8).
 *
 * @module
 */

import { isGavelError, type RoomKey, type UserId } from '@gavel/protocol';
import type { RoomCommand } from '../rooms/commands.ts';
import type { EventBatch, EventSink, Rooms } from '../rooms/rooms.ts';
import type { WaitingChange, WaitingWatcher } from '../rooms/waiting.ts';
import type { Store } from '../store/store.ts';

/** Puts out members who should not have come in. The login is answered after it has looked. */
export class AdmissionGuard implements EventSink, WaitingWatcher {
  readonly #store: Pick<Store, 'meetings' | 'participants'>;
  #rooms: Pick<Rooms, 'execute'> | undefined;

  constructor(store: Pick<Store, 'meetings' | 'participants'>) {
    this.#store = store;
  }

  /** Tells it the rooms, which are made with their sinks and so after it. */
  attach(rooms: Pick<Rooms, 'execute'>): void {
    this.#rooms = rooms;
  }

  handle({ key, events }: EventBatch): Promise<void> | undefined {
    // A login is a batch of its own, so there is one at most; only this door's members have such a profile.
    const joined = events.find((event) => event.type === 'memberJoined');
    if (joined?.member.profile?.participantId === undefined) return undefined;
    const { user, memberId } = joined.member;
    // Whoever was in before may stay, the same person on another device included.
    return this.#check(key, user.id, { type: 'expireToken', memberId });
  }

  /** The waiting list is taken off by what empties it only as far as it is there: the same gap, the same check. */
  handleWaiting({ key, waiting: { user, profile }, end }: WaitingChange): Promise<void> | undefined {
    if (end || profile?.participantId === undefined) return undefined;
    return this.#check(key, user.id, { type: 'refuseWaiting' });
  }

  async #check(key: RoomKey, userId: UserId, whenInactive: RoomCommand): Promise<void> {
    const command = await this.#findCommand(key, userId, whenInactive);
    if (!command) return;
    await this.#rooms
      ?.execute(key, command, { door: 'realtimekit', requestId: 'admission' })
      .catch((error: unknown) => {
        if (!isGavelError(error, 'room.not-found', 'room.member-not-found')) throw error;
      });
  }

  async #findCommand(key: RoomKey, userId: UserId, whenInactive: RoomCommand): Promise<RoomCommand | undefined> {
    if (!(await this.#store.participants.find(key.roomId, userId))) {
      return { type: 'kick', targets: [{ label: userId, userIds: [userId] }], require: 'any', reason: '' };
    }
    const meeting = await this.#store.meetings.find(key.appId, key.roomId);
    return meeting?.status === 'ACTIVE' ? undefined : whenInactive;
  }
}
