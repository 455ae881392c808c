/**
 * Takeover: when the owner of a room has died, another node claims the room and goes on with it from the newest replica that any
 * node has, in the same epoch and with a higher term (CLUS-3).
 *
 * @module
 */

import { GavelError, isGavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { OwnedRoom } from '../store/journal.ts';
import type { KeptSession, KeptSessions } from './kept-sessions.ts';
import type { Owner, Ownership } from './ownership.ts';
import type { Peers } from './peers.ts';
import { nodeFor } from './rendezvous.ts';
import type { Replicas, Snapshot } from './replicas.ts';
import { defineTopic } from './topic.ts';
import { findNewestWaiting, type WaitingReplicas, type WaitingSnapshot } from './waiting-replicas.ts';

/** Asks a node to go on with a room that has no owner. */
const TAKE = defineTopic<{ readonly key: RoomKey }, Owner>('takeover.take', ({ key }) => roomKeyText(key));
/** Asks for a replica in a new term of the room: the node follows nothing of earlier terms afterwards. */
const REPLICA = defineTopic<{ readonly key: RoomKey; readonly term: number }, Remains>('takeover.replica');

/** What a node has of a room whose owner is gone: the room, or the session that its last life has left, and who waits. */
interface Remains {
  readonly snapshot?: Snapshot;
  readonly session?: KeptSession;
  readonly waiting?: WaitingSnapshot;
}

/** Interval at which rooms are taken over again that could not be: the node was too young, or the database did not answer. */
const RETRY_MS = 1000;

/** Dependencies of `Takeover`. */
export interface TakeoverDeps {
  readonly clock: Pick<Clock, 'every'>;
  readonly peers: Peers;
  /** Finds and claims owners; it knows nothing of the contents of rooms. */
  readonly ownership: Ownership;
  readonly replicas: Pick<Replicas, 'find' | 'findFor' | 'orphans'>;
  /** Whether this node has a room, its waiting users, or its session. */
  readonly has: (key: RoomKey) => boolean;
  /** Reads what the first event needs of a room that another node may have owned. */
  readonly prepare: (key: RoomKey) => Promise<void>;
  /** Goes on with a room in a new term: its members get a resync, and negotiate their media anew. */
  readonly adopt: (state: RoomState, term: number) => Promise<void>;
  /** The sessions of empty rooms; by default there are none. */
  readonly kept?: Pick<KeptSessions, 'find'>;
  /** Goes on with the session of an empty room. */
  readonly adoptSession?: (key: RoomKey, session: KeptSession) => void;
  /** The waiting rooms of rooms; by default there are none. */
  readonly waiting?: Pick<WaitingReplicas, 'has' | 'find' | 'orphans'>;
  /** Goes on with the waiting room of a room, after the room or its session. */
  readonly adoptWaiting?: (key: RoomKey, waiting: WaitingSnapshot) => void;
  /** Lets a room go that another node will go on with, when everything that was decided in it is stored. */
  readonly letGo: (key: RoomKey, term: number) => Promise<void>;
  /** Called when a room was taken over, for the metrics and the log. */
  readonly onTakeover: (key: RoomKey, owner: Owner) => void;
  /** Reports an error that no caller can receive: a room could not be taken over. */
  readonly report: (error: unknown) => void;
}

/** The ownership of rooms that survive their owners: who claims a room has its contents before it decides. */
export class Takeover implements Ownership {
  readonly #deps: TakeoverDeps;
  /** Claims of one room one after another. */
  readonly #claims = new KeyedQueue();
  /** Rooms that this node has claimed, and could not go on with yet. */
  readonly #unfinished = new Set<string>();
  #count = 0;
  #isDraining = false;
  /** Whether a room was not taken over that should have been. */
  #hasFailed = false;
  #stop: (() => void) | undefined;

  constructor(deps: TakeoverDeps) {
    this.#deps = deps;
    const { peers, replicas, kept } = deps;
    peers.serve(REPLICA, ({ key, term }) => {
      const snapshot = replicas.findFor(key, term);
      const session = kept?.find(key);
      const waiting = deps.waiting?.find(key);
      return { ...(snapshot && { snapshot }), ...(session && { session }), ...(waiting && { waiting }) };
    });
    peers.serve(TAKE, ({ key }) => {
      if (this.#isDraining) throw new GavelError('server.node-unavailable', 'This node is ending.');
      return this.claim(key);
    });
    peers.onNodesChanged(() => this.#takeOrphans());
  }

  /** Takes over again what could not be taken over. */
  start(): void {
    this.#stop ??= this.#deps.clock.every(RETRY_MS, () => {
      if (this.#hasFailed) this.#takeOrphans();
    });
  }

  /** Takes over nothing more by itself. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Number of rooms that were taken over so far. */
  get count(): number {
    return this.#count;
  }

  ownerOf(key: RoomKey): Promise<Owner | undefined> | Owner | undefined {
    const { ownership, replicas, waiting } = this.#deps;
    const text = roomKeyText(key);
    if (this.#claims.has(text) || this.#unfinished.has(text)) return this.claim(key);
    const claimLeft = () => (replicas.find(key) || waiting?.has(key) ? this.claim(key) : undefined);
    const found = ownership.ownerOf(key);
    return found instanceof Promise ? found.then((owner) => owner ?? claimLeft()) : (found ?? claimLeft());
  }

  claim(key: RoomKey): Promise<Owner> {
    return this.#claims.run(roomKeyText(key), async () => {
      const isNew = this.#isDraining && this.#deps.ownership.termOf(key) === undefined;
      return (isNew ? await this.#claimElsewhere(key) : undefined) ?? this.#claim(key);
    });
  }

  /** Whether the drain has begun: this node is not ready for new connections. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on, rooms without an owner begin at other nodes, as long as there is one that takes them (CLUS-9). */
  beginDrain(): void {
    this.#isDraining = true;
  }

  /**
   * Gives a room of this node to another one. Commands wait meanwhile. Returns false if no other node takes it: then it is still
   * this node's.
   *
   * @throws the database's error
   */
  async handOver(key: RoomKey): Promise<boolean> {
    const { peers, ownership, letGo } = this.#deps;
    if (peers.nodes().length < 2) return false;
    return this.#claims.run(roomKeyText(key), async () => {
      const term = ownership.termOf(key);
      if (term === undefined) return false;
      await letGo(key, term);
      await ownership.release(key);
      const owner = (await this.#claimElsewhere(key)) ?? (await this.#claim(key));
      return owner.node !== peers.self;
    });
  }

  /** A room that is being taken over has no owner yet. */
  termOf(key: RoomKey): number | undefined {
    const text = roomKeyText(key);
    return this.#claims.has(text) || this.#unfinished.has(text) ? undefined : this.#deps.ownership.termOf(key);
  }

  correct(key: RoomKey, owner: Owner | undefined): void {
    this.#deps.ownership.correct(key, owner);
  }

  release(key: RoomKey): Promise<void> {
    return this.#claims.run(roomKeyText(key), () => this.#deps.ownership.release(key));
  }

  /**
   * Claims a room that no live node has, and goes on with it. If there is nothing to go on with, `end` is called before anything
   * else happens in the room. Does nothing if another node owns it.
   */
  async claimLeft(key: RoomKey, end: (owned: OwnedRoom) => Promise<void>): Promise<void> {
    const { peers, has } = this.#deps;
    await this.#claims.run(roomKeyText(key), async () => {
      const { node, term } = await this.#claim(key);
      if (node === peers.self && !has(key)) await end({ key, term });
    });
  }

  async #claim(key: RoomKey): Promise<Owner> {
    const { peers, ownership, prepare, adopt, adoptSession, adoptWaiting, onTakeover } = this.#deps;
    const text = roomKeyText(key);
    const before = this.#unfinished.has(text) ? undefined : ownership.termOf(key);
    const owner = await ownership.claim(key);
    // A first term has no history, and a room that was this node's before is here.
    if (owner.node !== peers.self || owner.term === 1 || before !== undefined) {
      this.#unfinished.delete(text);
      return owner;
    }
    this.#unfinished.add(text);
    const [{ snapshot, session, waiting }] = await Promise.all([this.#findNewest(key, owner.term), prepare(key)]);
    if (snapshot) await adopt(snapshot.state, owner.term);
    else if (session) adoptSession?.(key, session);
    if (waiting) adoptWaiting?.(key, waiting);
    this.#unfinished.delete(text);
    if (!snapshot) return owner;
    this.#count += 1;
    onTakeover(key, owner);
    return owner;
  }

  /** Asks the other nodes, in the order of a hash, until one of them has claimed the room. */
  async #claimElsewhere(key: RoomKey): Promise<Owner | undefined> {
    const { peers, ownership } = this.#deps;
    let others = peers.nodes().filter((node) => node !== peers.self);
    while (others.length > 0) {
      const target = nodeFor(roomKeyText(key), others);
      try {
        const owner = await peers.ask(target, TAKE, { key });
        ownership.correct(key, owner);
        return owner;
      } catch (error) {
        if (!isGavelError(error, 'server.node-unavailable')) throw error;
        others = others.filter((node) => node !== target);
      }
    }
    return undefined;
  }

  /** Returns the newest that any node has of a room. */
  async #findNewest(key: RoomKey, term: number): Promise<Remains> {
    const answers = await this.#deps.peers.askAll(REPLICA, { key, term });
    const waiting = findNewestWaiting(answers.flatMap((answer) => answer.waiting ?? []));
    return { ...findNewestRoom(answers), ...(waiting && { waiting }) };
  }

  /** Takes the rooms of dead owners over: each room at the node that a hash names, so that not all nodes claim it. */
  #takeOrphans(): void {
    const { peers, replicas, waiting, report } = this.#deps;
    if (this.#isDraining) return;
    this.#hasFailed = false;
    const nodes = peers.nodes();
    for (const key of [...replicas.orphans(nodes), ...(waiting?.orphans(nodes) ?? [])]) {
      if (nodeFor(roomKeyText(key), nodes) !== peers.self) continue;
      this.claim(key).catch((error: unknown) => {
        this.#hasFailed = true;
        report(error);
      });
    }
  }
}

