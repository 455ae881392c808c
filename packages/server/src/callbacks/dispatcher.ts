/**
 * The dispatcher: sends pending callbacks, and retries failed ones as their dialect defines (CB-2, CB-4).
 *
 * @module
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AppId } from '@gavel/protocol';
import type { App } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import type { Endpoint, OutboxRecord, OutboxRepository } from '../store/outbox.ts';
import type { Logger } from '../telemetry/log.ts';
import type { CallbackDialect } from './dialect.ts';
import { EndpointQueue, type Verdict } from './endpoint-queue.ts';
import { type Post, sharedMonotonicMs } from './post.ts';

/** The dependencies of the dispatcher. */
export interface DispatcherDeps {
  readonly repository: OutboxRepository;
  readonly apps: { find(appId: number): App | undefined };
  readonly dialects: readonly CallbackDialect[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly post: Post;
  readonly userAgent: string;
  /**
   * Returns how long from now this process may begin attempts for an App, in milliseconds; 0 or less if it may not. By default it
   * always may.
   */
  readonly sendableMs?: (appId: AppId) => number;
  /** How long an attempt may take. */
  readonly timeoutMs: number;
  readonly maxInFlightPerEndpoint: number;
  readonly maxInMemoryPerEndpoint: number;
  /** Called when a callback was delivered, with the time since its event, and when it failed permanently. */
  readonly onDelivered?: ((record: OutboxRecord, ageMs: number) => void) | undefined;
  readonly onFailed?: ((record: OutboxRecord) => void) | undefined;
}

/** Delivered callbacks are deleted from the store after this many turns of the event loop without a delivery. */
const QUIET_TURNS = 4;
/** This many delivered callbacks are deleted without waiting for quiet turns. */
const MAX_DELIVERED = 200;
/** Delay before delivered callbacks are deleted after the store has failed. */
const FORGET_RETRY_MS = 1000;

/** The result of a failed attempt. */
interface Failure {
  readonly status?: number;
  readonly message: string;
}

const endpointKey = ({ appId, url }: Endpoint): string => `${appId} ${url}`;
/** Returns a URL without its query and fragment, which may contain secrets. */
const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');

/** Sends callbacks. An endpoint that does not respond does not delay other endpoints. */
export class Dispatcher {
  readonly #deps: DispatcherDeps;
  readonly #dialects: ReadonlyMap<string, CallbackDialect>;
  readonly #queues = new Map<string, EndpointQueue>();
  /** Ids of delivered callbacks that are not yet deleted from the store. */
  #delivered: string[] = [];
  #forgetting: Promise<void> | undefined;
  /** Ends the wait for the next attempt to delete delivered callbacks. */
  #endWait = (): void => {};
  #isClosed = false;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
    this.#dialects = new Map(deps.dialects.map((dialect) => [dialect.name, dialect]));
  }

