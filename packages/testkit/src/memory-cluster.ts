/**
 * Several nodes in one process: each has rooms of its own, and a bus that reaches the rooms of all.
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import { type NodeId, type NodeLink, nodeFor, type Owner, type Ownership } from '@gavel/server';
import type { Delays } from './delayed-channels.ts';
import { MemoryNetwork } from './memory-network.ts';

/** What makes a server a node of a cluster. */
export interface ClusterMember {
  readonly link: NodeLink;
  readonly ownership: Ownership;
}

/**
 * A cluster of nodes on a network in memory. A room's owner follows from a hash of its key; the number of nodes does not change.
 *
 * ```ts
 * const cluster = new MemoryCluster(2, { seed: 1, maxMs: 2 });
 * const first = await startServer(config, { cluster: cluster.join() });
 * const second = await startServer(config, { cluster: cluster.join() });
 * ```
 */
export class MemoryCluster {
  readonly #ids: readonly NodeId[];
  readonly #network: MemoryNetwork;
  #joined = 0;

  constructor(size: number, delays: Delays) {
    this.#ids = Array.from({ length: size }, (_, index) => `node-${index}`);
    this.#network = new MemoryNetwork(delays);
  }

  /** Adds the next node. @throws Error if all have joined */
  join(): ClusterMember {
    const id = this.#ids[this.#joined];
    if (id === undefined) throw new Error('all nodes of the cluster have joined');
    this.#joined += 1;
    return { link: this.#network.join(id), ownership: createHashOwnership(this.#ids, id) };
  }

  /** The index of the node that owns a room, in the order in which the nodes joined. */
  indexOf(key: RoomKey): number {
    return this.#ids.indexOf(nodeFor(roomKeyText(key), this.#ids));
  }
}

/** Ownership by a hash of the room's key, for nodes that never change. @param self the node that asks */
export function createHashOwnership(nodes: readonly NodeId[], self: NodeId): Ownership {
  const ownerOf = (key: RoomKey): Owner => ({ node: nodeFor(roomKeyText(key), nodes), term: 1 });
  return {
    ownerOf,
    claim: ownerOf,
    termOf: (key) => (ownerOf(key).node === self ? 1 : undefined),
    correct: () => {},
    release: async () => {},
  };
}
