/**
 * A table of leases in memory, for tests.
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../../base/clock.ts';
import type { OwnedRoom } from '../../store/journal.ts';
import type { Owner } from '../ownership.ts';
import {
  HEALTHY_LEASES,
  type Incarnation,
  LEASE_MS,
  type LeasedNode,
  type LeaseTable,
  type LiveNode,
  type NodeFacts,
} from './lease-table.ts';

const RELEASED_MS = 3_600_000;

interface NodeRow {
  facts: LiveNode;
  expiresAtMs: number;
  healthySinceMs: number;
}

interface RoomRow extends OwnedRoom {
  readonly owner: Incarnation | undefined;
  readonly releasedAtMs?: number;
}

/** A table that all nodes of a test share. Its time is that of the clock. */
export class MemoryLeaseTable implements LeaseTable {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #leaseMs: number;
  readonly #nodes = new Map<string, NodeRow>();
  readonly #rooms = new Map<string, RoomRow>();
  /** Thrown by every call while it is set, as by a database that cannot be reached. */
  failure: Error | undefined;

  constructor(clock: Pick<Clock, 'monotonicMs'>, leaseMs = LEASE_MS) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  async register(node: NodeFacts): Promise<number | undefined> {
    this.#requireDatabase();
    const known = this.#nodes.get(node.id);
    if (known && this.#isLive(known)) return undefined;
    const incarnation = (known?.facts.incarnation ?? 0) + 1;
    const now = this.#clock.monotonicMs();
    this.#nodes.set(node.id, {
      facts: { ...node, incarnation },
      expiresAtMs: now + this.#leaseMs,
      healthySinceMs: now,
    });
    return incarnation;
  }

  async renew(node: LiveNode): Promise<readonly LeasedNode[] | undefined> {
    this.#requireDatabase();
    const row = this.#find(node);
    if (!row) return undefined;
    const now = this.#clock.monotonicMs();
    if (!this.#isLive(row)) row.healthySinceMs = now;
    row.expiresAtMs = now + this.#leaseMs;
    row.facts = node;
    const live = [...this.#nodes.values()].filter((each) => this.#isLive(each));
    return live
      .map(({ facts, expiresAtMs }) => ({ ...facts, remainingMs: expiresAtMs - now }))
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  async end(node: Incarnation): Promise<void> {
    this.#requireDatabase();
    const row = this.#find(node);
    if (row) row.expiresAtMs = Math.min(row.expiresAtMs, this.#clock.monotonicMs());
  }

  async roomsOf(node: Incarnation): Promise<readonly OwnedRoom[]> {
    this.#requireDatabase();
    const rooms = [...this.#rooms.values()].filter(({ owner }) => isSame(owner, node));
    return rooms.map(({ key, term }) => ({ key, term }));
  }

  async ownerOf(key: RoomKey): Promise<Owner | undefined> {
    this.#requireDatabase();
    const room = this.#rooms.get(roomKeyText(key));
    return room && this.#hasOwner(room) && room.owner ? { node: room.owner.id, term: room.term } : undefined;
  }

  async claim(key: RoomKey, { id, incarnation }: Incarnation): Promise<Owner | undefined> {
    this.#requireDatabase();
    const claimant = this.#find({ id, incarnation });
    if (!claimant || !this.#isLive(claimant)) return this.ownerOf(key);
    const room = this.#rooms.get(roomKeyText(key));
    const isHealthy = claimant.healthySinceMs <= this.#clock.monotonicMs() - HEALTHY_LEASES * this.#leaseMs;
    const isTakeover = room?.owner !== undefined && room.owner.id !== id;
    if (room && (this.#hasOwner(room) || (isTakeover && !isHealthy))) return this.ownerOf(key);
    const term = (room?.term ?? 0) + 1;
    this.#rooms.set(roomKeyText(key), { key, term, owner: { id, incarnation } });
    return { node: id, term };
  }

  async release({ key, term }: OwnedRoom, node: Incarnation): Promise<void> {
    this.#requireDatabase();
    const room = this.#rooms.get(roomKeyText(key));
    if (room?.term !== term || !isSame(room.owner, node)) return;
    this.#rooms.set(roomKeyText(key), { key, term, owner: undefined, releasedAtMs: this.#clock.monotonicMs() });
  }

  async purge(limit: number): Promise<number> {
    this.#requireDatabase();
    const nowMs = this.#clock.monotonicMs();
    const beforeMs = nowMs - RELEASED_MS;
    const old = [...this.#rooms].filter(([, { releasedAtMs = Infinity }]) => releasedAtMs < beforeMs).slice(0, limit);
    for (const [key] of old) this.#rooms.delete(key);
    const isGone = ({ id, incarnation }: Incarnation): boolean => {
      const node = this.#nodes.get(id);
      return !node || node.expiresAtMs < beforeMs || node.facts.incarnation !== incarnation;
    };
    const left = [...this.#rooms].filter(([, { owner }]) => owner && isGone(owner)).slice(0, limit - old.length);
    for (const [text, { key, term }] of left)
      this.#rooms.set(text, { key, term, owner: undefined, releasedAtMs: nowMs });
    const owners = new Set([...this.#rooms.values()].map(({ owner }) => owner?.id));
    const dead = [...this.#nodes].filter(([id, { expiresAtMs }]) => expiresAtMs < beforeMs && !owners.has(id));
    for (const [id] of dead) this.#nodes.delete(id);
    return old.length + left.length + dead.length;
  }

  #requireDatabase(): void {
    if (this.failure) throw this.failure;
  }

  #find({ id, incarnation }: Incarnation): NodeRow | undefined {
    const row = this.#nodes.get(id);
    return row?.facts.incarnation === incarnation ? row : undefined;
  }

  #isLive({ expiresAtMs }: NodeRow): boolean {
    return expiresAtMs > this.#clock.monotonicMs();
  }

  #hasOwner({ owner }: RoomRow): boolean {
    const node = owner && this.#find(owner);
    return node !== undefined && this.#isLive(node);
  }
}

const isSame = (one: Incarnation | undefined, other: Incarnation): boolean =>
  one?.id === other.id && one.incarnation === other.incarnation;
