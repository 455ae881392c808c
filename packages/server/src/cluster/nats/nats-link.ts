/**
 * The link between nodes over core NATS.
 *
 * Each node has an inbox for messages and one for replies, and no subject belongs to a room or a connection:
 *
 * - `PREFIX.NODE.messages`
 * - `PREFIX.NODE.replies.ID`
 *
 * A message to a node that is gone fails at once, because the NATS server answers in its place. If this node's own connection
 * is lost, its pending messages fail: whether they were executed is then unknown, and the caller repeats them by their
 * command id. A node whose connection is back says so: what the others sent on its lost connection fails then, not at the time limit.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { GavelError } from '@gavel/protocol';
import type { Msg } from '@nats-io/transport-node';
import type { Clock } from '../../base/clock.ts';
import { toWireError } from '../../base/wire-error.ts';
import {
  type NodeHandler,
  type NodeId,
  type NodeLink,
  type NodeMessage,
  type NodeReply,
  NotDelivered,
} from '../node-link.ts';
import { formatPlace, MAX_MESSAGE_BYTES, PartAssembler, parsePlace, splitMessage } from './message-parts.ts';
import { createHeaders, type NatsClient } from './nats-client.ts';

/** A message is given up when its reply has not come within this time. */
const REPLY_TIMEOUT_MS = 10_000;
/** The header of a message that is sent in parts. */
const PART_HEADER = 'Gavel-Part';
/** The status with which the NATS server answers a message that nobody receives. */
const NO_RESPONDERS = 503;
/** What the subject and the headers of a part need of the server's limit. */
const RESERVED_BYTES = 4096;
/** The topic of a message that a node has begun or ended. It is answered by the link. */
const NODES_CHANGED = 'nodes.changed';
/** The topic of a message that the connection of its sender is back. The answer has the messages to it that wait for a reply. */
const RETURNED = 'nodes.returned';
/** The topic of a message that says what was lost of those. */
const LOST = 'nodes.lost';

/** Which nodes are alive. */
export interface Membership {
  /** Returns the nodes that are alive as far as this one knows, itself included. */
  nodes(): readonly NodeId[];
  /** Learns which nodes are alive now. Resolves with false if that fails. */
  refresh(): Promise<boolean>;
  /** Calls the listener when the result of `nodes` has changed. Returns a function that ends it. */
  onNodesChanged(listener: () => void): () => void;
}

/** Dependencies of `NatsLink`. */
export interface NatsLinkDeps {
  readonly client: Pick<NatsClient, 'isConnected' | 'maxPartBytes' | 'publish' | 'subscribe' | 'onChange'>;
  readonly membership: Membership;
  readonly clock: Clock;
  /** This node. */
  readonly id: NodeId;
  /** The first token of all subjects; clusters that share a NATS server have different ones. */
  readonly prefix: string;
  /** Maximum size of a message or reply; by default 32 MiB. */
  readonly maxMessageBytes?: number;
}

/** What was lost of the messages that a node had sent to another one. */
interface LostMessages {
  /** They have not arrived. */
  readonly notReceived: readonly string[];
  /** Their replies have not arrived. */
  readonly answered: readonly string[];
}

/** A message that has arrived. */
interface Received {
  readonly atMs: number;
  isAnswered: boolean;
}

interface Pending {
  readonly to: NodeId;
  readonly sentAtMs: number;
  resolve(reply: NodeReply): void;
  reject(error: GavelError): void;
}

/**
 * Sends messages to the other nodes. All of one node to another arrive in the order in which they were sent, whatever their lane.
 *
 * ```ts
 * const client = await NatsClient.open(config.cluster.nats, 'node-a', log);
 * const link = await NatsLink.open({ client, membership, clock, id: 'node-a', prefix: 'gavel' });
 * const peers = new ClusterPeers(link);
 * ```
 */
export class NatsLink implements NodeLink {
  readonly #deps: NatsLinkDeps;
  /** Distinguishes the messages of this start of the node from those of an earlier one. */
  readonly #start = randomBytes(6).toString('hex');
  readonly #pending = new Map<string, Pending>();
  readonly #messages = new PartAssembler();
  readonly #replies = new PartAssembler();
  /** By sender and id: what has arrived, as long as its sender may wait for the reply, oldest first. */
  readonly #received = new Map<string, Received>();
  readonly #openedAtMs: number;
  readonly #handler = Promise.withResolvers<NodeHandler>();
  readonly #ends: (() => void)[];
  #count = 0;

