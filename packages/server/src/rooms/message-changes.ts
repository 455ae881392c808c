/**
 * Changes of chat messages: permissions and results (CHAT-5, CHAT-6).
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import { GavelError, type MessageChange } from '@gavel/protocol';
import type { ChatMessage } from './chat-history.ts';
import type { NewMessage } from './commands.ts';
import type { RoomEvent } from './events.ts';
import { type MemberInfo, maySend, partsOf } from './member.ts';

const NO_PARTS = { hasText: false, hasFiles: false };

/** The result of a change: the new message, or the same object if nothing has changed. */
interface Changed {
  readonly change: MessageChange;
  readonly now: ChatMessage;
}

/** Applies a member's change to a message. @throws `member.not-allowed` if the member lacks the permission */
export function changedMessage(message: ChatMessage, to: NewMessage, member: MemberInfo, nowMs: number): Changed {
  if (!mayChange(message, to, member)) throw new GavelError('member.not-allowed');
  switch (to.action) {
    case 'edit': {
      const { content: before, ...rest } = message;
      const { text, content } = to;
      const isSame = message.text === text && isDeepStrictEqual(before, content);
      return {
        change: 'edited',
        now: isSame ? message : { ...rest, text, ...(content && { content }), editedAtMs: nowMs },
      };
    }
    case 'delete': {
      const { content: _content, ...rest } = message;
      return { change: 'deleted', now: { ...rest, text: '' } };
    }
    case 'pin':
      return { change: 'pinned', now: message.pinned ? message : { ...message, pinned: true } };
    case 'unpin': {
      const { pinned, ...unpinned } = message;
      return { change: 'unpinned', now: pinned ? unpinned : message };
    }
  }
}

/** A member that may no longer send messages may not edit its messages either, but it may delete them. */
function mayChange({ from, to }: ChatMessage, change: NewMessage, { user, permissions }: MemberInfo): boolean {
  const isOwn = from.id === user.id;
  switch (change.action) {
    case 'edit':
      return isOwn && maySend(permissions, to !== undefined, partsOf(change.content));
    case 'delete':
      return isOwn;
    case 'pin':
    case 'unpin':
      return to === undefined && maySend(permissions, false, NO_PARTS);
  }
}

/** Removes events of messages that were deleted later, so that a resuming client does not get their text (CHAT-5). */
export function withoutDeleted(events: readonly RoomEvent[]): readonly RoomEvent[] {
  const deleted = new Set(
    events.flatMap((event) =>
      event.type === 'messageChanged' && event.change === 'deleted' ? [event.message.messageId] : [],
    ),
  );
  if (deleted.size === 0) return events;
  return events.filter((event) => {
    if (event.type === 'message') return !deleted.has(event.messageId);
    return event.type !== 'messageChanged' || event.change === 'deleted' || !deleted.has(event.message.messageId);
  });
}
