/**
 * Replicas: this node's copies of the rooms that other nodes own. A replica follows the batches of its owner, each in its place:
 * what has arrived already is ignored, and what is missing is asked for. So every subscriber at this node gets the events of a
 * room without gaps, and a node can go on with a room whose owner has died (CLUS-3).
 *
 * An owner sends a digest of its rooms every 5 s: it shows a batch that was lost and followed by no other.
 *
 * @module
 */

import { type AppId, GavelError, isGavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { Origin } from '../rooms/commands.ts';
import type { RoomPosition } from '../rooms/ended-tickets.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { Room, type RoomSettings } from '../rooms/room.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { OwnedBatch } from './cluster-bus.ts';
import type { KeptSessions } from './kept-sessions.ts';
import type { NodeId } from './node-link.ts';
import type { Owner } from './ownership.ts';
import type { Peers } from './peers.ts';
import { defineTopic } from './topic.ts';
import type { WaitingReplicas } from './waiting-replicas.ts';

const DIGEST_INTERVAL_MS = 5000;
/** The origin of events that were asked for, because the batch with their own was lost. */
const REPAIR_ORIGIN: Origin = { channel: 'server', requestId: 'repair' };

/** How far the batches are that an owner has sent of a room. */
interface OwnedPlace {
  readonly key: RoomKey;
  readonly term: number;
  readonly position: RoomPosition;
}

/** A snapshot of a room, and the term of the owner that made or followed it. */
export interface Snapshot {
  readonly term: number;
  readonly state: RoomState;
}

/** What a node that is asked as the owner of a room has of it. */
interface StateAnswer {
  readonly snapshot?: Snapshot;
  /** The room may be at another node, or at none. */
  readonly isElsewhere?: true;
}

const STATE = defineTopic<{ readonly key: RoomKey }, StateAnswer>('replicas.state');
const DIGEST = defineTopic<{ readonly places: readonly OwnedPlace[] }, null>('replicas.digest');

/** Dependencies of `Replicas`. */
export interface ReplicasDeps {
  readonly peers: Peers;
  /** Returns the state of a room that this node owns; undefined if it has no such room. */
  readonly stateOf: (key: RoomKey) => RoomState | undefined;
  /** The term in which this node owns a room now, also while the room changes its owner; undefined if it is not its owner. */
  readonly termOf: (key: RoomKey) => number | undefined;
  /** Finds the owner of a room where owners are stored; undefined if it has none. */
  readonly ownerOf: (key: RoomKey) => Owner | undefined | Promise<Owner | undefined>;
  readonly settings: RoomSettings & { readonly clock: Clock };
  /** Keeps the sessions of rooms that become empty. */
  readonly kept?: Pick<KeptSessions, 'follow'>;
  /** Keeps the waiting rooms of rooms. */
  readonly waiting?: Pick<WaitingReplicas, 'follow'>;
  /** Called when another node goes on with a room that this node still has: it forgets it, with `recordForgotten`. */
  readonly onReplaced: (key: RoomKey, term: number) => void;
  /** Called when events of a room are lost for good: what this node's clients know of the room is outdated. */
  readonly onLost: (key: RoomKey) => void;
  /** Reports an error that no caller can receive. */
  readonly report: (error: unknown) => void;
}

/** A room, as far as clients follow it. */
type KnownEvents = Pick<RoomState, 'key' | 'epoch' | 'seq' | 'events'>;

interface Replica {
  readonly owner: NodeId;
  readonly term: number;
  /** Batches of lower terms are not followed: a node has claimed the room in this term, and goes on with what it has got until then. */
  readonly minTerm?: number;
  readonly room: Room;
  /** The last event that this node's clients have got, if the room was this node's, which has decided more and told nobody. */
  readonly seen?: RoomPosition;
}

/** The copies, and the requests that keep them complete. */
export class Replicas {
  readonly #deps: ReplicasDeps;
  readonly #replicas = new Map<string, Replica>();
  /** By room of this node: the last batch that was sent. */
  readonly #sent = new Map<string, OwnedPlace>();
  /** By room: the repair that the next batches wait for. */
  readonly #repairs = new Map<string, Promise<void>>();
  #deliver: (batch: EventBatch) => void | Promise<void> = () => undefined;
  #isSendingDigest = false;
  #stop: (() => void) | undefined;

  constructor(deps: ReplicasDeps) {
    this.#deps = deps;
    const { peers, stateOf, termOf } = deps;
    peers.serve(STATE, ({ key }): StateAnswer => {
      const state = stateOf(key);
      const term = termOf(key);
      if (!state && !this.find(key)) return {};
      // Its lease is over, or another node has the room or is about to claim it: this node does not know whether it still exists.
      if (!state || term === undefined) return { isElsewhere: true };
      return { snapshot: { term, state } };
    });
    peers.serve(DIGEST, async ({ places }, from) => {
      await this.#compare(from, places);
      return null;
    });
  }

  /** Hands every batch, complete and in order, to this function: the subscribers of this node. */
  deliverTo(deliver: (batch: EventBatch) => void | Promise<void>): void {
    this.#deliver = deliver;
  }

  /** Begins to send digests. */
  start(): void {
    const { settings, report } = this.#deps;
    this.#stop ??= settings.clock.every(DIGEST_INTERVAL_MS, () => void this.sendDigest().catch(report));
  }

  /** Sends no more digests. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Returns the rooms whose owner is not among these nodes. */
  orphans(nodes: readonly NodeId[]): readonly RoomKey[] {
    return [...this.#replicas.values()].flatMap(({ owner, room }) => (nodes.includes(owner) ? [] : room.key));
  }

  /** Returns the replicas of the rooms of an App whose owner meets a condition. Their cost is the size of the rooms. */
  statesOf(appId: AppId, isMeant: (owner: NodeId) => boolean): readonly RoomState[] {
    return [...this.#replicas.values()].flatMap(({ owner, room }) =>
      room.key.appId === appId && isMeant(owner) ? room.state : [],
    );
  }

  /** Returns the replica of a room; undefined if this node has none. */
  find(key: RoomKey): Snapshot | undefined {
    const replica = this.#replicas.get(roomKeyText(key));
    return replica && { term: replica.term, state: replica.room.state };
  }

  /** As `find`, for a node that has claimed the room in a term: from now on nothing of earlier terms is followed (CLUS-2). */
  findFor(key: RoomKey, minTerm: number): Snapshot | undefined {
    const text = roomKeyText(key);
    const replica = this.#replicas.get(text);
    if (replica) this.#replicas.set(text, { ...replica, minTerm: Math.max(minTerm, minTermOf(replica)) });
    return this.find(key);
  }

  /** Records a batch that this node sends to the others: digests say how far it is. */
  recordSent({ term, batch }: OwnedBatch): void {
    const text = roomKeyText(batch.key);
    const last = eventsOfRoom(batch, undefined).at(-1);
    if (!last) return;
    if (last.type === 'roomClosed') this.#sent.delete(text);
    else this.#sent.set(text, { key: batch.key, term, position: { epoch: last.epoch, seq: last.seq } });
  }

  /** Goes on with a room of another node: its state becomes the room of this one, whose clients get the events that they lack. */
  async recordAdopted({ key, epoch, seq, events }: RoomState, term: number): Promise<void> {
    const text = roomKeyText(key);
    const known = this.#replicas.get(text);
    this.#replicas.delete(text);
    this.#sent.set(text, { key, term, position: { epoch, seq } });
    if (known) await this.#catchUp({ key, epoch, seq, events }, known);
  }

  /**
   * Delivers the events of a room that this node's clients lack. They get the whole state if not all of the events are there, or if
   * they know of another life, or of events that have not happened.
   */
  async #catchUp({ key, epoch, seq, events }: KnownEvents, known: Replica | undefined): Promise<void> {
    const seen = known && seenOf(known);
    if (known && seen && !agrees(seen, known.room.state.events, { epoch, seq, events })) return this.#deps.onLost(key);
    const lastSeq = seen?.seq ?? 0;
    const missing = events.filter((event) => event.seq > lastSeq);
    if (missing.length < seq - lastSeq) this.#deps.onLost(key);
    else
      for (const events of splitAtArrivals(missing)) await this.#deliver({ key, epoch, origin: REPAIR_ORIGIN, events });
  }

  /**
   * Follows a room that was this node's: its clients here get what has happened since.
   *
   * @param term that in which this node has decided the last events; 0 if another node may have decided others
   */
  recordForgotten(state: RoomState, term: number): void {
    const { peers, settings } = this.#deps;
    const text = roomKeyText(state.key);
    const seen = this.#sent.get(text)?.position ?? { epoch: state.epoch, seq: 0 };
    const isBehind = seen.epoch !== state.epoch || seen.seq < state.seq;
    this.#sent.delete(text);
    this.#put({ owner: peers.self, term, room: Room.restore(state, settings), ...(isBehind && { seen }) });
  }

  /** Asks the owner of a room for what this node's clients lack, without waiting for its next batch or digest. @throws the database's error */
  async refresh(key: RoomKey): Promise<void> {
    const { peers, ownerOf } = this.#deps;
    const owner = await ownerOf(key);
    if (owner && owner.node !== peers.self) await this.#repair(key, owner.node).catch(ignoreUnavailable);
  }

  /** Sends the other nodes how far this node is with its rooms, unless the digest before is not answered yet. */
  async sendDigest(): Promise<void> {
    const { peers, termOf } = this.#deps;
    if (this.#isSendingDigest) return;
    const places = [...this.#sent.values()].filter(({ key, term }) => termOf(key) === term);
    // The others ask about a room that is missing: without a valid lease, this node says nothing of its rooms.
    if (places.length === 0 && this.#sent.size > 0) return;
    this.#isSendingDigest = true;
    try {
      await peers.askOthers(DIGEST, { places });
    } finally {
      this.#isSendingDigest = false;
    }
  }

  /** Follows a batch of another node. Resolves when the subscribers of this node have handled it. */
  receive(from: NodeId, owned: OwnedBatch): void | Promise<void> {
    return this.#follow(from, owned, false);
  }

  #follow(from: NodeId, owned: OwnedBatch, isRepaired: boolean): void | Promise<void> {
    const text = roomKeyText(owned.batch.key);
    const repair = this.#repairs.get(text);
    if (repair) return repair.then(() => this.#follow(from, owned, true));
    const { term, batch } = owned;
    const { kept, waiting } = this.#deps;
    const own = this.#sent.get(text);
    // An owner that has lost the room meanwhile: nobody follows it any more (CLUS-2).
    if (own && term <= own.term) return;
    if (own) this.#deps.onReplaced(batch.key, own.term);
    const known = this.#replicas.get(text);
    if (known && term < minTermOf(known)) return;
    waiting?.follow(from, owned);
    const events = eventsOfRoom(batch, known?.room);
    const [first] = events;
    // The waiting room has its own events.
    if (!first) return this.#deliver(batch);
    kept?.follow(batch.key, term, events);
    const isOld = known?.room.epoch === first.epoch && first.seq <= known.room.position.seq;
    // The new owner may not have got what this node has followed last, or has decided itself.
    if (known && (isOld || known.seen) && term > known.term && !isRepaired) {
      return this.#repair(batch.key, from).then(() => this.#follow(from, owned, true));
    }
    const room = isBeginning(events) ? new Room(batch.key, first.epoch, this.#deps.settings) : known?.room;
    const next = room?.epoch === first.epoch ? room.position.seq + 1 : 0;
    if (!room || next < first.seq) {
      // The room has ended meanwhile: what the batch says of members holds nevertheless.
      if (isRepaired) return this.#deliver(batch);
      return this.#repair(batch.key, from).then(() => this.#follow(from, owned, true));
    }
    const fresh = batch.events.filter(({ epoch, seq }) => epoch !== room.epoch || seq >= next);
    room.follow(fresh);
    kept?.follow(batch.key, term, fresh, room);
    this.#put({ owner: from, term, room });
    if (fresh.length > 0) return this.#deliver({ ...batch, events: fresh });
  }

  #put(replica: Replica): void {
    const text = roomKeyText(replica.room.key);
    if (replica.room.closed) this.#replicas.delete(text);
    else this.#replicas.set(text, replica);
  }

  /** Asks the owner of a room for its state, once at a time, and delivers the events that this node lacks. */
  #repair(key: RoomKey, owner: NodeId): Promise<void> {
    const text = roomKeyText(key);
    const running = this.#repairs.get(text);
    if (running) return running;
    const repair = this.#fetch(key, owner).finally(() => this.#repairs.delete(text));
    this.#repairs.set(text, repair);
    return repair;
  }

  async #fetch(key: RoomKey, owner: NodeId): Promise<void> {
    const { peers, settings, onLost, ownerOf } = this.#deps;
    const { snapshot, isElsewhere } = await peers.ask(owner, STATE, { key });
    const text = roomKeyText(key);
    if (!snapshot) {
      // It may have another owner, of which this node has not heard yet.
      const current = await ownerOf(key);
      if (current && current.node !== owner && current.node !== peers.self) return this.#fetch(key, current.node);
      if (isElsewhere) throw new GavelError('server.node-unavailable', 'The room is changing its owner.');
    }
    const known = this.#replicas.get(text);
    if (!snapshot) {
      this.#replicas.delete(text);
      if (known) onLost(key);
      return;
    }
    const { state, term } = snapshot;
    if (known && term < minTermOf(known)) return;
    this.#put({ owner, term, room: Room.restore(state, settings) });
    await this.#catchUp(state, known);
  }

  async #compare(owner: NodeId, places: readonly OwnedPlace[]): Promise<void> {
    const listed = new Set(places.map(({ key }) => roomKeyText(key)));
    const behind = places.flatMap(({ key, term, position }) => {
      const known = this.#replicas.get(roomKeyText(key));
      if (known && minTermOf(known) > term) return [];
      const isSame = known?.room.epoch === position.epoch && known.room.position.seq >= position.seq;
      return isSame && known.owner === owner ? [] : key;
    });
    const gone = [...this.#replicas.values()].flatMap(({ owner: known, room }) =>
      known === owner && !listed.has(roomKeyText(room.key)) ? room.key : [],
    );
    const repairs = [...behind, ...gone].map((key) => this.#repair(key, owner).catch(ignoreUnavailable));
    await Promise.all(repairs);
  }
}

/** Divides events of several commands, so that no member comes and leaves in one batch: subscribers handle removals first. */
function splitAtArrivals(events: readonly RoomEvent[]): readonly (readonly RoomEvent[])[] {
  const parts: RoomEvent[][] = [[]];
  for (const event of events) {
    parts.at(-1)?.push(event);
    if (event.type === 'memberJoined' || event.type === 'memberResumed') parts.push([]);
  }
  return parts.filter(({ length }) => length > 0);
}

/** Whether events of a room up to a position may have been followed by those of its state: the event there is the same in both. */
function agrees({ epoch, seq }: RoomPosition, known: readonly RoomEvent[], later: Omit<KnownEvents, 'key'>): boolean {
  if (epoch !== later.epoch || seq > later.seq) return false;
  const [seen, same] = [known, later.events].map((events) => events.find((event) => event.seq === seq));
  return !seen || !same || JSON.stringify(seen) === JSON.stringify(same);
}

/** What cannot be repaired now is repaired by the next digest, or by the next owner. @throws any other error */
function ignoreUnavailable(error: unknown): void {
  if (!isGavelError(error, 'server.node-unavailable')) throw error;
}

const seenOf = ({ seen, room }: Replica): RoomPosition => seen ?? room.position;
const minTermOf = ({ term, minTerm = 0 }: Replica): number => Math.max(term, minTerm);

/** Returns the events of a batch that are the room's own; the others are those of its waiting room. */
function eventsOfRoom({ epoch, events }: EventBatch, known: Room | undefined): readonly RoomEvent[] {
  const isWaiting = events.every(({ type }) => type.startsWith('waiting') || type === 'admissionAnswered');
  if (isWaiting) return [];
  return events.filter((event) => event.epoch === (isBeginning(events) || !known ? epoch : known.epoch));
}

const isBeginning = (events: readonly RoomEvent[]): boolean => events.some(({ type }) => type === 'roomCreated');
