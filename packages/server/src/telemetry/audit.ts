/**
 * The audit log: one line for each moderation act, with the caller, the target and the reason.
 *
 * @module
 */

import { roomKeyText } from '@gavel/protocol';
import type { EventBatch, EventSink } from '../owner/rooms.ts';
import type { PolicyBatch, PolicySink } from '../policy/commands.ts';
import type { RoomEvent, RoomEventOf } from '../rooms/events.ts';
import type { Logger } from './log.ts';

type Entry = Readonly<Record<string, unknown>> & { readonly act: string };

function entryOf(event: RoomEvent): Entry | undefined {
  if (event.type === 'memberLeft' && (event.cause === 'kicked' || event.cause === 'room-closed')) {
    const { member, cause, reason } = event;
    return { act: cause, userId: member.user.id, memberId: member.memberId, reason };
  }
  if (event.type === 'streamRemoved' && event.cause === 'deleted') {
    return { act: 'stream-deleted', streamId: event.stream.streamId, userId: event.stream.user.id };
  }
  if (event.type === 'roomClosed' && event.cause === 'room-closed') return { act: 'room-ended', reason: event.reason };
  if (event.type === 'waitingAccepted' || event.type === 'waitingRemoved') return waitingEntryOf(event);
  return undefined;
}

/** Who was accepted, rejected or admitted after waiting. */
function waitingEntryOf(event: RoomEventOf<'waitingAccepted' | 'waitingRemoved'>): Entry | undefined {
  const { user, memberId } = event.waiting;
  const who = { userId: user.id, memberId };
  if (event.type === 'waitingAccepted') return { act: 'waiting-accepted', ...who };
  const { end } = event;
  if (end.kind === 'left') return undefined;
  const why = end.kind === 'removed' && { cause: end.cause, reason: end.reason };
  return { act: `waiting-${end.kind}`, ...who, ...why };
}

/** Writes moderation acts to the log with `audit: true` and the request id that the caller received. */
export class AuditLog implements EventSink, PolicySink {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log.child({ audit: true });
  }

  handle({ key, epoch, origin, events }: EventBatch): void {
    if (!this.#log.isLevelEnabled('info')) return;
    for (const event of events) {
      const entry = entryOf(event);
      if (entry) this.#log.info({ room: roomKeyText(key), epoch, ...origin, ...entry }, entry.act);
    }
  }

  /** Logs the rules that were set and lifted. */
  handlePolicy({ origin, events }: PolicyBatch): void {
    for (const { type, rule } of events) {
      const act = type === 'ruleSet' ? 'rule-set' : 'rule-lifted';
      this.#log.info({ ...origin, act, rule }, act);
    }
  }
}
