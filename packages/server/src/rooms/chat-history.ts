/**
 * What was said in one life of a room: the last of it, in memory (CHAT-4).
 *
 * @module
 */

import type { UserId } from '@gavel/protocol';
import type { MemberInfo, User } from './member.ts';

/** Something that was said. */
export interface ChatMessage {
  readonly messageId: number;
  readonly from: User;
  readonly text: string;
  /** Only for these users and its sender; undefined is everybody. */
  readonly to?: readonly UserId[];
  readonly sentAtMs: number;
  readonly editedAtMs?: number;
  readonly pinned?: true;
}

/** Which messages are asked for. */
export interface ChatQuery {
  /** The private ones between the reader and this user; undefined is the public ones. */
  readonly withUserId?: UserId;
  readonly direction: 'before' | 'after';
  /** Messages of this very time are not among them; undefined is from the newest back, or from the oldest on. */
  readonly timeMs?: number;
  readonly limit: number;
  readonly isPinned?: boolean;
}

/** How many messages of a room are kept; one that is pinned is kept as long as it is. */
export const KEPT_CHAT_MESSAGES = 500;
/** How many may be pinned at a time (CHAT-6). */
export const MAX_PINNED_MESSAGES = 50;

/** Tells whether a member is told of something said: whoever said it is, on all of its connections (CHAT-1, CHAT-2). */
export function mayRead({ user, permissions }: MemberInfo, { from, to }: Pick<ChatMessage, 'from' | 'to'>): boolean {
  if (to === undefined || from.id === user.id) return true;
  return to.includes(user.id) && (permissions.chat?.receivePrivate ?? true);
}

/** Keeps the last messages of a room. */
export class ChatHistory {
  /** By id, and in the order of their ids. */
  readonly #kept = new Map<number, ChatMessage>();
  #pinnedCount = 0;

  /** How many messages are pinned. */
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

  /** Finds a message that is kept. */
  get(messageId: number): ChatMessage | undefined {
    return this.#kept.get(messageId);
  }

  /** Puts a message in the place of its former self. */
  replace(message: ChatMessage): void {
    this.#count(this.#kept.get(message.messageId), message);
    this.#kept.set(message.messageId, message);
  }

  delete(message: ChatMessage): void {
    this.#count(message, undefined);
    this.#kept.delete(message.messageId);
  }

  #count(before: ChatMessage | undefined, after: ChatMessage | undefined): void {
    this.#pinnedCount += Number(after?.pinned ?? false) - Number(before?.pinned ?? false);
  }

  /** Finds messages that a member may read, oldest first: of more than `limit`, those nearest to the time asked for. */
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
