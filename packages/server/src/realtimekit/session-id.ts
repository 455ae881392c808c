/**
 * Session ids: a room's epoch as a UUID, and the reverse.
 *
 * A session is one life of a meeting's room, so its id is derived from that life's epoch and needs no store. The other
 * bits are derived from the meeting's id: sessions of different meetings never share an id, even with equal epochs.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { Epoch } from '@gavel/protocol';

/**
 * Returns the session id of one life of a meeting's room: a UUID of version 8. Its first 16 free hex digits are the
 * epoch, so ids sort by time; the last 14 are a hash of the meeting's id.
 */
export function sessionIdOf(epoch: Epoch, meetingId: string): string {
  const life = BigInt(epoch).toString(16).padStart(16, '0');
  const meeting = createHash('sha256').update(meetingId).digest('hex');
  return [
    life.slice(0, 8),
    life.slice(8, 12),
    `8${life.slice(12, 15)}`,
    `8${life.slice(15)}${meeting.slice(0, 2)}`,
    meeting.slice(2, 14),
  ].join('-');
}

/** Returns the epoch in a session id, or undefined if the id does not have this format. */
export function epochOfSessionId(sessionId: string): Epoch | undefined {
  const parts = /^([0-9a-f]{8})-([0-9a-f]{4})-8([0-9a-f]{3})-8([0-9a-f])[0-9a-f]{2}-[0-9a-f]{12}$/.exec(sessionId);
  return parts ? (String(BigInt(`0x${parts.slice(1).join('')}`)) as Epoch) : undefined;
}