  private constructor(deps: NatsLinkDeps) {
    this.#deps = deps;
    this.#openedAtMs = deps.clock.monotonicMs();
    this.#ends = [
      deps.client.onChange((isConnected) => {
        if (isConnected) this.#announceReturn();
        else this.#giveUp(() => true, 'the connection to NATS is lost');
      }),
      deps.membership.onNodesChanged(() => {
        const alive = new Set(deps.membership.nodes());
        this.#giveUp((to) => !alive.has(to), 'its lease is over');
      }),
    ];
  }

  /** Subscribes to the inboxes of this node. */
  static async open(deps: NatsLinkDeps): Promise<NatsLink> {
    const link = new NatsLink(deps);
    const { client, prefix, id } = deps;
    await client.subscribe(`${prefix}.${id}.replies.*`, (message) => link.#receiveReply(message));
    await client.subscribe(`${prefix}.${id}.messages`, (message) => link.#receive(message));
    return link;
  }

  get id(): NodeId {
    return this.#deps.id;
  }

  nodes(): readonly NodeId[] {
    return this.#deps.membership.nodes();
  }

  refresh(): Promise<boolean> {
    return this.#deps.membership.refresh();
  }

  onNodesChanged(listener: () => void): () => void {
    return this.#deps.membership.onNodesChanged(listener);
  }

  serve(handler: NodeHandler): void {
    this.#handler.resolve(handler);
  }

  /**
   * Sends a message to another node, and resolves with the reply.
   *
   * @throws GavelError `server.node-unavailable` if no such node is connected, this node is not connected, the node's lease
   *   ends, or no reply comes within 10 s; `request.too-large` above 32 MiB
   */
  send(to: NodeId, message: NodeMessage): Promise<NodeReply> {
    const { client, clock, prefix, id: self } = this.#deps;
    if (!client.isConnected) return Promise.reject(createError(to, 'the connection to NATS is lost'));
    this.#count += 1;
    const id = `${this.#start}-${this.#count}`;
    const { promise, resolve, reject } = Promise.withResolvers<NodeReply>();
    this.#pending.set(id, { to, sentAtMs: clock.monotonicMs(), resolve, reject });
    const cancelTimer = clock.after(REPLY_TIMEOUT_MS, () =>
      this.#fail(id, `no reply within ${REPLY_TIMEOUT_MS / 1000} s; it may have executed the message`),
    );
    try {
      this.#publish(`${prefix}.${to}.messages`, id, message, `${prefix}.${self}.replies.${id}`);
    } catch (error) {
      reject(error);
    }
    return promise.finally(() => {
      cancelTimer();
      this.#pending.delete(id);
    });
  }

  /**
   * Tells the other nodes that this one has begun. Resolves when each of them knows this node, or does not answer: its lease is
   * over, or its next renewal shows it this node.
   *
   * What this node reads of the store afterwards is complete: who changes it later tells this node (`SharedCaches`).
   */
  async announce(): Promise<void> {
    await this.#deps.membership.refresh();
    await this.#tellOthers();
  }

  /** Tells the other nodes that the lease of this one is over, so that they take its rooms over at once. Waits for nothing. */
  announceEnd(): void {
    void this.#tellOthers();
  }

  async #tellOthers(): Promise<void> {
    const message = messageOf(NODES_CHANGED, null);
    await Promise.allSettled(this.#others().map((node) => this.send(node, message)));
  }

  #others(): readonly NodeId[] {
    return this.nodes().filter((node) => node !== this.id);
  }

  /** Tells each other node what has not arrived of its messages, or of the replies to them, when the connection was lost. */
  #announceReturn(): void {
    const openForMs = this.#deps.clock.monotonicMs() - this.#openedAtMs;
    for (const node of this.#others()) {
      this.send(node, messageOf(RETURNED, openForMs))
        .then((reply) =>
          'answer' in reply ? this.send(node, messageOf(LOST, this.#findLost(node, reply.answer))) : null,
        )
        // The node is gone, or its messages fail at the time limit.
        .catch(() => undefined);
    }
  }

  /** What a node has sent before its answer has arrived before it, or is lost. */
  #findLost(node: NodeId, ids: unknown): LostMessages {
    const pending = ids as readonly string[];
    return {
      notReceived: pending.filter((id) => !this.#received.has(`${node} ${id}`)),
      answered: pending.filter((id) => this.#received.get(`${node} ${id}`)?.isAnswered),
    };
  }

  /** Returns the messages to this process of a node that wait for a reply; those to its earlier process may have been executed. */
  #pendingTo(node: NodeId, openForMs: number): readonly string[] {
    const sinceMs = this.#deps.clock.monotonicMs() - openForMs;
    return [...this.#pending].flatMap(([id, { to, sentAtMs }]) => (to === node && sentAtMs >= sinceMs ? id : []));
  }

  #failLost(node: NodeId, { notReceived, answered }: LostMessages): void {
    for (const id of notReceived)
      this.#pending.get(id)?.reject(new NotDelivered(node, 'its connection to NATS was lost'));
    for (const id of answered) this.#fail(id, 'its reply was lost; it may have executed the message');
  }

  /** Gives up what is pending, and follows the connection and the nodes no more. */
  close(): void {
    for (const end of this.#ends) end();
    this.#giveUp(() => true, 'this node is stopping');
  }

  #giveUp(isConcerned: (to: NodeId) => boolean, reason: string): void {
    for (const [id, { to }] of [...this.#pending]) if (isConcerned(to)) this.#fail(id, reason);
  }

  #fail(id: string, reason: string): void {
    const pending = this.#pending.get(id);
    pending?.reject(createError(pending.to, reason));
  }

  #publish(subject: string, id: string, content: NodeMessage | NodeReply, reply?: string): void {
    const { client, maxMessageBytes = MAX_MESSAGE_BYTES } = this.#deps;
    const bytes = Buffer.from(JSON.stringify(content));
    const parts = splitMessage(bytes, client.maxPartBytes - RESERVED_BYTES, maxMessageBytes);
    for (const [index, part] of parts.entries()) {
      const place = formatPlace({ id, index, count: parts.length });
      client.publish(subject, part, {
        ...(reply !== undefined && { reply }),
        ...(parts.length > 1 && { headers: createHeaders({ [PART_HEADER]: place }) }),
      });
    }
  }

  #receiveReply(message: Msg): void {
    const id = message.subject.slice(message.subject.lastIndexOf('.') + 1);
    const pending = this.#pending.get(id);
    // Late: the message was given up.
    if (!pending) return;
    if (message.headers?.code === NO_RESPONDERS) {
      return pending.reject(new NotDelivered(pending.to, 'it is not connected to NATS'));
    }
    const reply = assemble(this.#replies, id, message);
    if (reply !== undefined) pending.resolve(JSON.parse(reply));
  }

  #receive(message: Msg): void {
    const [, from, , id] = message.reply?.slice(this.#deps.prefix.length).split('.') ?? [];
    if (from === undefined || id === undefined) return;
    const text = assemble(this.#messages, from, message);
    if (text === undefined) return;
    const received = this.#record(`${from} ${id}`);
    void this.#answer(from, id, JSON.parse(text)).finally(() => {
      received.isAnswered = true;
    });
  }

  #record(message: string): Received {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [known, { atMs }] of this.#received) {
      if (nowMs - atMs <= REPLY_TIMEOUT_MS) break;
      this.#received.delete(known);
    }
    const received = { atMs: nowMs, isAnswered: false };
    this.#received.set(message, received);
    return received;
  }

  /** Answers what nodes say of their connections, and hands everything else to the handler. */
  async #handle(message: NodeMessage, from: NodeId): Promise<NodeReply> {
    switch (message.topic) {
      case NODES_CHANGED:
        return this.#refresh();
      case RETURNED:
        return { answer: this.#pendingTo(from, message.body as number) };
      case LOST:
        this.#failLost(from, message.body as LostMessages);
        return { answer: null };
    }
    const handle = await this.#handler.promise;
    return handle(message, from);
  }

  async #refresh(): Promise<NodeReply> {
    await this.#deps.membership.refresh();
    return { answer: null };
  }

  async #answer(from: NodeId, id: string, message: NodeMessage): Promise<void> {
    const reply = await this.#handle(message, from);
    const subject = `${this.#deps.prefix}.${from}.replies.${id}`;
    try {
      this.#publish(subject, id, reply);
    } catch (error) {
      if (error instanceof GavelError) this.#publish(subject, id, { refusal: toWireError(error) });
    }
  }
}

/** Returns the text of a whole message; undefined while parts are missing. */
function assemble(assembler: PartAssembler, sender: string, { headers, data }: Msg): string | undefined {
  const place = headers && parsePlace(headers.get(PART_HEADER));
  const bytes = place ? assembler.add(sender, place, data) : data;
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

const messageOf = (topic: string, body: unknown): NodeMessage => ({ topic, lane: topic, body });

function createError(to: NodeId, reason: string): GavelError {
  return new GavelError('server.node-unavailable', `The message to the node "${to}" failed: ${reason}.`);
}
