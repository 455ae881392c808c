/**
 * Live streams that have no media now, with the time they have left.
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';

/** Calls back for each stream that stays without media for too long (MED-5). */
export class LostStreams {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onTimeout: (publishId: PublishId) => void;
  readonly #cancel = new Map<PublishId, () => void>();

  constructor(clock: Clock, timeoutMs: number, onTimeout: (publishId: PublishId) => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onTimeout = onTimeout;
  }

  /** The stream has no media from now on; a loss that is known already does not lengthen the time. */
  add(publishId: PublishId): void {
    if (this.#cancel.has(publishId)) return;
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#cancel.delete(publishId);
      this.#onTimeout(publishId);
    });
    this.#cancel.set(publishId, cancel);
  }

  /** The stream has media again, or is gone. */
  remove(publishId: PublishId): void {
    this.#cancel.get(publishId)?.();
    this.#cancel.delete(publishId);
  }
}
