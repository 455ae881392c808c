/**
 * How long to wait before the next try.
 *
 * @module
 */

/** The shape of a backoff; all times in milliseconds. */
export interface BackoffShape {
  /** The first wait lies between 0 and this: quick, but a thousand clients do not come at the same moment. */
  readonly firstMs: number;
  /** The second wait's upper end; it doubles from there. */
  readonly stepMs: number;
  readonly maxMs: number;
}

/** The wait between tries to connect: at once, then 1 s growing to 32 s (reference zego 4.8). */
export const RECONNECT_BACKOFF: BackoffShape = { firstMs: 500, stepMs: 1000, maxMs: 32_000 };
/** The wait between tries to negotiate media. */
export const MEDIA_BACKOFF: BackoffShape = { firstMs: 100, stepMs: 500, maxMs: 8_000 };

/** Counts tries, and gives the wait before each: the upper half of its step is random. */
export class Backoff {
  readonly #shape: BackoffShape;
  readonly #random: () => number;
  #tries = 0;

  constructor(shape: BackoffShape, random: () => number) {
    this.#shape = shape;
    this.#random = random;
  }

  /** Counts a try and gives the wait before it, in milliseconds. */
  next(): number {
    this.#tries += 1;
    if (this.#tries === 1) return this.#random() * this.#shape.firstMs;
    const step = Math.min(this.#shape.maxMs, this.#shape.stepMs * 2 ** Math.min(this.#tries - 2, 30));
    return step * (0.5 + this.#random() / 2);
  }

  /** Begins anew, after a success. */
  reset(): void {
    this.#tries = 0;
  }
}
