/**
 * The messages and the info of a room.
 *
 * @module
 */

import { GavelError, type UserId } from '@gavel/protocol';
import { ChatHistory, type ChatMessage, MAX_PINNED_MESSAGES, mayRead } from './chat-history.ts';
import type { CommandOf } from './commands.ts';
import type { RoomEvent, RoomEventOf } from './events.ts';
import type { MemberInfo } from './member.ts';
import { changedMessage } from './message-changes.ts';
import type { RoomDraft } from './room-draft.ts';
import type { RoomInfo } from './stream.ts';

/** The messages and the info of a room in a snapshot. */
export interface RoomMessagesState {
  /** The id of the last message. */
  readonly messageId: number;
  readonly chat: readonly ChatMessage[];
  readonly info?: RoomInfo;
}

/** Numbers messages and stores the info of one room. Only events change it. */
export class RoomMessages {
  /** The chat history. */
  readonly chat = new ChatHistory();
  #messageId = 0;
  #info: RoomInfo | undefined;

  /** What is stored now. */
  get state(): RoomMessagesState {
    return { messageId: this.#messageId, chat: this.chat.all(), ...(this.#info && { info: this.#info }) };
  }

  /** Sets the state before the first message. */
  restore({ messageId, chat, info }: RoomMessagesState): void {
    this.#messageId = messageId;
    this.#info = info;
    for (const message of chat) this.chat.replace(message);
  }

  /** The room's infos: at most one. */
  infos(): readonly RoomInfo[] {
    return this.#info ? [this.#info] : [];
  }

  /** Sets the room's info. A room has only one key; any member may set its value again. */
  setInfo(draft: RoomDraft, { key, value, user }: CommandOf<'setRoomInfo'>): void {
    if (this.#info && this.#info.key !== key) throw new GavelError('room.info-full');
    draft.emit({ type: 'roomInfoSet', info: { key, value, user, atMs: draft.facts.nowMs } });
  }

  send(
    draft: RoomDraft,
    { kind, from, text, content, to }: CommandOf<'send'>,
    isPresent: (userId: UserId) => boolean,
  ): void {
    const message = { messageId: this.#messageId + 1, from, text, ...(content && { content }), ...(to && { to }) };
    const absent = to?.filter((userId) => !isPresent(userId)) ?? [];
    draft.emit({ type: 'message', kind, ...message, absent });
  }

  /** Changes the messages and the info as an event says. */
  evolve(event: RoomEvent): void {
    switch (event.type) {
      case 'roomInfoSet':
        this.#info = event.info;
        return;
      case 'message':
        this.#messageId = event.messageId;
        // A public chat message and a broadcast are the same thing in the two client APIs (CHAT-1).
        if (event.kind === 'chat' || event.kind === 'broadcast') this.chat.add(messageOf(event));
        return;
      case 'messageChanged':
        if (event.change === 'deleted') this.chat.delete(event.message.messageId);
        else this.chat.replace(event.message);
    }
  }

  /** @throws `message.not-found`, also for a message that the member may not read, so as not to reveal its existence */
  change(draft: RoomDraft, { messageId, to }: CommandOf<'changeMessage'>, member: MemberInfo): void {
    const message = this.chat.get(messageId);
    if (!message || !mayRead(member, message)) throw new GavelError('message.not-found');
    const { change, now } = changedMessage(message, to, member, draft.facts.nowMs);
    if (now === message) return;
    if (change === 'pinned' && this.chat.pinnedCount >= MAX_PINNED_MESSAGES) {
      throw new GavelError('message.too-many-pins');
    }
    draft.emit({ type: 'messageChanged', change, message: now });
  }
}

const messageOf = ({ messageId, from, text, content, to, atMs }: RoomEventOf<'message'>): ChatMessage => ({
  messageId,
  from,
  text,
  ...(content && { content }),
  ...(to && { to }),
  sentAtMs: atMs,
});
