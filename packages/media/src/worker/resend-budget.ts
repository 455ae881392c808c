/**
 * Bounds what is sent again to one subscriber, whatever it requests.
 *
 * @module
 */

const WINDOW_MS = 1_000;
/** Bytes that may be sent again in a window even if little was sent. */
const MIN_BYTES = 50_000;

/** Permits as many bytes of retransmissions as there were bytes of media in the last one to two seconds. */
export class ResendBudget {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #sentBytes = 0;
  #sentBytesBefore = 0;
  #resentBytes = 0;

  /** Records a packet that is sent for the first time. */
  recordSent(bytes: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#sentBytes += bytes;
  }

  /** Returns whether a packet may be sent again now; if so, records it. */
  permit(bytes: number, nowMs: number): boolean {
    this.#advance(nowMs);
    if (this.#resentBytes + bytes > Math.max(MIN_BYTES, this.#sentBytes + this.#sentBytesBefore)) return false;
    this.#resentBytes += bytes;
    return true;
  }

  #advance(nowMs: number): void {
    const elapsedMs = nowMs - this.#windowStartMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#windowStartMs = nowMs;
    this.#sentBytesBefore = elapsedMs < 2 * WINDOW_MS ? this.#sentBytes : 0;
    this.#sentBytes = 0;
    this.#resentBytes = 0;
  }
}
