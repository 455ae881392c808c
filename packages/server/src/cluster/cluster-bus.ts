/**
 * The bus of a cluster: sends each command to the owner of its room, and the batches of this node's rooms to all nodes.
 *
 * @module
 */

import { GavelError, isGavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Bus, Command, Envelope, Notice, ReplyOf, Subscriber } from '../bus/bus.ts';
import { mergeAnswers, type SharedQuery } from '../bus/merge-answers.ts';
import { Publisher } from '../bus/publisher.ts';
import { type AnswerOf, isAboutRoom, type Query, type SubjectOf } from '../owner/queries.ts';
import type { EventBatch } from '../owner/rooms.ts';
import { NEXT_NODE_MS, type RetriedRequest, SEND_AGAIN_MS } from './ask-next.ts';
import { NotDelivered } from './node-link.ts';
import type { Owner, Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import type { Replicas } from './replicas.ts';
import { defineTopic, type Topic } from './topic.ts';

/** The answer of a node that is asked as an owner: what it has done, or who the owner is as far as it knows. */
type OwnerAnswer = { readonly done: unknown } | { readonly owner: Owner | null };

/** A batch of events of a room, with the term of its owner. Its events have the epoch and their numbers. */
export interface OwnedBatch {
  readonly term: number;
  readonly batch: EventBatch;
}

/** A request to the owner of a room. */
interface OwnerRequest<Request> extends RetriedRequest<Request> {
  readonly topic: Topic<Request, OwnerAnswer>;
}

const CALL = defineTopic<Envelope, OwnerAnswer>('bus.call', ({ key }) => roomKeyText(key));
const QUERY = defineTopic<{ readonly key: RoomKey; readonly query: Query }, OwnerAnswer>('bus.query', ({ key }) =>
  roomKeyText(key),
);
const SCOPE_QUERY = defineTopic<{ readonly subject: object; readonly query: Query }, unknown>('bus.scope-query');
/** Brings a batch to a node that does not own its room. */
export const BATCH = defineTopic<OwnedBatch, null>('bus.batch', ({ batch }) => roomKeyText(batch.key));
const NOTICE = defineTopic<Notice, null>('bus.notice', ({ key }) => roomKeyText(key));

/** Dependencies of the bus of a cluster. */
export interface ClusterBusDeps {
  readonly peers: Peers;
  readonly ownership: Ownership;
  /** The bus to the rooms that this node owns. */
  readonly own: Bus;
  /**
   * Returns the term in which this node owns a room, also while the room changes its owner: its batches have the term in which
   * they were decided. By default that of `ownership`.
   */
  readonly termOf?: Ownership['termOf'];
  /** Follows the batches of other nodes, and keeps them complete; without it, they are delivered as they arrive. */
  readonly replicas?: Pick<Replicas, 'deliverTo' | 'receive' | 'recordSent'>;
  /** Times the wait for a new owner; by default the system's. */
  readonly clock?: Pick<Clock, 'after' | 'monotonicMs'>;
  /** Reports an error that no caller can receive: a notice that a subscriber at another node did not handle. */
  readonly report: (error: unknown) => void;
}

/**
 * Reaches the rooms of all nodes. A command's caller gets its reply when the subscribers of all live nodes have handled its
 * events (BUS-4).
 */
export class ClusterBus implements Bus {
  readonly #deps: ClusterBusDeps;
  /** Hands the batches and notices of other nodes to the subscribers of this one. */
  readonly #arrivals = new Publisher();
  /** By room whose owner cannot be reached: what its calls wait for, so that they stay in order. */
  readonly #pauses = new Map<string, Promise<void>>();

  constructor(deps: ClusterBusDeps) {
    this.#deps = deps;
    const { peers, own, replicas } = deps;
    replicas?.deliverTo((batch) => this.#arrivals.handle(batch));
    peers.serve(CALL, (envelope) => this.#answerAsOwner(envelope.key, () => own.call(envelope)));
    peers.serve(QUERY, ({ key, query }) => this.#answerAsOwner(key, () => own.query(key, query)));
    peers.serve(SCOPE_QUERY, ({ subject, query }) => own.query(subject as SubjectOf<Query>, query));
    peers.serve(BATCH, async (owned, from) => {
      await (replicas ? replicas.receive(from, owned) : this.#arrivals.handle(owned.batch));
      return null;
    });
    peers.serve(NOTICE, (notice) => {
      this.#arrivals.notify(notice);
      return null;
    });
    own.subscribe({ handle: (batch) => this.#sendBatch(batch), notify: (notice) => this.#sendNotice(notice) });
  }

  async call<C extends Command>(envelope: Envelope<C>): Promise<ReplyOf<C>> {
    const { own, ownership } = this.#deps;
    const { key, command } = envelope;
    // A room begins with a login. Without an owner there is nothing of the room, and this node's refusal is as good as any.
    const find = command.type === 'login' ? () => this.#ownerOrClaim(key) : () => ownership.ownerOf(key);
    const retry = canRetry(envelope) ? { ...envelope, isRetried: true } : undefined;
    const here = (request: Envelope): Promise<unknown> => own.call(request);
    return (await this.#atOwner(key, find, here, { topic: CALL, request: envelope, retry })) as ReplyOf<C>;
  }

  async query<Q extends Query>(subject: SubjectOf<Q>, query: Q): Promise<AnswerOf<Q>> {
    const { peers, own, ownership } = this.#deps;
    if (!isAboutRoom(query)) {
      const answers = await peers.askAll(SCOPE_QUERY, { subject, query });
      return mergeAnswers(query as SharedQuery, answers as AnswerOf<SharedQuery>[]) as AnswerOf<Q>;
    }
    const key = subject as RoomKey;
    const askHere = () => own.query(subject, query);
    const request = { key, query };
    const toOwner = { topic: QUERY, request, retry: request };
    return (await this.#atOwner(key, () => ownership.ownerOf(key), askHere, toOwner)) as AnswerOf<Q>;
  }

  subscribe(subscriber: Subscriber): () => void {
    const ends = [this.#deps.own.subscribe(subscriber), this.#arrivals.subscribe(subscriber)];
    return () => {
      for (const end of ends) end();
    };
  }

  #ownerOrClaim(key: RoomKey): Owner | Promise<Owner> {
    const { ownership } = this.#deps;
    const known = ownership.ownerOf(key);
    if (!(known instanceof Promise)) return known ?? ownership.claim(key);
    return known.then((owner) => owner ?? ownership.claim(key));
  }

  /**
   * Executes something at the owner of a room; without an owner, here. A node that is not the owner is corrected once. If the owner
   * cannot be reached, the request waits for the next one; also if the owner has died without an answer, where it may be repeated.
   */
  async #atOwner<Request>(
    key: RoomKey,
    find: () => Owner | undefined | Promise<Owner | undefined>,
    here: (request: Request) => Promise<unknown>,
    { topic, request: first, retry }: OwnerRequest<Request>,
  ): Promise<unknown> {
    const { peers, ownership, clock = systemClock } = this.#deps;
    const text = roomKeyText(key);
    const endsAtMs = clock.monotonicMs() + NEXT_NODE_MS;
    let request = first;
    for (let corrections = 0; corrections < 2; ) {
      const pause = this.#pauses.get(text);
      if (pause) await pause;
      const found = find();
      const owner = found instanceof Promise ? await found : found;
      if (!owner || owner.node === peers.self) return here(request);
      try {
        const answer = await peers.ask(owner.node, topic, request);
        if ('done' in answer) return answer.done;
        ownership.correct(key, answer.owner ?? undefined);
        corrections += 1;
      } catch (error) {
        if (!isGavelError(error, 'server.node-unavailable')) throw error;
        // From now on the database is asked, which knows the next owner.
        ownership.correct(key, undefined);
        const next = error instanceof NotDelivered ? request : retry;
        if (!next || clock.monotonicMs() >= endsAtMs) throw error;
        request = next;
        await this.#pause(text);
      }
    }
    throw new GavelError('server.node-unavailable', 'The owner of the room is changing.');
  }

  #pause(room: string): Promise<void> {
    const { clock = systemClock } = this.#deps;
    const known = this.#pauses.get(room);
    if (known) return known;
    const pause = new Promise<void>((resolve) => clock.after(SEND_AGAIN_MS, resolve)).finally(() =>
      this.#pauses.delete(room),
    );
    this.#pauses.set(room, pause);
    return pause;
  }

  async #answerAsOwner(key: RoomKey, execute: () => Promise<unknown>): Promise<OwnerAnswer> {
    const { ownership, peers } = this.#deps;
    if (ownership.termOf(key) !== undefined) return { done: await execute() };
    const owner = await ownership.ownerOf(key);
    return { owner: owner && owner.node !== peers.self ? owner : null };
  }

  async #sendBatch(batch: EventBatch): Promise<void> {
    const { peers, ownership, replicas, termOf = (key) => ownership.termOf(key) } = this.#deps;
    const owned = { term: termOf(batch.key) ?? 0, batch };
    replicas?.recordSent(owned);
    await peers.askOthers(BATCH, owned);
  }

  #sendNotice(notice: Notice): void {
    const { peers, report } = this.#deps;
    peers.askOthers(NOTICE, notice).catch(report);
  }
}

/** Commands that do the same to a room once or twice. */
const REPEATABLE: ReadonlySet<string> = new Set<Command['type']>(['kick', 'close', 'mute', 'deleteStream']);

/** Whether a command may be done again at the next owner: by its id the journal knows whether it was done, and which bans it has set. */
const canRetry = ({ command, commandId }: Envelope): boolean => commandId !== undefined && REPEATABLE.has(command.type);
