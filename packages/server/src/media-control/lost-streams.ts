/**
 * Live streams without media, and a timeout for each of them.
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';

/** Calls a handler for each stream that has had no media for the timeout (MED-5). */
export class LostStreams {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #cancel = new Map<PublishId, () => void>();

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Starts the timeout of a stream whose media was lost. Does not restart a timeout that is running. */
  add(publishId: PublishId, onTimeout: () => void): void {
    if (this.#cancel.has(publishId)) return;
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#cancel.delete(publishId);
      onTimeout();
    });
    this.#cancel.set(publishId, cancel);
  }

  /** Cancels the timeout, because the stream has media again or was removed. */
  remove(publishId: PublishId): void {
    this.#cancel.get(publishId)?.();
    this.#cancel.delete(publishId);
  }
}
