/**
 * The chat history of one life of a room: its latest messages, in memory (CHAT-4).
 *
 * @module
 */

import type { UserId, WireContent } from '@gavel/protocol';
import type { MemberInfo, User } from './member.ts';

/** A chat message. */
export interface ChatMessage {
  readonly messageId: number;
  readonly from: User;
  readonly text: string;
  readonly content?: WireContent;
  /** Only these users and the sender may read it; undefined: everybody may. */
  readonly to?: readonly UserId[];
  readonly sentAtMs: number;
  readonly editedAtMs?: number;
  readonly pinned?: true;
}

/** A query for messages. */
export interface ChatQuery {
  /** Selects the private messages between the reader and this user; undefined selects the public messages. */
  readonly withUserId?: UserId;
  readonly direction: 'before' | 'after';
  /** Exclusive bound; undefined: backwards from the newest message, or forwards from the oldest. */
  readonly timeMs?: number;
  readonly limit: number;
  readonly isPinned?: boolean;
}

/** Maximum number of messages kept per room. Pinned messages are not evicted. */
export const KEPT_CHAT_MESSAGES = 500;
/** Maximum number of pinned messages per room (CHAT-6). */
export const MAX_PINNED_MESSAGES = 50;

/** Returns whether a member may read a message. The sender may, on all of its connections (CHAT-1, CHAT-2). */
export function mayRead({ user, permissions }: MemberInfo, { from, to }: Pick<ChatMessage, 'from' | 'to'>): boolean {
  if (to === undefined || from.id === user.id) return true;
  return to.includes(user.id) && (permissions.chat?.receivePrivate ?? true);
}

/** Stores the latest messages of a room. */
export class ChatHistory {
  /** By message id, in ascending order. */
  readonly #kept = new Map<number, ChatMessage>();
  #pinnedCount = 0;

  /** Returns every stored message, oldest first. */
  all(): readonly ChatMessage[] {
    return [...this.#kept.values()];
  }

  /** Number of pinned messages. */
  get pinnedCount(): number {
    return this.#pinnedCount;
  }

  add(message: ChatMessage): void {
    this.#kept.set(message.messageId, message);
    if (this.#kept.size <= KEPT_CHAT_MESSAGES) return;
    for (const { messageId, pinned } of this.#kept.values()) {
      if (pinned) continue;
      this.#kept.delete(messageId);
      return;
    }
  }

  /** Returns a stored message. */
  get(messageId: number): ChatMessage | undefined {
    return this.#kept.get(messageId);
  }

  /** Replaces a message by its new version. */
  replace(message: ChatMessage): void {
    this.#count(this.#kept.get(message.messageId), message);
    this.#kept.set(message.messageId, message);
  }

  delete(messageId: number): void {
    this.#count(this.#kept.get(messageId), undefined);
    this.#kept.delete(messageId);
  }

  #count(before: ChatMessage | undefined, after: ChatMessage | undefined): void {
    this.#pinnedCount += Number(after?.pinned ?? false) - Number(before?.pinned ?? false);
  }

  /** Returns messages that a member may read, oldest first; if there are more than `limit`, those nearest the bound. */
  find(reader: MemberInfo, query: ChatQuery): readonly ChatMessage[] {
    const { withUserId, direction, timeMs, limit, isPinned = false } = query;
    const isWanted = (message: ChatMessage): boolean => {
      if (!mayRead(reader, message) || (isPinned && !message.pinned)) return false;
      if (timeMs !== undefined && direction === 'before' && message.sentAtMs >= timeMs) return false;
      if (timeMs !== undefined && direction === 'after' && message.sentAtMs <= timeMs) return false;
      if (withUserId === undefined) return message.to === undefined;
      return message.from.id === withUserId
        ? (message.to?.includes(reader.user.id) ?? false)
        : message.from.id === reader.user.id && (message.to?.includes(withUserId) ?? false);
    };
    const found = [...this.#kept.values()].filter(isWanted);
    return direction === 'before' ? found.slice(-limit) : found.slice(0, limit);
  }
}
