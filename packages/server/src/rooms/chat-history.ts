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
}

/** Which messages are asked for. */
export interface ChatQuery {
  /** The private ones between the reader and this user; undefined is the public ones. */
  readonly withUserId?: UserId;
  readonly direction: 'before' | 'after';
  /** Messages of this very time are not among them; undefined is from the newest back, or from the oldest on. */
  readonly timeMs?: number;
  readonly limit: number;
}

/** How many messages of a room are kept. */
export const KEPT_CHAT_MESSAGES = 500;

/** Tells whether a member is told of something said: whoever said it is, on all of its connections (CHAT-1, CHAT-2). */
export function mayRead({ user, permissions }: MemberInfo, { from, to }: Pick<ChatMessage, 'from' | 'to'>): boolean {
  if (to === undefined || from.id === user.id) return true;
  return to.includes(user.id) && (permissions.chat?.receivePrivate ?? true);
}

/** Keeps the last messages of a room. */
export class ChatHistory {
  readonly #kept: ChatMessage[] = [];

  add(message: ChatMessage): void {
    this.#kept.push(message);
    if (this.#kept.length > KEPT_CHAT_MESSAGES) this.#kept.shift();
  }

  /** Finds messages that a member may read, oldest first: of more than `limit`, those nearest to the time asked for. */
  find(reader: MemberInfo, { withUserId, direction, timeMs, limit }: ChatQuery): readonly ChatMessage[] {
    const isWanted = (message: ChatMessage): boolean => {
      if (!mayRead(reader, message)) return false;
      if (timeMs !== undefined && direction === 'before' && message.sentAtMs >= timeMs) return false;
      if (timeMs !== undefined && direction === 'after' && message.sentAtMs <= timeMs) return false;
      if (withUserId === undefined) return message.to === undefined;
      return message.from.id === withUserId
        ? (message.to?.includes(reader.user.id) ?? false)
        : message.from.id === reader.user.id && (message.to?.includes(withUserId) ?? false);
    };
    const found = this.#kept.filter(isWanted);
    return direction === 'before' ? found.slice(-limit) : found.slice(0, limit);
  }
}
