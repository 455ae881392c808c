/**
 * Test helpers for callbacks: a fake endpoint, a minimal dialect and a fake clock.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { pino } from 'pino';
import type { App } from '../apps/app.ts';
import type { NewOutboxRecord, OutboxRecord } from '../store/outbox.ts';
import type { Store } from '../store/store.ts';
import type { CallbackDialect } from './dialect.ts';
import { Dispatcher } from './dispatcher.ts';
import type { PostRequest } from './post.ts';

/** The App that the tests act for. */
export const APP: App = {
  appId: 1001 as AppId,
  name: 'test',
  serverSecret: 's'.repeat(32),
  callbackSecret: 'secret',
  accountId: 'account',
  rtkAppId: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
  allowNoToken: true,
  rejectReplays: false,
  rateLimits: {},
  createdAtMs: 0,
  callbacks: { roomUrl: 'https://a.example/' },
};

/** Writes one callback for each event of a batch. */
export const testDialect: CallbackDialect = {
  name: 'test',
  retryDelaysMs: [2_000, 4_000],
  serves: (app) => app.callbacks !== undefined,
  write: (app, { events }) =>
    events.flatMap(({ type, seq }) =>
      type === 'message' ? [] : { event: type, url: app.callbacks?.roomUrl ?? '', body: `${type} ${seq}` },
    ),
  headersOf: (_app, { id }) => ({ 'x-id': id }),
};

/** Waits until all work that does not depend on the clock is done. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

let lastId = 0;

/** Returns a callback with the body `text`. */
export function record(text: string, over: Partial<NewOutboxRecord> = {}): NewOutboxRecord {
  lastId += 1;
  const target = { appId: APP.appId, url: 'https://a.example/', lane: 'room' };
  return { id: `id-${lastId}`, dialect: 'test', event: 'event', body: text, createdAtMs: 0, ...target, ...over };
}

/** Stores callbacks after those that are stored, and returns them with their numbers. */
export async function addCallbacks(
  { journal }: Pick<Store, 'journal'>,
  records: readonly NewOutboxRecord[],
): Promise<readonly OutboxRecord[]> {
  const lastSeq = await journal.lastCallbackSeq();
  const callbacks = records.map((each, index) => ({
    ...each,
    seq: lastSeq + index + 1,
    attempts: 0,
    nextAttemptAtMs: each.createdAtMs,
  }));
  await journal.apply([{ term: 1, callbacks }]);
  return callbacks;
}

/** A fake endpoint. `answers` returns the status of each request; a pending promise simulates an endpoint that does not respond. */
export class FakeEndpoint {
  readonly requests: PostRequest[] = [];
  answers: (request: PostRequest) => number | Promise<number> = () => 200;
  /** Whether an attempt comes too late to begin. */
  comesTooLate = (): boolean => false;

  readonly post = async (request: PostRequest) => {
    if (this.comesTooLate()) return { isTooLate: true } as const;
    this.requests.push(request);
    return { status: await this.answers(request) };
  };

  /** The received bodies, in order. */
  get bodies(): string[] {
    return this.requests.map(({ body }) => body);
  }
}

/** Creates a dispatcher on a store. */
export function openDispatcher(
  store: Pick<Store, 'outbox' | 'journal'>,
  over: {
    readonly clock?: FakeClock;
    readonly maxInFlight?: number;
    readonly maxInMemory?: number;
    readonly sendableMs?: (appId: AppId) => number;
  } = {},
) {
  const { clock = new FakeClock(), maxInFlight = 32, maxInMemory = 1000, sendableMs } = over;
  const endpoint = new FakeEndpoint();
  /** The ends of callbacks: the name of the event, and the age at its delivery. */
  const delivered: (readonly [event: string, ageMs: number])[] = [];
  const failed: string[] = [];
  const dispatcher = new Dispatcher({
    ...(sendableMs && { sendableMs }),
    repository: store.outbox,
    apps: { find: (appId) => (appId === APP.appId || appId === APP.appId + 1 ? APP : undefined) },
    dialects: [testDialect],
    clock,
    log: pino({ level: 'silent' }),
    post: endpoint.post,
    userAgent: 'Gavel/test',
    timeoutMs: 5000,
    maxInFlightPerEndpoint: maxInFlight,
    maxInMemoryPerEndpoint: maxInMemory,
    onDelivered: ({ event }, ageMs) => delivered.push([event, ageMs]),
    onFailed: ({ event }) => failed.push(event),
  });
  const offer = async (...records: NewOutboxRecord[]): Promise<void> =>
    dispatcher.offer(await addCallbacks(store, records));
  return { clock, endpoint, dispatcher, offer, delivered, failed };
}
