/**
 * Publishes whose media is not up yet: nobody knows of their streams (MED-6).
 *
 * @module
 */

import type { PublishId } from '@gavel/protocol';
import type { Clock } from '../rooms/clock.ts';
import type { Origin } from '../rooms/commands.ts';
import type { BlockedKinds } from '../rooms/stream-rules.ts';

/** A publish that can be announced: its media is up, and the kinds are agreed on. */
export interface ConnectedPublish {
  readonly publishId: PublishId;
  readonly kinds: BlockedKinds;
  /** Who asked for it. */
  readonly origin: Origin;
}

interface Pending {
  readonly origin: Origin;
  readonly sinceMs: number;
  readonly cancel: () => void;
  /** Undefined until the offer is answered. */
  kinds: BlockedKinds | undefined;
  isConnected: boolean;
}

/** What pending publishes need. */
export interface PendingPublishesDeps {
  readonly clock: Clock;
  /** How long media may take to come up, in milliseconds from the first offer. */
  readonly timeoutMs: number;
  /** Called once for each publish whose kinds are agreed on and whose media is up. */
  readonly onConnected: (publish: ConnectedPublish) => void;
  /** Called for each publish whose media did not come up in time. */
  readonly onTimeout: (publishId: PublishId) => void;
}

/** Follows publishes from their reservation to their announcement. */
export class PendingPublishes {
  readonly #deps: PendingPublishesDeps;
  readonly #pending = new Map<PublishId, Pending>();

  constructor(deps: PendingPublishesDeps) {
    this.#deps = deps;
  }

  /** Begins to wait for the media of a publish; a new offer of the same publish does not lengthen the wait. */
  begin(publishId: PublishId, origin: Origin): void {
    if (this.#pending.has(publishId)) return;
    const { clock, timeoutMs, onTimeout } = this.#deps;
    const cancel = clock.after(timeoutMs, () => onTimeout(publishId));
    this.#pending.set(publishId, {
      origin,
      sinceMs: clock.monotonicMs(),
      cancel,
      kinds: undefined,
      isConnected: false,
    });
  }

  has(publishId: PublishId): boolean {
    return this.#pending.has(publishId);
  }

  /** The offer was answered with these kinds. */
  agree(publishId: PublishId, kinds: BlockedKinds): void {
    const pending = this.#pending.get(publishId);
    if (!pending) return;
    pending.kinds = kinds;
    this.#finish(publishId, pending);
  }

  /** The engine says that the media is up. */
  connect(publishId: PublishId): void {
    const pending = this.#pending.get(publishId);
    if (!pending) return;
    pending.isConnected = true;
    this.#finish(publishId, pending);
  }

  /**
   * Ends the wait.
   *
   * @returns for how long a client that had its answer waited, in milliseconds; undefined where there was no such wait
   */
  end(publishId: PublishId): number | undefined {
    const pending = this.#pending.get(publishId);
    if (!pending) return undefined;
    this.#pending.delete(publishId);
    pending.cancel();
    return pending.kinds && this.#deps.clock.monotonicMs() - pending.sinceMs;
  }

  #finish(publishId: PublishId, { kinds, isConnected, origin }: Pending): void {
    if (!kinds || !isConnected) return;
    this.end(publishId);
    this.#deps.onConnected({ publishId, kinds, origin });
  }
}
