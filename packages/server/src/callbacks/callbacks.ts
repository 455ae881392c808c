/**
 * Callbacks: HTTP notifications to customers' servers, from the room event to the accepted delivery.
 *
 * ```ts
 * const callbacks = new Callbacks({ store, journal, apps, dialects: [dialect], clock, log, settings });
 * await callbacks.start();
 * await callbacks.outbox.append(callbacks.outbox.rowsOf(batch) ?? {});
 * ```
 *
 * @module
 */

import type { App } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { Duties } from '../cluster/duties.ts';
import type { Peers } from '../cluster/peers.ts';
import { numberOfNode } from '../cluster/rendezvous.ts';
import type { Journal } from '../journal/journal.ts';
import type { OutboxRecord } from '../store/outbox.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CallbackDialect } from './dialect.ts';
import { Dispatcher } from './dispatcher.ts';
import { Outbox } from './outbox.ts';
import type { Poster } from './post.ts';
import { SharedCallbacks } from './shared-callbacks.ts';
import { createBestPoster } from './threaded-poster.ts';

/** Limits of sending, as configured. */
export interface CallbackSettings {
  /** How long an attempt may take. */
  readonly timeoutMs: number;
  readonly maxInFlightPerEndpoint: number;
  readonly maxInMemoryPerEndpoint: number;
  readonly allowPrivateTargets: boolean;
  /** How long callbacks that failed permanently are kept. */
  readonly keepFailedDays: number;
}

/** The dependencies of callbacks. */
export interface CallbacksDeps {
  readonly store: Pick<Store, 'outbox' | 'journal'>;
  readonly journal: Journal;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly userAgent: string;
  readonly settings: CallbackSettings;
  /** The nodes: one of them sends the callbacks of an App (CLUS-7). By default this process sends all. */
  readonly cluster?: {
    readonly peers: Pick<Peers, 'self' | 'serve' | 'ask' | 'onNodesChanged'>;
    readonly duties: Duties;
  };
  /** Posts callbacks; over HTTP by default. */
  readonly poster?: Poster;
  /** Called when a callback was delivered, with the time since its event, and when it failed permanently. */
  readonly onDelivered?: (record: OutboxRecord, ageMs: number) => void;
  readonly onFailed?: (record: OutboxRecord) => void;
}

const HOUR_MS = 3_600_000;
/** Time for running attempts to finish when the server stops. Callbacks of unfinished attempts are sent again at the next start. */
const CLOSE_TIMEOUT_MS = 1000;
/** Number of callbacks that one transaction replays. */
const REPLAY_PART = 500;

/** The outbox and its dispatcher. */
export class Callbacks {
  /** Takes the callbacks to be sent. */
  readonly outbox: Outbox;
  readonly #deps: CallbacksDeps;
  readonly #poster: Poster;
  readonly #dispatcher: Dispatcher;
  readonly #shared: SharedCallbacks | undefined;
  #stopPurge: (() => void) | undefined;

  constructor(deps: CallbacksDeps) {
    this.#deps = deps;
    this.#poster = deps.poster ?? createBestPoster(deps.settings);
    const { outbox, journal } = deps.store;
    this.#dispatcher = new Dispatcher({
      ...deps,
      ...deps.settings,
      repository: outbox,
      post: this.#poster.post,
      ...(deps.cluster && { sendableMs: (appId) => this.#shared?.sendableMs(appId) ?? 0 }),
    });
    const { cluster, clock, log } = deps;
    this.#shared =
      cluster && new SharedCallbacks({ ...cluster, dispatcher: this.#dispatcher, repository: outbox, clock, log });
    const sender = this.#shared ?? this.#dispatcher;
    this.outbox = new Outbox({
      ...deps,
      ...(cluster && { node: { id: cluster.peers.self, number: numberOfNode(cluster.peers.self) } }),
      outbox,
      rows: journal,
      onStored: (records) => sender.offer(records),
      onLeft: (appId) => this.#offerLeft(appId),
    });
  }

  /** Returns the number of pending callbacks. */
  countPending(): Promise<number> {
    return this.#deps.store.outbox.count('pending');
  }

  /** Returns the age of the oldest pending callback in milliseconds; 0 if there is none. */
  async findOldestAgeMs(): Promise<number> {
    const [oldest] = await this.#deps.store.outbox.list({ status: 'pending' }, 1);
    return oldest ? this.#deps.clock.now() - oldest.createdAtMs : 0;
  }

  /**
   * Loads the callbacks that were pending when the process ended (CB-3). In a cluster, the nodes whose duty it is do that. No
   * event may arrive before it resolves.
   */
  async start(): Promise<void> {
    if (this.#shared) this.#shared.start();
    else await this.#dispatcher.load();
    await this.outbox.start();
    await this.#purge();
    this.#stopPurge = this.#deps.clock.every(HOUR_MS, () => void this.#purge());
  }

  /** Replays a callback that failed permanently, and returns it; undefined if no such callback exists. */
  async replay(id: string): Promise<OutboxRecord | undefined> {
    const [replayed] = await this.outbox.replay({ id }, 1);
    return replayed;
  }

  /** Replays all failed callbacks of an App; returns their number. */
  async replayAll(appId: App['appId']): Promise<number> {
    // Each failed callback is replayed once, even if it fails permanently again during this loop.
    let left = await this.#deps.store.outbox.count('failed');
    let count = 0;
    while (left > 0) {
      const { length } = await this.outbox.replay({ appId }, Math.min(REPLAY_PART, left));
      if (length === 0) break;
      count += length;
      left -= length;
    }
    return count;
  }

  /** Stops within about a second; undelivered callbacks stay pending. */
  async close(): Promise<void> {
    this.#stopPurge?.();
    await this.outbox.settled();
    const timer = setTimeout(() => void this.#poster.close(), CLOSE_TIMEOUT_MS);
    await this.#dispatcher.close();
    await this.#shared?.close();
    clearTimeout(timer);
    await this.#poster.close();
  }

  #offerLeft(appId: App['appId']): void {
    if (this.#shared) return this.#shared.offerLeft(appId);
    const { log } = this.#deps;
    this.#dispatcher.load(appId).catch((error: unknown) => log.error({ err: error }, 'loading callbacks failed'));
  }

  async #purge(): Promise<void> {
    const { store, clock, settings, log } = this.#deps;
    try {
      await store.outbox.purgeFailed(clock.now() - settings.keepFailedDays * 24 * HOUR_MS);
    } catch (error) {
      log.error({ err: error }, 'deleting old failed callbacks failed');
    }
  }
}