/** Returns the newest room among the remains at several nodes, or a newer session of it. */
function findNewestRoom(answers: readonly Remains[]): Pick<Remains, 'snapshot' | 'session'> {
  const snapshot = answers
    .flatMap((answer) => answer.snapshot ?? [])
    .toSorted(compareSnapshots)
    .at(-1);
  const session = answers
    .flatMap((answer) => answer.session ?? [])
    .toSorted(compareLives)
    .at(-1);
  if (!session) return snapshot ? { snapshot } : {};
  // A node that has missed the end of the room still has it.
  const isNewer = !snapshot || compareLives(session, { term: snapshot.term, epoch: snapshot.state.epoch }) >= 0;
  return isNewer ? { session } : { snapshot };
}

type Life = Pick<KeptSession, 'term' | 'epoch'>;

/** Orders lives of one room by term, then by their beginning. */
const compareLives = (one: Life, other: Life): number =>
  one.term - other.term || Number(BigInt(one.epoch) - BigInt(other.epoch));

/** Orders snapshots of one room by term, then by life, then by the number of events. */
function compareSnapshots({ term, state }: Snapshot, other: Snapshot): number {
  const lives = compareLives({ term, epoch: state.epoch }, { term: other.term, epoch: other.state.epoch });
  return lives || state.seq - other.state.seq;
}
