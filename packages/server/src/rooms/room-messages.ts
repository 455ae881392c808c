/**
 * What members are told besides who and what is in the room: messages, and the room's info.
 *
 * @module
 */

import { GavelError, type UserId } from '@gavel/protocol';
import { ChatHistory, MAX_PINNED_MESSAGES, mayRead } from './chat-history.ts';
import type { Clock } from './clock.ts';
import type { CommandOf } from './commands.ts';
import type { RoomChange } from './events.ts';
import type { MemberInfo } from './member.ts';
import { changedMessage } from './message-changes.ts';
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

  /** @throws `message.not-found` for one that the member may not read, too; it is not told which exist */
  change({ messageId, to }: CommandOf<'changeMessage'>, member: MemberInfo): void {
    const message = this.chat.get(messageId);
    if (!message || !mayRead(member, message)) throw new GavelError('message.not-found');
    const { change, now } = changedMessage(message, to, member, this.#clock.now());
    if (now === message) return;
    if (change === 'pinned' && this.chat.pinnedCount >= MAX_PINNED_MESSAGES) {
      throw new GavelError('message.too-many-pins');
    }
    if (change === 'deleted') this.chat.delete(message);
    else this.chat.replace(now);
    this.#emit({ type: 'messageChanged', change, message: now });
  }
}
