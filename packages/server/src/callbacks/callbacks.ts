/**
 * Callbacks: what the rooms tell customers' servers, from the event to the endpoint that has taken it.
 *
 * ```ts
 * const callbacks = new Callbacks({ repository: store.outbox, apps, dialects: [dialect], clock, log, settings });
 * const rooms = new Rooms(roomSettings, { first: [], journal: callbacks.outbox, after: [] });
 * await callbacks.start();
 * ```
 *
 * @module
 */

import type { App } from '../apps/app.ts';
import type { Clock } from '../rooms/clock.ts';
import type { OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CallbackDialect } from './dialect.ts';
import { Dispatcher } from './dispatcher.ts';
import { Outbox } from './outbox.ts';
import { createPoster, type Poster } from './post.ts';

/** Limits of sending, as configured. */
export interface CallbackSettings {
  /** How long an attempt may take. */
  readonly timeoutMs: number;
  readonly maxInFlightPerEndpoint: number;
  readonly maxInMemoryPerEndpoint: number;
  readonly allowPrivateTargets: boolean;
  /** How long callbacks that were given up are kept. */
  readonly keepFailedDays: number;
}

/** What callbacks need. */
export interface CallbacksDeps {
  readonly repository: OutboxRepository;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly userAgent: string;
  readonly settings: CallbackSettings;
  /** How callbacks are posted; over HTTP where it is not given. */
  readonly poster?: Poster;
}

const HOUR_MS = 3_600_000;
/** Attempts under way have so long to end when the server stops; their callbacks are sent again otherwise. */
const CLOSE_TIMEOUT_MS = 1000;
/** How many callbacks one transaction owes again. */
const REPLAY_PART = 500;

/** The outbox and its dispatcher. */
export class Callbacks {
  /** Where events go in. */
  readonly outbox: Outbox;
  readonly #deps: CallbacksDeps;
  readonly #poster: Poster;
  readonly #dispatcher: Dispatcher;
  #stopPurge: (() => void) | undefined;

  constructor(deps: CallbacksDeps) {
    this.#deps = deps;
    this.#poster = deps.poster ?? createPoster(deps.settings);
    this.#dispatcher = new Dispatcher({ ...deps, ...deps.settings, post: this.#poster.post });
    this.outbox = new Outbox({ ...deps, onKept: (records) => this.#dispatcher.offer(records) });
  }

  /** How many callbacks were taken by their endpoints, and how many given up, since the start. */
  get counts(): { readonly delivered: number; readonly failed: number } {
    return this.#dispatcher.counts;
  }

  /** How many callbacks are owed now. */
  countPending(): Promise<number> {
    return this.#deps.repository.count('pending');
  }

  /**
   * Takes up what was owed when the process ended (CB-3), and tells that what was in rooms then is gone (ROOM-10). No event
   * may come before it resolves.
   */
  async start(): Promise<void> {
    await this.#dispatcher.start();
    await this.outbox.closeLeft();
    await this.#purge();
    this.#stopPurge = this.#deps.clock.every(HOUR_MS, () => void this.#purge());
  }

  /** Owes a callback again that was given up; false where there is none. */
  async replay(id: string): Promise<boolean> {
    const replayed = await this.outbox.replay({ id }, 1, this.#deps.clock.now());
    return replayed.length > 0;
  }

  /** Owes all callbacks again that an App's endpoints did not take; gives how many. */
  async replayAll(appId: App['appId']): Promise<number> {
    // Those that are given up again meanwhile are not chased: each is owed again once.
    let left = await this.#deps.repository.count('failed');
    let count = 0;
    while (left > 0) {
      const replayed = await this.outbox.replay({ appId }, Math.min(REPLAY_PART, left), this.#deps.clock.now());
      if (replayed.length === 0) break;
      count += replayed.length;
      left -= replayed.length;
    }
    return count;
  }

  /** Ends within about a second; what was not delivered stays owed. */
  async close(): Promise<void> {
    this.#stopPurge?.();
    await this.outbox.settled();
    const timer = setTimeout(() => void this.#poster.close(), CLOSE_TIMEOUT_MS);
    await this.#dispatcher.close();
    clearTimeout(timer);
    await this.#poster.close();
  }

  async #purge(): Promise<void> {
    const { repository, clock, settings, log } = this.#deps;
    try {
      await repository.purgeFailed(clock.now() - settings.keepFailedDays * 24 * HOUR_MS);
    } catch (error) {
      log.error({ err: error }, 'deleting old failed callbacks failed');
    }
  }
}
