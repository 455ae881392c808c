/**
 * The audit log: one line for each moderation act, with the caller, the target and the reason.
 *
 * @module
 */

import { roomKeyText } from '@gavel/protocol';
import type { RoomEvent } from '../rooms/events.ts';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import type { WaitingChange, WaitingWatcher } from '../rooms/waiting.ts';
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
  return undefined;
}

/** Writes moderation acts to the log with `audit: true` and the request id that the caller received. */
export class AuditLog implements EventSink, WaitingWatcher {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log.child({ audit: true });
  }

  handle({ key, epoch, origin, events }: EventBatch): void {
    for (const event of events) {
      const entry = entryOf(event);
      if (entry) this.#log.info({ room: roomKeyText(key), epoch, ...origin, ...entry }, entry.act);
    }
  }

  /** Logs who was admitted or rejected after waiting, and by whom. */
  handleWaiting({ key, waiting, end, origin }: WaitingChange): void {
    if (!end || end.kind === 'left') return;
    const { user, memberId } = waiting;
    const why = end.kind === 'removed' && { cause: end.cause, reason: end.reason };
    const entry = { act: `waiting-${end.kind}`, userId: user.id, memberId, ...why };
    this.#log.info({ room: roomKeyText(key), ...origin, ...entry }, entry.act);
  }
}
