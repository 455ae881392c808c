/**
 * What members are told besides who and what is in the room: messages, and the room's info.
 *
 * @module
 */

import { GavelError, type UserId } from '@gavel/protocol';
import { ChatHistory } from './chat-history.ts';
import type { Clock } from './clock.ts';
import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import type { RoomInfo } from './stream.ts';

/** Numbers messages and keeps the info of one room. */
export class RoomMessages {
  readonly #clock: Clock;
  readonly #emit: (change: RoomChange) => void;
  /** What was said. */
  readonly chat = new ChatHistory();
  #messageId = 0;
  #info: RoomInfo | undefined;

  constructor(clock: Clock, emit: (change: RoomChange) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The room's infos: one at most. */
  infos(): readonly RoomInfo[] {
    return this.#info ? [this.#info] : [];
  }

  /** A room has one key; it may be set again, by anybody. */
  setInfo({ key, value, user }: CommandOf<'setRoomInfo'>): void {
    if (this.#info && this.#info.key !== key) throw new GavelError('room.info-full');
    this.#info = { key, value, user, atMs: this.#clock.now() };
    this.#emit({ type: 'roomInfoSet', info: this.#info });
  }

  send({ kind, from, text, to }: CommandOf<'send'>, isPresent: (userId: UserId) => boolean): void {
    this.#messageId += 1;
    // To say something to everybody is to broadcast it, in whatever dialect (CHAT-1).
    if (kind === 'chat' || kind === 'broadcast') {
      this.chat.add({ messageId: this.#messageId, from, text, ...(to && { to }), sentAtMs: this.#clock.now() });
    }
    const absent = to?.filter((userId) => !isPresent(userId)) ?? [];
    this.#emit({ type: 'message', kind, messageId: this.#messageId, from, text, ...(to && { to }), absent });
  }
}
