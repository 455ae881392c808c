/**
 * Publishes whose media is not connected yet; their streams are not announced (MED-6).
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';
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

/** Dependencies of the pending publishes. */
export interface PendingPublishesDeps {
  readonly clock: Clock;
  /** The time in which media must connect, in milliseconds from the first offer. */
  readonly timeoutMs: number;
  /** Called once for each publish when its kinds are negotiated and its media is connected. */
  readonly onConnected: (publish: ConnectedPublish) => void;
  /** Called for each publish whose media did not connect in time. */
  readonly onTimeout: (publishId: PublishId) => void;
}

/** Tracks publishes from reservation to announcement. */
export class PendingPublishes {
  readonly #deps: PendingPublishesDeps;
  readonly #pending = new Map<PublishId, Pending>();

  constructor(deps: PendingPublishesDeps) {
    this.#deps = deps;
  }

  /** Starts waiting for the media of a publish. A new offer of the same publish does not extend the timeout. */
  begin(publishId: PublishId, origin: Origin): void {
    if (this.#pending.has(publishId)) return;
    const { clock, timeoutMs, onTimeout } = this.#deps;
    const cancel = clock.after(timeoutMs, () => onTimeout(publishId));
    this.#pending.set(publishId, {
      origin,
      sinceMs: clock.monotonicMs(),
      cancel,
      kinds: undefined,
      addresses: [],
      isConnected: false,
    });
  }

  has(publishId: PublishId): boolean {
    return this.#pending.has(publishId);
  }

  /** Records the negotiated kinds, and the addresses of the answer, after the offer was answered. */
  agree(publishId: PublishId, kinds: BlockedKinds, addresses: readonly string[]): void {
    const pending = this.#pending.get(publishId);
    if (!pending) return;
    pending.kinds = kinds;
    pending.addresses = addresses;
    this.#finish(publishId, pending);
  }

  /** Records that the engine reported the media as connected. */
  connect(publishId: PublishId): void {
    const pending = this.#pending.get(publishId);
    if (!pending) return;
    pending.isConnected = true;
    this.#finish(publishId, pending);
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
    return { origin, addresses, waitedMs: this.#deps.clock.monotonicMs() - sinceMs };
  }

  #finish(publishId: PublishId, { kinds, isConnected, origin }: Pending): void {
    if (!kinds || !isConnected) return;
    this.end(publishId);
    this.#deps.onConnected({ publishId, kinds, origin });
  }
}
