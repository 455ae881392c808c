/**
 * What the subscribers of a stream at one worker take of its video.
 *
 * @module
 */

import { NO_LAYER } from '../../forwarding/forwarder.ts';
import { MAX_LAYERS } from '../../sdp/simulcast.ts';

/** How long a publisher may take to switch on a layer that is demanded again, in milliseconds. */
const RETURN_MS = 5_000;

/** Counts the subscribers of each layer (BWE-4). Changes cost the same for any number of subscribers. */
export class LayerDemand {
  readonly #now: () => number;
  readonly #handleChange: (highest: number, maxBps: number | undefined) => void;
  readonly #counts = new Uint32Array(MAX_LAYERS);
  #highest = NO_LAYER;
  #maxBps: number | undefined;
  #raisedAtMs = Number.NEGATIVE_INFINITY;

  /** @param handleChange called when the highest layer that is taken, or the limit, has changed */
  constructor(now: () => number, handleChange: (highest: number, maxBps: number | undefined) => void) {
    this.#now = now;
    this.#handleChange = handleChange;
  }

  /** The highest layer that a subscriber takes; `NO_LAYER` if nobody takes video. */
  get highest(): number {
    return this.#highest;
  }

  /** Records that one subscriber takes another layer than before; `NO_LAYER` stands for none. */
  move(from: number, to: number): void {
    if (from === to) return;
    if (to !== NO_LAYER) this.#counts[to] = (this.#counts[to] as number) + 1;
    if (from !== NO_LAYER) this.#counts[from] = (this.#counts[from] as number) - 1;
    const highest = this.#counts.findLastIndex((count) => count > 0);
    if (highest === this.#highest) return;
    if (highest > this.#highest) this.#raisedAtMs = this.#now();
    this.#highest = highest;
    if (highest === NO_LAYER) this.#maxBps = undefined;
    this.#handleChange(highest, this.#maxBps);
  }

  /** Sets the bits per second that the only subscriber can take; undefined: no limit. */
  limit(maxBps: number | undefined): void {
    if (maxBps === this.#maxBps || (this.#highest === NO_LAYER && maxBps !== undefined)) return;
    this.#maxBps = maxBps;
    this.#handleChange(this.#highest, maxBps);
  }

  /**
   * Whether a layer without packets is to be expected with its former rate: it was switched off for want of demand, or is
   * demanded again and about to return. Otherwise its publisher has nothing to send.
   */
  isExpected(layer: number, nowMs: number): boolean {
    return layer > this.#highest || nowMs - this.#raisedAtMs < RETURN_MS;
  }
}
