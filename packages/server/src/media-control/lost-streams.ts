/**
 * Streams that have no media now, with the time they have left.
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';

/** Calls back for each stream that stays without media for too long (MED-5). */
export class LostStreams {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onOver: (publishId: PublishId) => void;
  readonly #cancel = new Map<PublishId, () => void>();

  constructor(clock: Clock, timeoutMs: number, onOver: (publishId: PublishId) => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onOver = onOver;
  }

  /** A stream has no media from now on; noting it again starts no new time. */
  note(publishId: PublishId): void {
    if (this.#cancel.has(publishId)) return;
    const cancel = this.#clock.after(this.#timeoutMs, () => {
      this.#cancel.delete(publishId);
      this.#onOver(publishId);
    });
    this.#cancel.set(publishId, cancel);
  }

  /** A stream has media again, or is gone. */
  forget(publishId: PublishId): void {
    this.#cancel.get(publishId)?.();
    this.#cancel.delete(publishId);
  }
}
