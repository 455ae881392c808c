/**
 * Publishes whose media is not connected yet; their streams are not announced (MED-6).
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import type { BlockedKinds } from '../rooms/stream-rules.ts';

/** A publish that can be announced: its media is connected, and its kinds are negotiated. */
export interface ConnectedPublish {
  readonly publishId: PublishId;
  readonly kinds: BlockedKinds;
  /** The origin of the publish request. */
  readonly origin: Origin;
}

/** A publish that is no longer waited for. */
export interface EndedWait {
  readonly origin: Origin;
  /** Milliseconds since the first offer. */
  readonly waitedMs: number;
  /** The addresses in the latest answer. */
  readonly addresses: readonly string[];
}

interface Pending {
  readonly origin: Origin;
  readonly sinceMs: number;
  readonly cancel: () => void;
  /** Undefined until the offer is answered. */
  kinds: BlockedKinds | undefined;
  addresses: readonly string[];
  isConnected: boolean;
}

/** Tracks publishes from reservation to announcement. */
export class PendingPublishes {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #pending = new Map<PublishId, Pending>();

  /** @param timeoutMs the time in which media must connect, from the first offer */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Starts waiting for the media of a publish. A new offer of the same publish does not extend the timeout. */
  begin(publishId: PublishId, origin: Origin, onTimeout: () => void): void {
    if (this.#pending.has(publishId)) return;
    const cancel = this.#clock.after(this.#timeoutMs, onTimeout);
    const sinceMs = this.#clock.monotonicMs();
    this.#pending.set(publishId, { origin, sinceMs, cancel, kinds: undefined, addresses: [], isConnected: false });
  }

  has(publishId: PublishId): boolean {
    return this.#pending.has(publishId);
  }

  /**
   * Records the negotiated kinds, and the addresses of the answer, after the offer was answered.
   *
   * @returns the publish if it can be announced now
   */
  agree(publishId: PublishId, kinds: BlockedKinds, addresses: readonly string[]): ConnectedPublish | undefined {
    const pending = this.#pending.get(publishId);
    if (!pending) return undefined;
    pending.kinds = kinds;
    pending.addresses = addresses;
    return this.#finish(publishId, pending);
  }

  /**
   * Records that the engine reported the media as connected.
   *
   * @returns the publish if it can be announced now
   */
  connect(publishId: PublishId): ConnectedPublish | undefined {
    const pending = this.#pending.get(publishId);
    if (!pending) return undefined;
    pending.isConnected = true;
    return this.#finish(publishId, pending);
  }

  /**
   * Stops waiting.
   *
   * @returns undefined if no offer was answered or the publish is not pending
   */
  end(publishId: PublishId): EndedWait | undefined {
    const pending = this.#pending.get(publishId);
    if (!pending) return undefined;
    this.#pending.delete(publishId);
    pending.cancel();
    if (!pending.kinds) return undefined;
    const { origin, addresses, sinceMs } = pending;
    return { origin, addresses, waitedMs: this.#clock.monotonicMs() - sinceMs };
  }

  #finish(publishId: PublishId, { kinds, isConnected, origin }: Pending): ConnectedPublish | undefined {
    if (!kinds || !isConnected) return undefined;
    this.end(publishId);
    return { publishId, kinds, origin };
  }
}
