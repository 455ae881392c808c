/**
 * Exponential backoff between attempts.
 *
 * @module
 */

/** The parameters of an exponential backoff, all times in milliseconds. */
export interface BackoffShape {
  /** Upper bound of the first delay; the delay is random from 0 up, so that many clients do not reconnect at once. */
  readonly firstMs: number;
  /** Upper bound of the second delay; it doubles with each further attempt. */
  readonly stepMs: number;
  readonly maxMs: number;
}

/** Delays between attempts to connect: at most 0.5 s first, then 1 s growing to 32 s (reference zego 4.8). */
export const RECONNECT_BACKOFF: BackoffShape = { firstMs: 500, stepMs: 1000, maxMs: 32_000 };
/** Delays between attempts to negotiate media. */
export const MEDIA_BACKOFF: BackoffShape = { firstMs: 100, stepMs: 500, maxMs: 8_000 };

/** Counts attempts and returns the delay before each; from the second on it is random between half and all of the step. */
export class Backoff {
  readonly #shape: BackoffShape;
  readonly #random: () => number;
  #attempts = 0;

  constructor(shape: BackoffShape, random: () => number) {
    this.#shape = shape;
    this.#random = random;
  }

  /** Counts an attempt and returns the delay before it, in milliseconds. */
  next(): number {
    this.#attempts += 1;
    if (this.#attempts === 1) return this.#random() * this.#shape.firstMs;
    const step = Math.min(this.#shape.maxMs, this.#shape.stepMs * 2 ** Math.min(this.#attempts - 2, 30));
    return step * (0.5 + this.#random() / 2);
  }

  /** Resets the count of attempts after a success. */
  reset(): void {
    this.#attempts = 0;
  }
}
