/**
 * Caches of stored data that every node has in memory: a change at one node is answered when all live nodes have it.
 *
 * @module
 */

import type { Peers } from './peers.ts';
import { defineTopic } from './topic.ts';

const CHANGED = defineTopic<{ readonly cache: string }, null>('caches.changed');

/** Where a part registers what it has in memory. */
export interface Caches {
  /**
   * Registers a cache. `read` reads it again from the store, and is called when another node has changed it.
   *
   * Returns a function to call after a change was stored: it resolves when every other live node has read the cache again.
   */
  register(name: string, read: () => Promise<void>): () => Promise<void>;
}

/** The caches of a process that is no part of a cluster: nobody else changes what is stored. */
export const OWN_CACHES: Caches = { register: () => async () => {} };

/** Caches of the nodes of a cluster. */
export class SharedCaches implements Caches {
  readonly #peers: Pick<Peers, 'tellOthers'>;
  readonly #readers = new Map<string, () => Promise<void>>();

  constructor(peers: Pick<Peers, 'serve' | 'tellOthers'>) {
    this.#peers = peers;
    peers.serve(CHANGED, async ({ cache }) => {
      await this.#readers.get(cache)?.();
      return null;
    });
  }

  register(name: string, read: () => Promise<void>): () => Promise<void> {
    this.#readers.set(name, read);
    return () => this.#peers.tellOthers(`cache ${name}`, CHANGED, { cache: name });
  }

  /** Reads all caches again: this node may not have been told of changes. @throws the store's error */
  async readAll(): Promise<void> {
    await Promise.all([...this.#readers.values()].map((read) => read()));
  }
}

/** Dependencies of `readWhenUntold`. */
export interface UntoldDeps {
  readonly peers: Pick<Peers, 'nodes' | 'onNodesChanged'>;
  readonly lease: { beforeResume(listener: () => Promise<unknown>): void };
  /** Reads again what is stored, and kept in memory. */
  readonly read: () => Promise<unknown>;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * Reads again where this node may not have been told of changes: its lease had a gap, or a node has died, which may have stored a
 * change and told nobody.
 */
export function readWhenUntold({ peers, lease, read, log }: UntoldDeps): void {
  lease.beforeResume(read);
  let known = peers.nodes();
  peers.onNodesChanged(() => {
    const before = known;
    known = peers.nodes();
    if (before.every((node) => known.includes(node))) return;
    read().catch((error: unknown) => log.error({ err: error }, 'reading what a dead node may have changed failed'));
  });
}
