/**
 * Packet counters.
 *
 * @module
 */

import type { PacketCounters } from '../engine.ts';

/** Counters that are written while packets are received or sent. */
export interface MutableCounters extends PacketCounters {
  packets: number;
  bytes: number;
  lost: number;
  retransmitted: number;
  keyframeRequests: number;
  lastPacketAtMs: number;
}

/** The packets of all peers of a worker, by direction. */
export interface MutablePacketTotals {
  readonly received: MutableCounters;
  readonly sent: MutableCounters;
}

/** Creates counters at zero. */
export function createCounters(): MutableCounters {
  return { packets: 0, bytes: 0, lost: 0, retransmitted: 0, keyframeRequests: 0, lastPacketAtMs: 0 };
}

/** Adds counters up into new ones; the time of the last packet is the latest. */
export function sumCounters(counters: Iterable<PacketCounters>): MutableCounters {
  const sum = createCounters();
  for (const entry of counters) addCounters(sum, entry);
  return sum;
}

/** Adds counters to others. */
export function addCounters(sum: MutableCounters, added: PacketCounters): void {
  sum.packets += added.packets;
  sum.bytes += added.bytes;
  sum.lost += added.lost;
  sum.retransmitted += added.retransmitted;
  sum.keyframeRequests += added.keyframeRequests;
  sum.lastPacketAtMs = Math.max(sum.lastPacketAtMs, added.lastPacketAtMs);
}
