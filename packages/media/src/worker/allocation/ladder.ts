/**
 * The qualities in which a video can be sent.
 *
 * @module
 */

import { ALL_TEMPORAL_LAYERS, type Step } from './allocate.ts';

/** The rate of one layer. */
export interface LayerRate {
  /** Bits per second that are to be expected of it. */
  readonly bps: number;
  /**
   * The share of the rate that its temporal layers up to each one take, from 0 to 1; the last is 1. One entry for a layer
   * without temporal layers.
   */
  readonly shares: readonly number[];
}

/**
 * Lists the steps of a video, from the lowest. The temporal layers are half steps: all of them below the lowest layer, and
 * only half the frames of the higher layers, which would stutter with less.
 *
 * @param layers the layers that are of use to the subscriber, from the lowest
 */
export function createLadder(layers: readonly LayerRate[]): Step[] {
  const steps: Step[] = [];
  let lowestBps = 0;
  for (const [layer, { bps, shares }] of layers.entries()) {
    const last = shares.length - 1;
    const first = layer === 0 ? 0 : Math.max(0, last - 1);
    for (let temporalLayer = first; temporalLayer <= last; temporalLayer += 1) {
      // A better picture may happen to take less at the moment; that is no reason to send the worse one.
      lowestBps = Math.max(lowestBps, bps * (shares[temporalLayer] ?? 1));
      steps.push({
        layer,
        temporalLayer: temporalLayer === last ? ALL_TEMPORAL_LAYERS : temporalLayer,
        bps: lowestBps,
      });
    }
  }
  return steps;
}
