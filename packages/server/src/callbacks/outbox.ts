/**
 * The outbox: the callbacks of events as rows of the journal, and their numbers (CB-3).
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { type Epoch, type MemberId, type PublishId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { App } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import { KeyedQueue } from '../base/keyed-queue.ts';
import type { NodeId } from '../cluster/node-link.ts';
import type { RowSource } from '../journal/batch-journal.ts';
import type { Journal } from '../journal/journal.ts';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { JournalRepository, JournalRows, OwnedRoom } from '../store/journal.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import type { NewOutboxRecord, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { CallbackDialect } from './dialect.ts';
import { closingBatchOf, liveChangeOf } from './live-rooms.ts';

/** The dependencies of the outbox. */
export interface OutboxDeps {
  readonly outbox: Pick<OutboxRepository, 'find' | 'list'>;
  readonly rows: Pick<JournalRepository, 'lastCallbackSeq'>;
  readonly journal: Journal;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  /** This node, and its number from 0 to 1023; absent in a single process. */
  readonly node?: { readonly id: NodeId; readonly number: number };
  /** Called with stored callbacks, in the order of `seq`. */
  readonly onStored: (records: readonly OutboxRecord[]) => void;
  /** Called where callbacks are in the store that nobody may have announced: those of an earlier owner of a room, or stored late. */
  readonly onLeft?: (appId: App['appId']) => void;
}

/** Callbacks of the nodes of a cluster have different numbers: this many lie between two of one node. */
const NODE_STEP = 1024;
/** Numbers of callbacks of a cluster begin at this time, so that they are integers: 2020-01-01. */
const FIRST_SEQ_AT_MS = 1_577_836_800_000;

/** Replays run one after another, so that a callback is not replayed twice. */
const REPLAYS = 'replays';

