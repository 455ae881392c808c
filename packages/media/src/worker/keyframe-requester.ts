/**
 * Merges the keyframe requests of all subscribers to a layer into one request to the publisher (MED-2).
 *
 * @module
 */

/** Minimum interval between two keyframe requests, in milliseconds. */
export const KEYFRAME_INTERVAL_MS = 400;

/** Sends a request at once if the minimum interval has passed, and otherwise delays it until then. */
export class KeyframeRequester {
  readonly #send: () => boolean;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #isPending = false;

  /** @param send sends a request; returns `false` if it could not be sent yet, so that it stays pending */
  constructor(send: () => boolean) {
    this.#send = send;
  }

  /** Whether a request could not be sent yet. */
  get isPending(): boolean {
    return this.#isPending;
  }

  request(nowMs: number): void {
    this.#isPending = true;
    this.tick(nowMs);
  }

  /** Must be called every few milliseconds: sends a pending request that is due. */
  tick(nowMs: number): void {
    if (!this.#isPending || nowMs - this.#sentAtMs < KEYFRAME_INTERVAL_MS) return;
    if (!this.#send()) return;
    this.#isPending = false;
    this.#sentAtMs = nowMs;
  }
}
