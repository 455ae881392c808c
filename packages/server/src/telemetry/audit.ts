/**
 * The audit log: who had whom put out, or what removed, and why; one line each.
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

/** Writes moderation to the log, under `audit: true`, with the request id that the caller was answered. */
export class AuditLog implements EventSink, WaitingWatcher {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log.child({ audit: true });
  }

  handle({ key, epoch, origin, events }: EventBatch): void {
    for (const event of events) {
      const entry = entryOf(event);
      if (entry) this.#log.info({ room: roomKeyText(key), epoch: String(epoch), ...origin, ...entry }, entry.act);
    }
  }

  /** Who was let in or turned away after a wait, and by whom. */
  handleWaiting({ key, waiting, end, origin }: WaitingChange): void {
    if (!end || end.kind === 'left') return;
    const { user, memberId } = waiting;
    const why = end.kind === 'removed' && { cause: end.cause, reason: end.reason };
    const entry = { act: `waiting-${end.kind}`, userId: user.id, memberId, ...why };
    this.#log.info({ room: roomKeyText(key), ...origin, ...entry }, entry.act);
  }
}
