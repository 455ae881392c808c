/**
 * Closes the gap between checking a token and entering the room.
 *
 * A participant may be deleted, or its meeting set INACTIVE, after its token was checked and before it has joined. That
 * call finds no member to remove, and the login would succeed. Therefore the records are read once more after the member
 * has joined: whichever of the two comes last sees the result of the other (RTK-8).
 *
 * @module
 */

import { isGavelError, type RoomKey, type UserId } from '@gavel/protocol';
import type { Bus } from '../bus/bus.ts';
import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { RoomCommand } from '../rooms/commands.ts';
import type { Store } from '../store/store.ts';

/** Dependencies of the guard. */
export interface AdmissionGuardDeps {
  readonly store: Pick<Store, 'meetings' | 'participants'>;
  readonly bus: Pick<Bus, 'call'>;
}

/** Removes users whose records changed during their login. The login is answered after this check. */
export class AdmissionGuard implements EventSink {
  readonly #deps: AdmissionGuardDeps;

  constructor(deps: AdmissionGuardDeps) {
    this.#deps = deps;
  }

  handle({ key, events }: EventBatch): Promise<void> | undefined {
    // A login is a batch of its own, so there is at most one such event; only this door's users have a participant id.
    for (const event of events) {
      if (event.type === 'memberJoined' && event.member.profile?.participantId !== undefined) {
        const { user, memberId } = event.member;
        // `expireToken` removes only this connection: earlier ones of the same participant stay.
        return this.#check(key, user.id, { type: 'expireToken', memberId });
      }
      // Refusing all waiting users does not reach one that arrives afterwards.
      if (event.type === 'waitingAdded' && event.waiting.profile?.participantId !== undefined) {
        return this.#check(key, event.waiting.user.id, { type: 'refuseWaiting' });
      }
    }
    return undefined;
  }

  async #check(key: RoomKey, userId: UserId, whenInactive: RoomCommand): Promise<void> {
    const command = await this.#findCommand(key, userId, whenInactive);
    if (!command) return;
    await this.#deps.bus
      .call({ key, command, origin: { channel: 'backend', door: 'realtimekit', requestId: 'admission' } })
      .catch((error: unknown) => {
        if (!isGavelError(error, 'room.not-found', 'room.member-not-found')) throw error;
      });
  }

  async #findCommand(key: RoomKey, userId: UserId, whenInactive: RoomCommand): Promise<RoomCommand | undefined> {
    const { store } = this.#deps;
    if (!(await store.participants.find(key.roomId, userId))) {
      return { type: 'kick', targets: [{ label: userId, userIds: [userId] }], require: 'any', reason: '' };
    }
    const meeting = await store.meetings.find(key.appId, key.roomId);
    return meeting?.status === 'ACTIVE' ? undefined : whenInactive;
  }
}
