/**
 * Who may change what was said, and what becomes of it (CHAT-5, CHAT-6).
 *
 * @module
 */

import { GavelError, type MessageChange } from '@gavel/protocol';
import type { ChatMessage } from './chat-history.ts';
import type { NewMessage } from './commands.ts';
import type { RoomEvent } from './events.ts';
import type { MemberInfo } from './member.ts';

/** A message with what happened to it; the same object where nothing has. */
interface Changed {
  readonly change: MessageChange;
  readonly now: ChatMessage;
}

/** Gives a message as a member wants it to be. @throws `member.not-allowed` where it may not */
export function changedMessage(message: ChatMessage, to: NewMessage, member: MemberInfo, nowMs: number): Changed {
  if (!mayChange(message, to.action, member)) throw new GavelError('member.not-allowed');
  switch (to.action) {
    case 'edit': {
      const isSame = message.text === to.text;
      return { change: 'edited', now: isSame ? message : { ...message, text: to.text, editedAtMs: nowMs } };
    }
    case 'delete':
      return { change: 'deleted', now: { ...message, text: '' } };
    case 'pin':
      return { change: 'pinned', now: message.pinned ? message : { ...message, pinned: true } };
    case 'unpin': {
      const { pinned, ...unpinned } = message;
      return { change: 'unpinned', now: pinned ? unpinned : message };
    }
  }
}

/** Whoever may not say it any more may not say it by an edit either, but may take back what it said. */
function mayChange(
  { from, to }: ChatMessage,
  action: NewMessage['action'],
  { user, permissions }: MemberInfo,
): boolean {
  const { sendPublic = true, sendPrivate = true } = permissions.chat ?? {};
  const isOwn = from.id === user.id;
  switch (action) {
    case 'edit':
      return isOwn && (to ? sendPrivate : sendPublic);
    case 'delete':
      return isOwn;
    case 'pin':
    case 'unpin':
      return to === undefined && sendPublic;
  }
}

/** Leaves the messages out that were deleted later: who missed them is not told any more what they said (CHAT-5). */
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
