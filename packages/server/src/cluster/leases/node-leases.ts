/**
 * The lease of this node, the other live nodes, and the owners of rooms as far as this node knows.
 *
 * @module
 */

import { GavelError, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../../base/clock.ts';
import type { OwnedRoom } from '../../store/journal.ts';
import { DUTY_APP_ID } from '../duties.ts';
import type { NodeId } from '../node-link.ts';
import type { Owner, Ownership } from '../ownership.ts';
import { LEASE_MS, type LeasedNode, type LeaseTable, type LiveNode, type NodeFacts } from './lease-table.ts';

/** How often the lease is renewed, in milliseconds. */
export const RENEWAL_MS = 1_000;
/** This node considers its lease as over so long before the database does, in milliseconds: clocks do not run exactly alike. */
const MARGIN_MS = 100;
/** So long after the end of another node's lease the table is asked whether it was renewed, in milliseconds. */
const CHECK_AFTER_MS = 20;

/** The dependencies of `NodeLeases`. */
export interface NodeLeasesDeps {
  readonly table: LeaseTable;
  readonly clock: Clock;
  readonly node: Omit<NodeFacts, 'load'>;
  /** Returns the number of members of this node's rooms, for those who look at the cluster. */
  readonly load?: () => number;
  /** Returns whether this node reaches the others; only then it takes over their rooms. Default: always. */
  readonly mayTakeOver?: () => boolean;
  readonly log: { warn(fields: object, message: string): void };
}

/**
 * Renews the lease of this node each second. Whether it is over is judged by the local monotonic clock, from the moment in
 * which the last successful renewal was sent: it ends here no later than in the database, also for a process that was stopped
 * for a while.
 *
 * ```ts
 * const leases = await NodeLeases.start({ table, clock, node: { id: 'node-a', addresses: ['10.0.0.1'] }, log });
 * const link = await NatsLink.open({ client, membership: leases, clock, id: 'node-a', prefix: 'gavel' });
 * const bus = new ClusterBus({ peers: new ClusterPeers(link), ownership: leases, own, report });
 * ```
 */
export class NodeLeases implements Ownership {
  readonly #deps: NodeLeasesDeps;
  readonly #incarnation: number;
  #validUntilMs: number;
  #live: readonly LiveNode[] = [];
  /** The rooms of this node, by their key. */
  #own = new Map<string, OwnedRoom>();
  /** The owners of other rooms, as far as they are known. */
  readonly #others = new Map<string, Owner>();
  /** Lookups that are under way: later ones of the room join them, so that all resolve in order. */
  readonly #lookups = new Map<string, Promise<Owner | undefined>>();
  readonly #listeners = new Set<() => void>();
  /** Number of gaps of the lease: a claim that was asked for before one has no effect after it. */
  #gaps = 0;
  /** Resolves with whether the lease was renewed. */
  #renewing: Promise<boolean> | undefined;
  #stopRenewals: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;
  readonly #beforeResume: (() => Promise<unknown>)[] = [];
  /** Whether this node was replaced by another process with its id: then its lease is over for good. */
  #isReplaced = false;

  private constructor(deps: NodeLeasesDeps, incarnation: number, validUntilMs: number) {
    this.#deps = deps;
    this.#incarnation = incarnation;
    this.#validUntilMs = validUntilMs;
  }

  /**
   * Begins the lease of this node. Where an earlier process with its id has just died, it waits until that lease is over.
   *
   * @throws Error if another process with its id is alive; the database's error
   */
  static async start(deps: NodeLeasesDeps): Promise<NodeLeases> {
    const { table, clock, node } = deps;
    for (let waitedMs = 0; ; waitedMs += RENEWAL_MS) {
      const sentAtMs = clock.monotonicMs();
      const incarnation = await table.register({ ...node, load: 0 });
      if (incarnation !== undefined) {
        const leases = new NodeLeases(deps, incarnation, validUntil(sentAtMs));
        leases.#live = [{ ...node, load: 0, incarnation }];
        await leases.#renew();
        leases.#stopRenewals = clock.every(RENEWAL_MS, () => leases.#renewUnlessRunning());
        return leases;
      }
      if (waitedMs > LEASE_MS) {
        throw new Error(`another process runs as node "${node.id}": give each node its own id (cluster.node)`);
      }
      await new Promise<void>((resolve) => clock.after(RENEWAL_MS, resolve));
    }
  }

  /** The start of this node. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** Whether the lease is not over: only then this node may decide. */
  get isValid(): boolean {
    return this.#deps.clock.monotonicMs() < this.#validUntilMs;
  }

  /** How long the lease still lasts, in milliseconds; 0 or less if it is over. */
  get remainingMs(): number {
    return this.#validUntilMs - this.#deps.clock.monotonicMs();
  }

  /** The live nodes, ordered by their ids; this one is always among them. */
  get live(): readonly LiveNode[] {
    return this.#live;
  }

  nodes(): readonly NodeId[] {
    return this.#live.map(({ id }) => id);
  }

  /** Calls the listener when the live nodes have changed. Returns a function that ends it. */
  onNodesChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Renews the lease now, and so learns which nodes are live now. Resolves with false if that fails: the next renewal follows. */
  async refresh(): Promise<boolean> {
    // A renewal that is running may have read the nodes before.
    await this.#renewing;
    this.#renewUnlessRunning();
    return (await this.#renewing) ?? false;
  }

  /** Calls the listener before this node decides again after a gap of its lease; if it rejects, the lease is not valid yet. */
  beforeResume(listener: () => Promise<unknown>): void {
    this.#beforeResume.push(listener);
  }

  ownerOf(key: RoomKey): Promise<Owner | undefined> | Owner | undefined {
    const room = roomKeyText(key);
    const running = this.#lookups.get(room);
    if (running) return running;
    return this.#findKnown(room) ?? this.#run(room, () => this.#deps.table.ownerOf(key));
  }

  async claim(key: RoomKey): Promise<Owner> {
    const room = roomKeyText(key);
    const own = this.#findKnown(room);
    if (own?.node === this.#deps.node.id) return own;
    const { table, mayTakeOver = () => true } = this.#deps;
    if (!this.isValid) throw unavailable('The lease of this node is over.');
    if (!mayTakeOver()) throw unavailable('This node does not reach the others.');
    const gaps = this.#gaps;
    const owner = await this.#run(room, () => table.claim(key, this.#self()));
    if (gaps !== this.#gaps) throw unavailable('The lease of this node was over for a while.');
    if (!owner) throw unavailable('This node may not take over rooms yet.');
    if (owner.node === this.#deps.node.id) this.#own.set(room, { key, term: owner.term });
    return owner;
  }

  termOf(key: RoomKey): number | undefined {
    return this.isValid ? this.#own.get(roomKeyText(key))?.term : undefined;
  }

  /** Returns the rooms that belong to this node, whether its lease is over or not. */
  ownedRooms(): readonly RoomKey[] {
    return [...this.#own.values()].flatMap(({ key }) => (key.appId === DUTY_APP_ID ? [] : key));
  }

  /** Deletes at most `limit` rows of rooms and nodes that ended long ago; returns their number. @throws the database's error */
  purge(limit: number): Promise<number> {
    return this.#deps.table.purge(limit);
  }

  correct(key: RoomKey, owner: Owner | undefined): void {
    const room = roomKeyText(key);
    if (owner && owner.node !== this.#deps.node.id) this.#others.set(room, owner);
    else this.#others.delete(room);
  }

  /** Gives up a room that has ended: its next login may be at any node. @throws the database's error; then the room stays */
  async release(key: RoomKey): Promise<void> {
    const room = roomKeyText(key);
    const own = this.#own.get(room);
    if (!own) return;
    await this.#deps.table.release(own, this.#self());
    if (this.#own.get(room)?.term === own.term) this.#own.delete(room);
  }

  /** Ends the lease: other nodes may take over the rooms at once. */
  async close(): Promise<void> {
    this.#stopRenewals?.();
    this.#cancelCheck?.();
    await this.#renewing;
    this.#validUntilMs = Number.NEGATIVE_INFINITY;
    this.#own.clear();
    // Without the database, the lease ends by itself.
    await this.#deps.table.end(this.#self()).catch(() => {});
  }

  #self(): LiveNode {
    const { node, load = () => 0 } = this.#deps;
    return { ...node, load: load(), incarnation: this.#incarnation };
  }

  #findKnown(room: string): Owner | undefined {
    if (!this.isValid) return undefined;
    const own = this.#own.get(room);
    return own ? { node: this.#deps.node.id, term: own.term } : this.#others.get(room);
  }

  /** Asks the table for the owner of a room, one question about a room after another. */
  #run(room: string, ask: () => Promise<Owner | undefined>): Promise<Owner | undefined> {
    const earlier = this.#lookups.get(room);
    const lookup = (earlier ? earlier.then(ask, ask) : ask()).then((owner) => {
      if (owner && owner.node !== this.#deps.node.id) this.#others.set(room, owner);
      return owner;
    });
    this.#lookups.set(room, lookup);
    const forget = (): void => {
      if (this.#lookups.get(room) === lookup) this.#lookups.delete(room);
    };
    lookup.then(forget, forget);
    return lookup;
  }

  #renewUnlessRunning(): void {
    if (this.#isReplaced) return;
    this.#renewing ??= this.#renew()
      .then(() => true)
      .catch((error: unknown) => {
        this.#deps.log.warn({ err: error, remainingMs: this.remainingMs }, 'the lease of this node was not renewed');
        return false;
      })
      .finally(() => {
        this.#renewing = undefined;
      });
  }

  async #renew(): Promise<void> {
    const { table, clock } = this.#deps;
    const self = this.#self();
    const sentAtMs = clock.monotonicMs();
    const hadGap = !this.isValid;
    const live = await table.renew(self);
    if (!live) {
      this.#isReplaced = true;
      throw new Error('another process runs with the id of this node');
    }
    // Meanwhile others may have claimed rooms of this node: before it decides again, it learns which are left.
    if (hadGap || !this.isValid) {
      this.#gaps += 1;
      this.#own = keyed(await table.roomsOf(self));
      await Promise.all(this.#beforeResume.map((listener) => listener()));
    }
    this.#validUntilMs = validUntil(sentAtMs);
    this.#setLive(live);
  }

  /** Renews once more when the lease of another node ends unless it was renewed, so that its rooms are taken over at once. */
  #checkAtNextEnd(live: readonly LeasedNode[]): void {
    const { clock, node } = this.#deps;
    const others = live.flatMap(({ id, remainingMs }) => (id === node.id ? [] : remainingMs));
    this.#cancelCheck?.();
    this.#cancelCheck =
      others.length > 0
        ? clock.after(Math.max(0, Math.min(...others)) + CHECK_AFTER_MS, () => this.#renewUnlessRunning())
        : undefined;
  }

  #setLive(live: readonly LeasedNode[]): void {
    this.#checkAtNextEnd(live);
    const before = this.#live;
    this.#live = live;
    const ids = new Set(live.map(({ id }) => id));
    for (const [room, { node }] of this.#others) if (!ids.has(node)) this.#others.delete(room);
    const isSame = live.length === before.length && before.every(({ id }) => ids.has(id));
    if (!isSame) for (const listener of this.#listeners) listener();
  }
}

const validUntil = (sentAtMs: number): number => sentAtMs + LEASE_MS - MARGIN_MS;
const unavailable = (why: string): GavelError => new GavelError('server.node-unavailable', why);
const keyed = (rooms: readonly OwnedRoom[]): Map<string, OwnedRoom> =>
  new Map(rooms.map((room) => [roomKeyText(room.key), room]));
