/**
 * A network in memory: links of nodes in one process, which copy every message through JSON and delay it.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import {
  type NodeHandler,
  type NodeId,
  type NodeLink,
  type NodeMessage,
  type NodeReply,
  NotDelivered,
} from '@gavel/server';
import { DelayedChannels, type Delays } from './delayed-channels.ts';
import { throughJson } from './through-json.ts';

/** A node that has joined. Messages wait for its handler. */
interface Joined {
  readonly handler: Promise<NodeHandler>;
  /** Settles when the node has left. */
  readonly gone: Promise<never>;
  readonly leave: () => void;
}

/**
 * Links of nodes. Messages of one lane between two nodes arrive in order; replies arrive in any order.
 *
 * ```ts
 * const network = new MemoryNetwork({ seed: 1, maxMs: 2 });
 * const [first, second] = [network.join('a'), network.join('b')];
 * ```
 */
export class MemoryNetwork {
  readonly #channels: DelayedChannels;
  readonly #joined = new Map<NodeId, Joined>();
  readonly #listeners = new Set<() => void>();
  #replies = 0;

  constructor(delays: Delays) {
    this.#channels = new DelayedChannels(delays);
  }

  /** Adds a node. @throws Error if a node with this id has joined */
  join(id: NodeId): NodeLink {
    if (this.#joined.has(id)) throw new Error(`the node ${id} has joined already`);
    const { promise: handler, resolve: serve } = Promise.withResolvers<NodeHandler>();
    const { promise: gone, reject } = Promise.withResolvers<never>();
    gone.catch(() => undefined);
    this.#joined.set(id, { handler, gone, leave: () => reject(unavailable(id)) });
    this.#announce();
    return {
      id,
      nodes: () => [...this.#joined.keys()],
      send: (to, message) => this.#send(id, to, message),
      serve,
      onNodesChanged: (listener) => {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
      },
    };
  }

  /** Removes a node: what it has not replied to fails, and nothing reaches it any more. */
  leave(id: NodeId): void {
    const joined = this.#joined.get(id);
    if (!this.#joined.delete(id)) return;
    joined?.leave();
    this.#announce();
  }

  async #send(from: NodeId, to: NodeId, message: NodeMessage): Promise<NodeReply> {
    const target = this.#joined.get(to);
    if (!target) throw new NotDelivered(to, 'it is gone');
    const sent = throughJson(message);
    const reply = async (): Promise<NodeReply> => {
      await this.#channels.pass(`${from} to ${to}: ${message.lane}`);
      const handle = await target.handler;
      const answer = throughJson(await handle(sent, from));
      this.#replies += 1;
      await this.#channels.pass(`reply ${this.#replies}`);
      return answer;
    };
    return Promise.race([reply(), target.gone]);
  }

  #announce(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const unavailable = (id: NodeId): GavelError =>
  new GavelError('server.node-unavailable', `The node ${id} has left the cluster.`);
