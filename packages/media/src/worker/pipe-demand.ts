/**
 * Which layers of a video another worker is sent.
 *
 * @module
 */

import { LINGER_MS } from '../demand-sum.ts';
import { MAX_LAYERS } from '../sdp/simulcast.ts';

/**
 * The layers up to the highest one that the other worker's subscribers take (BWE-4). At its beginning a pipe carries all of them, so that
 * their rates and sizes are known there, and a layer goes on for 2 s after its last subscriber has left it.
 */
export class PipeDemand {
  #highest: number;
  readonly #lingersUntilMs = new Float64Array(MAX_LAYERS);
  /** By layer: 1 if packets were left out since the last one that was sent. */
  readonly #interrupted = new Uint8Array(MAX_LAYERS);

  /** @param highest the highest layer that is taken; `NO_LAYER` for none */
  constructor(highest: number, nowMs: number) {
    this.#highest = highest;
    this.#lingersUntilMs.fill(nowMs + LINGER_MS);
  }

  /** Sets the highest layer that is taken; `NO_LAYER` for none. */
  limit(highest: number, nowMs: number): void {
    for (let layer = highest + 1; layer <= this.#highest; layer += 1) this.#lingersUntilMs[layer] = nowMs + LINGER_MS;
    this.#highest = highest;
  }

  /** Whether the packets of a layer are sent now. */
  carries(layer: number, nowMs: number): boolean {
    return layer <= this.#highest || nowMs < (this.#lingersUntilMs[layer] as number);
  }

  /** Whether packets of a layer were left out since the last one that was sent. */
  isInterrupted(layer: number): boolean {
    return this.#interrupted[layer] === 1;
  }

  /** Records that a packet of a layer is left out, or is sent. */
  record(layer: number, isSent: boolean): void {
    this.#interrupted[layer] = isSent ? 0 : 1;
  }
}