  /**
   * Loads stored callbacks, of all Apps or of one, that were not offered: those of an earlier process or of other nodes. What is
   * offered to an endpoint that is not known yet must not be offered before it resolves.
   */
  async load(appId?: AppId): Promise<void> {
    const endpoints = await this.#deps.repository.endpoints(appId);
    if (this.#isClosed) return;
    await Promise.all(endpoints.map((endpoint) => this.#queueOf(endpoint, true).reload()));
  }

  /** Accepts newly stored callbacks, in the order of `seq`. After `close` they stay in the store. */
  offer(records: readonly OutboxRecord[]): void {
    if (this.#isClosed) return;
    const byEndpoint = Map.groupBy(records, endpointKey);
    for (const group of byEndpoint.values()) {
      const [first] = group;
      if (first) this.#queueOf(first, false).offer(group);
    }
  }

  /** Goes on with attempts that `sendableMs` has held back. */
  resume(): void {
    for (const queue of this.#queues.values()) queue.resume();
  }

  /** Sends callbacks of an App no more, as `close`; those that were not delivered stay in the store. */
  async drop(appId: AppId): Promise<void> {
    await this.#end([...this.#queues].filter(([key]) => key.startsWith(`${appId} `)));
  }

  /** Starts no new attempt; resolves when the running attempts have ended and their results are stored. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWait();
    await this.#end([...this.#queues]);
  }

  async #end(queues: readonly (readonly [key: string, queue: EndpointQueue])[]): Promise<void> {
    for (const [key] of queues) this.#queues.delete(key);
    await Promise.all(queues.map(([, queue]) => queue.close()));
    await this.#forgetting;
  }

  #queueOf({ appId, url }: Endpoint, hasBacklog: boolean): EndpointQueue {
    const key = endpointKey({ appId, url });
    const known = this.#queues.get(key);
    if (known) return known;
    const { repository, clock, log, maxInFlightPerEndpoint, maxInMemoryPerEndpoint } = this.#deps;
    const deps = {
      repository,
      clock,
      log,
      attempt: (record: OutboxRecord) => this.#attempt(record),
      maySend: () => this.#sendableMs(appId) > 0,
      maxInFlight: maxInFlightPerEndpoint,
      maxRetryDelayMs: Math.max(0, ...this.#deps.dialects.flatMap(({ retryDelaysMs }) => retryDelaysMs)),
      maxInMemory: maxInMemoryPerEndpoint,
    };
    const queue = new EndpointQueue({ appId, url }, deps, hasBacklog);
    this.#queues.set(key, queue);
    return queue;
  }

  #sendableMs(appId: AppId): number {
    return this.#deps.sendableMs?.(appId) ?? Number.POSITIVE_INFINITY;
  }

  async #attempt(record: OutboxRecord): Promise<Verdict | 'not-begun' | undefined> {
    const failure = await this.#send(record);
    if (failure === 'not-begun') return failure;
    if (failure) return this.#judge(record, failure);
    this.#deps.onDelivered?.(record, this.#deps.clock.now() - record.createdAtMs);
    this.#delivered.push(record.id);
    this.#forgetting ??= this.#forgetDelivered();
    return undefined;
  }

  /** Sends a callback, unless this process may not begin any more when its turn has come. */
  async #send(record: OutboxRecord): Promise<Failure | 'not-begun' | undefined> {
    const { apps, clock, userAgent, timeoutMs, post } = this.#deps;
    const app = apps.find(record.appId);
    const dialect = this.#dialects.get(record.dialect);
    if (!app || !dialect) return { message: 'the App is not configured: no secret is available to sign with' };
    try {
      const headers = {
        'content-type': 'application/json',
        'user-agent': userAgent,
        ...(await dialect.headersOf(app, record, clock.now())),
      };
      const sendableMs = this.#sendableMs(record.appId);
      if (sendableMs <= 0) return 'not-begun';
      const limit = Number.isFinite(sendableMs) && { beginBeforeMs: sharedMonotonicMs() + sendableMs };
      const outcome = await post({ url: record.url, headers, body: record.body, timeoutMs, ...limit });
      if ('isTooLate' in outcome) return 'not-begun';
      const { status } = outcome;
      return status >= 200 && status <= 299 ? undefined : { status, message: `answered ${status}` };
    } catch (error) {
      return { message: error instanceof Error ? error.message : String(error) };
    }
  }

  #judge(record: OutboxRecord, { status, message }: Failure): Verdict {
    const atMs = this.#deps.clock.now();
    const delayMs = this.#dialects.get(record.dialect)?.retryDelaysMs[record.attempts];
    const failure = { attempts: record.attempts + 1, atMs, lastStatus: status, lastError: message };
    const { id, appId, event, url } = record;
    const facts = { id, appId, event, url: withoutQuery(url), attempts: failure.attempts, status, reason: message };
    if (delayMs === undefined) {
      this.#deps.onFailed?.(record);
      this.#deps.log.warn(facts, 'callback failed permanently');
      return { failure, nextAttemptAtMs: undefined };
    }
    this.#deps.log.info({ ...facts, againInMs: delayMs }, 'callback attempt failed; retrying');
    return { failure, nextAttemptAtMs: atMs + delayMs };
  }

  /** Waits a while, or until the dispatcher is closed. */
  #waitForRetry(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(FORGET_RETRY_MS, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
      if (this.#isClosed) this.#endWait();
    });
  }

  /** Deletes delivered callbacks from the store in groups: deleting them one by one costs more than four times as much. */
  async #forgetDelivered(): Promise<void> {
    while (this.#delivered.length > 0) {
      for (let known = 0, quiet = 0; quiet < QUIET_TURNS && known < MAX_DELIVERED; ) {
        await nextTurn();
        quiet = this.#delivered.length > known ? 0 : quiet + 1;
        known = this.#delivered.length;
      }
      const ids = this.#delivered;
      this.#delivered = [];
      try {
        await this.#deps.repository.delete(ids);
      } catch (error) {
        this.#deps.log.error({ err: error, count: ids.length }, 'deleting delivered callbacks failed; retrying');
        this.#delivered.unshift(...ids);
        await this.#waitForRetry();
        // The next start sends them again, with the same ids.
        if (this.#isClosed) break;
      }
    }
    this.#forgetting = undefined;
  }
}
