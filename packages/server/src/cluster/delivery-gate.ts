/**
 * The gate of a node's events: what it has decided and not delivered when its lease is over waits until it is known whose the room is.
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { DeliveryVerdict } from '../owner/event-feed.ts';
import type { LeaseGuardDeps } from './lease-guard.ts';

const CHECK_MS = 100;

/** Dependencies of `DeliveryGate`. */
export interface DeliveryGateDeps {
  readonly clock: Clock;
  readonly lease: LeaseGuardDeps['lease'];
}

interface PendingDelivery {
  readonly key: RoomKey;
  readonly term: number | undefined;
  settle(isOwner: boolean): void;
}

/**
 * Delivers events only in the term in which they were decided (CLUS-2): another node may have gone on with the room meanwhile, and
 * have given their numbers to other events.
 */
export class DeliveryGate {
  readonly #deps: DeliveryGateDeps;
  readonly #pending = new Set<PendingDelivery>();
  #stop: (() => void) | undefined;

  constructor(deps: DeliveryGateDeps) {
    this.#deps = deps;
  }

  /** Returns a function for events of a room that are decided now, as `EventSinks.begin`. */
  begin(key: RoomKey): () => DeliveryVerdict {
    const { lease } = this.#deps;
    const term = lease.termOf(key);
    return () => (term !== undefined && lease.termOf(key) === term ? true : this.#waitForLease(key, term));
  }

  #waitForLease(key: RoomKey, term: number | undefined): Promise<boolean> {
    const { clock } = this.#deps;
    return new Promise((settle) => {
      this.#pending.add({ key, term, settle });
      this.#stop ??= clock.every(CHECK_MS, () => this.#check());
    });
  }

  /** With a valid lease this node knows its rooms: one that is not its own in the same term has gone to another node. */
  #check(): void {
    const { lease } = this.#deps;
    if (lease.remainingMs <= 0) return;
    for (const { key, term, settle } of this.#pending) settle(term !== undefined && lease.termOf(key) === term);
    this.#pending.clear();
    this.#stop?.();
    this.#stop = undefined;
  }
}
