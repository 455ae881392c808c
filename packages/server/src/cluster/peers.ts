/**
 * Peers: typed requests between the nodes of a cluster, this one included. In a single process all of them are calls.
 *
 * @module
 */

import { GavelError, isGavelError } from '@gavel/protocol';
import { type Clock, systemClock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import { toWireError } from '../base/wire-error.ts';
import type { NodeId, NodeLink, NodeMessage, NodeReply } from './node-link.ts';
import { nodeFor } from './rendezvous.ts';
import type { Topic } from './topic.ts';

/** An answer that is at hand, or follows. */
type Eventually<T> = T | Promise<T>;

/**
 * The nodes of the cluster, as a part of the server sees them.
 *
 * ```ts
 * peers.serve(COUNT_CALL, ({ action }) => windows.count(action));
 * const { isAllowed } = await peers.askFor(`app ${appId}`, COUNT_CALL, { action });
 * ```
 */
export interface Peers {
  /** This node. */
  readonly self: NodeId;
  /** Returns the nodes that are alive as far as this one knows, itself included. */
  nodes(): readonly NodeId[];
  /** Returns the node that is responsible for a subject: what is counted or claimed for it is known there. */
  nodeFor(subject: string): NodeId;
  /** Answers the requests of a topic, of all nodes. @throws Error if the topic is served already */
  serve<Request, Answer>(
    topic: Topic<Request, Answer>,
    handler: (request: Request, from: NodeId) => Eventually<Answer>,
  ): void;
  /** Asks one node. @throws the GavelError of its handler; GavelError `server.node-unavailable` if the node is gone */
  ask<Request, Answer>(node: NodeId, topic: Topic<Request, Answer>, request: Request): Promise<Answer>;
  /** Asks the node that is responsible for a subject. @throws as `ask` */
  askFor<Request, Answer>(subject: string, topic: Topic<Request, Answer>, request: Request): Promise<Answer>;
  /** Asks every live node, this one included. A node that dies meanwhile has no answer. @throws the error of a handler, after all have answered */
  askAll<Request, Answer>(topic: Topic<Request, Answer>, request: Request): Promise<readonly Answer[]>;
  /** Asks every live node but this one. @throws as `askAll` */
  askOthers<Request, Answer>(topic: Topic<Request, Answer>, request: Request): Promise<readonly Answer[]>;
  /**
   * Tells every live node but this one, and those that cannot be reached again until they have answered, or their lease is over:
   * then they read what was stored before they decide anything.
   *
   * @throws GavelError `server.node-unavailable` after 10 s; they are told nevertheless, before anything that is told later under the
   *   same subject. The error of a handler
   */
  tellOthers<Request>(subject: string, topic: Topic<Request, null>, request: Request): Promise<void>;
  /** Calls the listener when the live nodes have changed. Returns a function that ends it. */
  onNodesChanged(listener: () => void): () => void;
}

type Handler = (request: unknown, from: NodeId) => unknown;

/** Interval at which a node is told again that cannot be reached. */
const TELL_AGAIN_MS = 250;
/** A caller waits so long until all nodes have been told. */
const TELL_MS = 10_000;

/** Sends requests to other nodes by a link; those to this node are direct calls without a copy. */
export class ClusterPeers implements Peers {
  readonly #link: NodeLink;
  readonly #clock: Pick<Clock, 'after'>;
  /** By subject: what is told, one after another. */
  readonly #told = new KeyedQueue();
  /** By the name of the topic. */
  readonly #handlers = new Map<string, Handler>();

  /** @param clock times what is told again; by default the system's */
  constructor(link: NodeLink, clock: Pick<Clock, 'after'> = systemClock) {
    this.#link = link;
    this.#clock = clock;
  }

  /** Begins to answer other nodes. Call it when all topics are served. */
  start(): void {
    this.#link.serve((message, from) => this.#reply(message, from));
  }

  get self(): NodeId {
    return this.#link.id;
  }

  nodes(): readonly NodeId[] {
    return this.#link.nodes();
  }

  nodeFor(subject: string): NodeId {
    return nodeFor(subject, this.nodes());
  }

  onNodesChanged(listener: () => void): () => void {
    return this.#link.onNodesChanged(listener);
  }

  serve<Request, Answer>(
    { name }: Topic<Request, Answer>,
    handler: (request: Request, from: NodeId) => Eventually<Answer>,
  ): void {
    if (this.#handlers.has(name)) throw new Error(`the topic ${name} is served already`);
    this.#handlers.set(name, handler as Handler);
  }

  async ask<Request, Answer>(node: NodeId, topic: Topic<Request, Answer>, request: Request): Promise<Answer> {
    if (node === this.self) return this.#handlerOf(topic.name)(request, node) as Eventually<Answer>;
    return read(await this.#send(node, topic, request));
  }

  askFor<Request, Answer>(subject: string, topic: Topic<Request, Answer>, request: Request): Promise<Answer> {
    return this.ask(this.nodeFor(subject), topic, request);
  }

  async askAll<Request, Answer>(topic: Topic<Request, Answer>, request: Request): Promise<readonly Answer[]> {
    const results = await Promise.allSettled([this.ask(this.self, topic, request), this.askOthers(topic, request)]);
    const [own, others] = results;
    if (own.status === 'rejected') throw own.reason;
    if (others.status === 'rejected') throw others.reason;
    return [own.value, ...others.value];
  }

  async askOthers<Request, Answer>(topic: Topic<Request, Answer>, request: Request): Promise<readonly Answer[]> {
    const others = this.nodes().filter((node) => node !== this.self);
    const sent = others.map(async (node) => {
      try {
        return await this.#send(node, topic, request);
      } catch (error) {
        if (isGavelError(error, 'server.node-unavailable')) return undefined;
        throw error;
      }
    });
    const replies = await Promise.all(sent);
    return replies.flatMap((reply) => (reply === undefined ? [] : [read<Answer>(reply)]));
  }

  async tellOthers<Request>(subject: string, topic: Topic<Request, null>, request: Request): Promise<void> {
    if (!this.#link.refresh && this.nodes().length === 1) return;
    const told = this.#told.run(subject, async () => {
      // A node that has got its lease back a moment ago may have read the store before.
      while ((await this.#link.refresh?.()) === false) await this.#waitToTell();
      const others = this.nodes().filter((node) => node !== this.self);
      await Promise.all(others.map((node) => this.#tell(node, topic, request)));
    });
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(TELL_MS, () =>
      late.reject(
        new GavelError('server.node-unavailable', 'The change is stored, but not in force at all nodes yet.'),
      ),
    );
    // It is told on after the caller has its error.
    told.catch(() => undefined);
    await Promise.race([told, late.promise]).finally(cancel);
  }

  #waitToTell(): Promise<void> {
    return new Promise((resolve) => this.#clock.after(TELL_AGAIN_MS, resolve));
  }

  async #tell<Request>(node: NodeId, topic: Topic<Request, null>, request: Request): Promise<void> {
    while (this.nodes().includes(node)) {
      try {
        read(await this.#send(node, topic, request));
        return;
      } catch (error) {
        if (!isGavelError(error, 'server.node-unavailable')) throw error;
        await this.#waitToTell();
      }
    }
  }

  #send<Request, Answer>(node: NodeId, { name, laneOf }: Topic<Request, Answer>, request: Request): Promise<NodeReply> {
    return this.#link.send(node, { topic: name, lane: laneOf(request), body: request });
  }

  async #reply({ topic, body }: NodeMessage, from: NodeId): Promise<NodeReply> {
    try {
      return { answer: (await this.#handlerOf(topic)(body, from)) ?? null };
    } catch (error) {
      if (isGavelError(error)) return { refusal: toWireError(error) };
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }

  #handlerOf(topic: string): Handler {
    const handler = this.#handlers.get(topic);
    if (!handler) throw new Error(`the topic ${topic} is not served by the node ${this.self}`);
    return handler;
  }
}

/** Returns the answer of a reply. @throws the error that the handler has thrown */
function read<Answer>(reply: NodeReply): Answer {
  if ('answer' in reply) return reply.answer as Answer;
  if ('failure' in reply) throw new Error(reply.failure);
  const { code, message, details } = reply.refusal;
  throw new GavelError(code, message, details);
}
