/**
 * Compares the received callbacks of a room with what a room of one life sends: numbers without gaps, and nothing is missing of
 * what clients were answered.
 *
 * @module
 */

import type { ReceivedCallback } from '@gavel/testkit';
import type { Seat } from './room-load.ts';

/** What is wrong. */
export interface CallbackFaults {
  /** What has not come yet. */
  readonly missing: readonly string[];
  /** What must not be. */
  readonly faults: readonly string[];
}

/** Examines the callbacks of one room, repeats under one id counted once. */
export function findCallbackFaults(
  received: readonly ReceivedCallback[],
  roomId: string,
  seats: readonly Seat[],
): CallbackFaults {
  const ofRoom = new Map<string, ReceivedCallback>();
  const faults: string[] = [];
  for (const callback of received) {
    if (callback.body.room_id !== roomId) continue;
    const id = String(callback.headers['webhook-id']);
    const known = ofRoom.get(id);
    if (known && known.raw !== callback.raw) faults.push(`${roomId}: the id ${id} has two bodies`);
    if (!known) ofRoom.set(id, callback);
  }
  const missing: string[] = [];
  const callbacks = [...ofRoom.values()];
  const events = callbacks.map(({ body }) => String(body.event));
  // All rounds keep their rooms alive to the end: each has one life.
  if (events.at(-1) !== 'room_close') missing.push(`${roomId}: room_close is not the last one`);
  if (events.indexOf('room_create') !== 0) faults.push(`${roomId}: the first one is ${events[0]}`);
  if (events.lastIndexOf('room_create') !== 0) faults.push(`${roomId}: it was created twice`);
  faults.push(...findGaps(roomId, callbacks, 'user_update_seq'));
  faults.push(...findGaps(roomId, callbacks, 'stream_seq'));
  const loggedIn = new Set(
    callbacks.flatMap(({ body }) => (body.event === 'room_login' ? String(body.user_account) : [])),
  );
  for (const { userId } of seats) if (!loggedIn.has(userId)) missing.push(`${roomId}: the login of ${userId}`);
  return { missing, faults };
}

function findGaps(life: string, callbacks: readonly ReceivedCallback[], field: string): string[] {
  const numbered = callbacks.filter(({ body }) => body[field] !== undefined);
  return numbered.flatMap(({ body }, index) => {
    const before = Number(numbered[index - 1]?.body[field] ?? 0);
    const isNext = Number(body[field]) === before + 1;
    return isNext ? [] : `${life}: ${String(body.event)} has ${field} ${String(body[field])} after ${before}`;
  });
}