/** Gives callbacks to the journal, and to the dispatcher when they are stored. */
export class Outbox implements RowSource {
  readonly #deps: OutboxDeps;
  readonly #replays = new KeyedQueue();
  #lastSeq = 0;
  /** This process among all of the cluster: the numbers of an earlier one of the node may be ahead of its clock. */
  readonly #owner: string | undefined;
  /** Members, streams and lives of rooms whose end an earlier owner has stored. */
  readonly #ended = new Set<string>();
  /** Stored callbacks that the dispatcher does not have yet. */
  #stored: OutboxRecord[] = [];

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#owner = deps.node && `${deps.node.id}.${randomUUID()}`;
    deps.journal.onStoredLate?.((entries) => {
      const callbacks = entries.flatMap((entry) => entry.callbacks ?? []);
      for (const appId of new Set(callbacks.map((record) => record.appId))) deps.onLeft?.(appId);
    });
  }

  /** Continues the numbers of the stored callbacks. It must resolve before the first callback. */
  async start(): Promise<void> {
    const stored = await this.#deps.rows.lastCallbackSeq();
    const { node } = this.#deps;
    this.#lastSeq = node === undefined ? stored : Math.floor(stored / NODE_STEP) * NODE_STEP + node.number;
  }

  /**
   * Numbers later callbacks after those that an earlier owner of a room has stored, even if its clock is ahead, and has those
   * sent first: it may have died before it announced them.
   */
  async continueAfter(key: RoomKey): Promise<void> {
    const { rows, node, onLeft } = this.#deps;
    if (node === undefined) return;
    const stored = await rows.lastCallbackSeq({ appId: key.appId, lane: roomKeyText(key) });
    if (stored === 0) return;
    this.#lastSeq = Math.max(this.#lastSeq, Math.floor(stored / NODE_STEP) * NODE_STEP + node.number);
    onLeft?.(key.appId);
  }

  /**
   * Writes no callbacks about the end of members, streams and lives of rooms that end next: an earlier owner has stored them.
   */
  omitEnds(ids: readonly (MemberId | PublishId | Epoch)[]): void {
    for (const id of ids) this.#ended.add(id);
  }

  #isStored(event: RoomEvent): boolean {
    if (event.type === 'roomClosed') return this.#ended.delete(event.epoch);
    if (event.type === 'memberLeft') return this.#ended.delete(event.member.memberId);
    return event.type === 'streamRemoved' && this.#ended.delete(event.stream.publishId);
  }

  /**
   * Returns the next number. In a cluster it follows the clock, so that a room's callbacks stay in order when another node
   * becomes its owner.
   */
  #nextSeq(): number {
    const { node, clock } = this.#deps;
    if (node === undefined) this.#lastSeq += 1;
    else {
      const fromClock = (clock.now() - FIRST_SEQ_AT_MS) * NODE_STEP + node.number;
      this.#lastSeq = Math.max(fromClock, this.#lastSeq + NODE_STEP);
    }
    return this.#lastSeq;
  }

  rowsOf(batch: EventBatch): JournalRows | undefined {
    const app = this.#deps.apps.find(batch.key.appId);
    const dialects = app ? this.#deps.dialects.filter((dialect) => dialect.serves(app)) : [];
    if (!app || dialects.length === 0) return undefined;
    const events = this.#ended.size === 0 ? batch.events : batch.events.filter((event) => !this.#isStored(event));
    const callbacks = dialects.flatMap((dialect) => this.#recordsOf(dialect, app, { ...batch, events }));
    const change = liveChangeOf(batch);
    if (callbacks.length === 0 && !change) return undefined;
    return { callbacks, ...(change && { liveRooms: [change] }) };
  }

  /**
   * Stores rows, and sends their callbacks then. Callbacks are numbered, and sent, in the order of the calls.
   *
   * @throws as `Journal.append`
   */
  append(rows: JournalRows): Promise<void> {
    const { journal } = this.#deps;
    const { callbacks = [] } = rows;
    const records = callbacks.map((record) => this.#numbered(record));
    const stored = journal.append({ ...rows, callbacks: records });
    return records.length === 0 ? stored : stored.then(() => this.#offer(records));
  }

  /**
   * Stores the callbacks that close a room whose process is gone, and deletes its snapshot in the same transaction: once,
   * however often the process crashes (ROOM-10).
   *
   * @param owned in a cluster, the room and the term in which this node owns it
   */
  async closeLeft(room: LiveRoom, owned?: OwnedRoom): Promise<void> {
    await this.continueAfter(room.key);
    const batch = closingBatchOf(room, this.#deps.clock.now());
    const change = liveChangeOf(batch);
    // An App that no longer has callbacks receives none, but its snapshots are deleted too.
    const rows = this.rowsOf(batch) ?? (change ? { liveRooms: [change] } : {});
    await this.append(owned ? { ...rows, owned } : rows);
  }

  /**
   * Requeues callbacks that failed permanently: at the end of the queue, with attempts reset to 0 and the same id. Requeues one
   * callback, or the oldest `limit` of an App; returns them as they were.
   */
  replay(
    which: { readonly id: string } | { readonly appId: App['appId'] },
    limit: number,
  ): Promise<readonly OutboxRecord[]> {
    return this.#replays.run(REPLAYS, async () => {
      const callbacks = await this.#findFailed(which, limit);
      await this.append({ callbacks });
      return callbacks;
    });
  }

  /** Resolves when nothing is being stored, and the dispatcher has what is stored. */
  async settled(): Promise<void> {
    await this.#replays.settled();
    await this.#deps.journal.settled();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #findFailed(which: Parameters<Outbox['replay']>[0], limit: number): Promise<readonly OutboxRecord[]> {
    const { outbox } = this.#deps;
    if ('appId' in which) return outbox.list({ status: 'failed', appIds: [which.appId] }, limit);
    const record = await outbox.find(which.id);
    return record?.failedAtMs === undefined ? [] : [record];
  }

  #numbered({ id, appId, dialect, event, url, lane, body, createdAtMs }: NewOutboxRecord): OutboxRecord {
    const seq = this.#nextSeq();
    const { clock } = this.#deps;
    const owner = this.#owner;
    const target = { id, appId, dialect, event, url, lane, body, createdAtMs };
    return { seq, ...target, attempts: 0, nextAttemptAtMs: clock.now(), ...(owner !== undefined && { owner }) };
  }

  /** Gives stored callbacks to the dispatcher in the next turn: callers get their answers first, sending costs more than storing. */
  #offer(records: readonly OutboxRecord[]): void {
    if (records.length === 0) return;
    if (this.#stored.length === 0) setImmediate(() => this.#deps.onStored(this.#stored.splice(0)));
    this.#stored.push(...records);
  }

  #recordsOf(dialect: CallbackDialect, app: App, batch: EventBatch): NewOutboxRecord[] {
    const lane = roomKeyText(batch.key);
    const createdAtMs = this.#deps.clock.now();
    return dialect.write(app, batch).map(({ event, url, body }) => ({
      id: randomUUID(),
      appId: app.appId,
      dialect: dialect.name,
      event,
      url,
      lane,
      body,
      createdAtMs,
    }));
  }
}
