/**
 * The journal of room events: what all parts must keep of one batch, in one transaction (BUS-6).
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { EventBatch, EventSink } from '../owner/event-feed.ts';
import { eventsOf } from '../rooms/events.ts';
import { type JournalRows, mergeRows } from '../store/journal.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CommandLog } from './command-log.ts';

/** A part that knows at once what it keeps of a batch. */
export interface RowSource {
  /** Returns the rows of a batch; undefined if there are none. */
  rowsOf(batch: EventBatch): JournalRows | undefined;
}

/** A part that reads the store before it knows what it keeps. */
export interface RowRecorder {
  /** Returns whether a batch, or an earlier one of its room that is still being recorded, concerns this part. */
  follows(batch: EventBatch): boolean;
  /**
   * Stores its own rows of a batch together with others.
   *
   * @throws GavelError `server.store-unavailable` or `server.internal` if they could not be stored
   */
  record(batch: EventBatch, others: JournalRows): Promise<void>;
}

/** The dependencies of the journal of batches. */
export interface BatchJournalDeps {
  readonly journal: { append(rows: JournalRows): Promise<void> };
  readonly commands: Pick<CommandLog, 'rowsOf' | 'attachStored'>;
  readonly source: RowSource;
  readonly recorder: RowRecorder;
  /**
   * In a cluster with a common database: returns the term in which this node owns a room, undefined if it does not. The rows of
   * a room have it, so that those of an ended term are refused (CLUS-2).
   */
  readonly termOf?: (key: RoomKey) => number | undefined;
  readonly log: Pick<Logger, 'error'>;
}

/** Stores what must be kept of events. Clients receive events when their callbacks and session rows are stored. */
export class BatchJournal implements EventSink {
  /**
   * Stores audit rows and replies of batches for which clients have nothing to wait for. It is called after the clients'
   * events are sent, in the same turn of the event loop: only the caller of the command waits for these rows.
   */
  readonly rest: EventSink = { handle: (batch) => this.#storeRest(batch) };
  readonly #deps: BatchJournalDeps;

  constructor(deps: BatchJournalDeps) {
    this.#deps = deps;
  }

  /**
   * Stores the rows of a batch that clients wait for, with the audit row and the reply of its command. Returns undefined if
   * clients have nothing to wait for.
   *
   * @throws GavelError (rejects) if the rows could not be stored; not if the server itself acted: there is no caller to report
   *   to, and the clients must still receive the change
   */
  handle(batch: EventBatch): Promise<void> | undefined {
    const { journal, commands, source, recorder } = this.#deps;
    const { done } = batch;
    const rows = source.rowsOf(batch);
    const isFollowed = recorder.follows(batch);
    if (!rows && !isFollowed) return undefined;
    const outcome = done && commands.rowsOf(done);
    const all = this.#withTerm(batch, mergeRows(rows, outcome));
    const stored = isFollowed ? recorder.record(batch, all) : journal.append(all);
    if (done && outcome) commands.attachStored(done.callId, stored);
    return this.#settle(batch, stored);
  }

  #storeRest(batch: EventBatch): void {
    const { journal, commands } = this.#deps;
    const { done } = batch;
    const outcome = done && commands.rowsOf(done);
    if (outcome) commands.attachStored(done.callId, journal.append(this.#withTerm(batch, outcome)));
  }

  #withTerm({ key, events }: EventBatch, rows: JournalRows): JournalRows {
    const { termOf } = this.#deps;
    if (!termOf) return rows;
    const [closed] = eventsOf(events, 'roomClosed');
    const ended = closed && { epoch: closed.epoch, cause: closed.cause, reason: closed.reason };
    // Without a term the node's lease is over: 0 is that of no owner.
    return { ...rows, owned: { key, term: termOf(key) ?? 0, ...(ended && { ended }) } };
  }

  #settle({ key, origin }: EventBatch, stored: Promise<void>): Promise<void> {
    if (origin.channel !== 'server' && origin.channel !== 'media') return stored;
    return stored.catch((error: unknown) =>
      this.#deps.log.error({ err: error, room: roomKeyText(key) }, 'storing what the server did failed'),
    );
  }
}
