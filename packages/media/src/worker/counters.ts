/**
 * Counters of one peer.
 *
 * @module
 */

import type { TransportCounters } from '../engine.ts';

/** The mutable counters of one publisher or player. */
export interface MutableCounters extends TransportCounters {
  packets: number;
  bytes: number;
  lost: number;
  retransmitted: number;
  keyframeRequests: number;
  lastPacketAtMs: number;
}

/** Creates counters at zero. */
export function createCounters(): MutableCounters {
  return { packets: 0, bytes: 0, lost: 0, retransmitted: 0, keyframeRequests: 0, lastPacketAtMs: 0 };
}
