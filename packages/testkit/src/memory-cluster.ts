/**
 * Several nodes in one process: each has rooms of its own, and a bus that reaches the rooms of all.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { type RoomKey, roomKeyText } from '@gavel/protocol';
import {
  type AnswerOf,
  type Bus,
  type Command,
  type Envelope,
  isAboutRoom,
  mergeAnswers,
  type Query,
  type ReplyOf,
  type ScopeQuery,
  type SubjectOf,
  type Subscriber,
} from '@gavel/server';

/**
 * A cluster of nodes. A room's owner follows from a hash of its key; the number of nodes does not change.
 *
 * ```ts
 * const cluster = new MemoryCluster(2);
 * const first = await startServer(config, { wrapBus: (bus) => cluster.join(bus) });
 * const second = await startServer(config, { wrapBus: (bus) => cluster.join(bus) });
 * ```
 */
export class MemoryCluster {
  readonly #size: number;
  /** The nodes' own buses, in the order in which they joined. */
  readonly #owners: Bus[] = [];
  /** For each subscriber: ends its subscriptions. */
  readonly #subscribers = new Map<Subscriber, (() => void)[]>();

  constructor(size: number) {
    this.#size = size;
  }

  /** Adds a node, and returns the bus by which it reaches all rooms. */
  join(own: Bus): Bus {
    this.#owners.push(own);
    for (const [subscriber, ends] of this.#subscribers) ends.push(own.subscribe(subscriber));
    return {
      call: <C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>> =>
        this.ownerOf(envelope.key).call(envelope),
      query: (subject, query) => this.#query(subject, query),
      subscribe: (subscriber) => this.#subscribe(subscriber),
    };
  }

  /** The index of the node that owns a room, in the order in which the nodes joined. */
  indexOf(key: RoomKey): number {
    return createHash('sha256').update(roomKeyText(key)).digest().readUInt32BE() % this.#size;
  }

  /** The own bus of the node that owns a room. @throws Error if that node has not joined */
  ownerOf(key: RoomKey): Bus {
    const owner = this.#owners[this.indexOf(key)];
    if (!owner) throw new Error('the owner of the room has not joined the cluster');
    return owner;
  }

  async #query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    if (isAboutRoom(query)) return this.ownerOf(subject as RoomKey).query(subject, query);
    if ('of' in subject) throw new Error('a cluster in memory does not list the rooms of all Apps');
    const answers = await Promise.all(this.#owners.map((owner) => owner.query(subject, query)));
    return mergeAnswers(query as ScopeQuery, answers as AnswerOf<ScopeQuery>[]) as AnswerOf<Q>;
  }

  #subscribe(subscriber: Subscriber): () => void {
    const ends = this.#owners.map((owner) => owner.subscribe(subscriber));
    this.#subscribers.set(subscriber, ends);
    return () => {
      this.#subscribers.delete(subscriber);
      for (const end of ends) end();
    };
  }
}
