/**
 * One keyframe request upstream serves all players of a stream (MED-2).
 *
 * @module
 */

/** The shortest time between two keyframe requests, in milliseconds. */
export const keyframeIntervalMs = 400;

/** Lets a request through at once when the last is long enough ago, and otherwise keeps it until it is. */
export class KeyframeRequester {
  readonly #send: () => boolean;
  #sentAtMs = Number.NEGATIVE_INFINITY;
  #isPending = false;

  /** @param send sends a request; `false` when it could not be sent yet, which keeps it pending */
  constructor(send: () => boolean) {
    this.#send = send;
  }

  request(nowMs: number): void {
    this.#isPending = true;
    this.tick(nowMs);
  }

  /** To be called every few milliseconds: sends what is pending and due. */
  tick(nowMs: number): void {
    if (!this.#isPending || nowMs - this.#sentAtMs < keyframeIntervalMs) return;
    if (!this.#send()) return;
    this.#isPending = false;
    this.#sentAtMs = nowMs;
  }
}
