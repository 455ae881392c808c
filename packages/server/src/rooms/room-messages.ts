/**
 * The messages and the info of a room.
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

/** Numbers messages and stores the info of one room. */
export class RoomMessages {
  readonly #clock: Clock;
  readonly #emit: (change: RoomChange) => void;
  /** The chat history. */
  readonly chat = new ChatHistory();
  #messageId = 0;
  #info: RoomInfo | undefined;

  constructor(clock: Clock, emit: (change: RoomChange) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The room's infos: at most one. */
  infos(): readonly RoomInfo[] {
    return this.#info ? [this.#info] : [];
  }

  /** Sets the room's info. A room has only one key; any member may set its value again. */
  setInfo({ key, value, user }: CommandOf<'setRoomInfo'>): void {
    if (this.#info && this.#info.key !== key) throw new GavelError('room.info-full');
    this.#info = { key, value, user, atMs: this.#clock.now() };
    this.#emit({ type: 'roomInfoSet', info: this.#info });
  }

  send({ kind, from, text, content, to }: CommandOf<'send'>, isPresent: (userId: UserId) => boolean): void {
    this.#messageId += 1;
    const messageId = this.#messageId;
    const message = { messageId, from, text, ...(content && { content }), ...(to && { to }) };
    // A public chat message and a broadcast are the same thing in the two client APIs (CHAT-1).
    if (kind === 'chat' || kind === 'broadcast') {
      this.chat.add({ ...message, sentAtMs: this.#clock.now() });
    }
    const absent = to?.filter((userId) => !isPresent(userId)) ?? [];
    this.#emit({ type: 'message', kind, ...message, absent });
  }

  /** @throws `message.not-found`, also for a message that the member may not read, so as not to reveal its existence */
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
