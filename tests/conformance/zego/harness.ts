/**
 * Harness of the ZEGO Server API tests: a server with a fake clock, signed calls, and users to act on.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto';
import type { EventFrame, RoomKey } from '@gavel/protocol';
import { createToken04, type GavelServer } from '@gavel/server';
import {
  FakeClock,
  FakeMediaEngine,
  RawClient,
  startTestServer,
  type TestRooms,
  type TestServerOptions,
} from '@gavel/testkit';
import { pino } from 'pino';
import { vi } from 'vitest';
import { FileJournal } from '../../../packages/server/src/journal/file-journal.ts';
import { TableJournal } from '../../../packages/server/src/journal/journal.ts';

/** An HTTP answer. */
export interface Answer {
  readonly Code: number;
  readonly Message: string;
  readonly RequestId: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Parameters; an array is written `Name[]=`, an undefined value is omitted, also that of a public parameter. */
export type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The credentials of an App. */
export interface Tenant {
  readonly appId: number;
  readonly serverSecret: string;
}

/** The App and environment of a login; the first App's production environment by default. */
export interface Place {
  readonly environment?: 'production' | 'test';
  readonly app?: Tenant;
  readonly userName?: string;
}

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** A server, with helpers to call it. */
export interface Harness {
  readonly baseUrl: string;
  /** The address of each node. */
  readonly nodeUrls: readonly string[];
  readonly apps: GavelServer['apps'];
  readonly bus: GavelServer['bus'];
  readonly rooms: TestRooms;
  /** Makes the next entry of the journal fail, as on a full disk. */
  failJournalOnce(): void;
  /** The store of used nonces. */
  readonly nonces: GavelServer['store']['nonces'];
  readonly clock: FakeClock;
  readonly engine: FakeMediaEngine;
  /** The App that signs calls by default. */
  readonly app: Tenant;
  /** Another App, of another account. */
  readonly otherApp: Tenant;
  readonly log: LogLine[];
  /** Returns path and query of a call; `params` may replace public parameters. */
  sign(params: Params, app?: Tenant): string;
  /** Makes a signed call by GET. */
  call(action: string, params?: Params, app?: Tenant): Promise<Answer>;
  /** Makes a signed call by GET and returns its Code. */
  codeOf(action: string, params?: Params, app?: Tenant): Promise<number>;
  /** Fetches a path unchanged. */
  get(path: string): Promise<Answer>;
  /** Advances the clock past the one-second limits. */
  nextSecond(): void;
  /** Logs a user in by signalling, with a token. */
  join(roomId: string, userId: string, place?: Place): Promise<RawClient>;
  /** Ids of the users of a room, in the order of their logins; undefined if the room does not exist. */
  usersOf(roomId: string, place?: Place): Promise<string[] | undefined>;
  /** Ids of the streams of a room. */
  streamsOf(roomId: string): Promise<string[] | undefined>;
  close(): Promise<void>;
}

/** Publishes a new stream, and waits until it is announced, which follows the answer; throws when refused. */
export async function publish(client: RawClient, streamId: string): Promise<void> {
  const countAdded = () =>
    client.events.filter((event) => event.event === 'streamAdded' && event.stream.streamId === streamId).length;
  const before = countAdded();
  const { error } = await client.media.publish(streamId);
  if (error) throw new Error(`publish refused: ${error.code}`);
  while (countAdded() === before) await new Promise(setImmediate);
}

/** The events a client has been sent, without those about logins, each as its kind and its subject. */
export function tellingsOf(client: RawClient): string[] {
  return client.events.filter((event) => event.event !== 'memberJoined').map(textOf);
}

function textOf(event: EventFrame): string {
  if (event.event === 'memberLeft') return `memberLeft ${event.member.user.id} ${event.cause}`;
  if (event.event === 'removed') return `removed ${event.cause} ${event.reason}`;
  if (event.event === 'streamAdded') return `streamAdded ${event.stream.streamId}`;
  if (event.event === 'streamUpdated') return `streamUpdated ${event.stream.streamId}`;
  if (event.event === 'streamRemoved') return `streamRemoved ${event.stream.streamId} ${event.cause}`;
  return event.event === 'mediaClosed' ? `mediaClosed ${event.streamId} ${event.cause}` : event.event;
}

/** Signs a query as the vendor documents it; values in `params` override the generated ones. */
export function signQuery(params: Params, app: Tenant, nowMs: number): string {
  const own = (name: string, made: string) => String((name in params ? params[name] : made) ?? '');
  const appId = own('AppId', String(app.appId));
  const nonce = own('SignatureNonce', randomBytes(8).toString('hex'));
  const timestamp = own('Timestamp', String(Math.floor(nowMs / 1000)));
  const Signature = createHash('md5').update(`${appId}${nonce}${app.serverSecret}${timestamp}`).digest('hex');
  const made: Params = {
    AppId: appId,
    SignatureNonce: nonce,
    Timestamp: timestamp,
    SignatureVersion: '2.0',
    Signature,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...made, ...params })) {
    if (typeof value === 'string') query.append(name, value);
    else for (const element of value ?? []) query.append(`${name}[]`, element);
  }
  return `/?${query}`;
}

/** Makes the next entry fail, whichever of the two journals the server has. */
function failJournalOnce(): void {
  const spies = [FileJournal, TableJournal].map(({ prototype }) => vi.spyOn(prototype, 'append'));
  const fail = (): Promise<never> => {
    for (const spy of spies) spy.mockRestore();
    return Promise.reject(new Error('disk full'));
  };
  for (const spy of spies) spy.mockImplementation(fail);
}

/** Starts a server. Close it at the end. */
export async function start(options: TestServerOptions & { readonly clock?: FakeClock } = {}): Promise<Harness> {
  const { clock = new FakeClock() } = options;
  const engine = new FakeMediaEngine();
  const log: LogLine[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const test = await startTestServer({ ...options, clock, engine, log: logger });
  const { apps, bus } = test.server;
  const { rooms } = test;
  const otherApp = await apps.create('another-account', 'other');
  const keyOf = (roomId: string, { environment = 'production', app = test.app }: Place = {}) =>
    ({ appId: app.appId, environment, roomId }) as RoomKey;

  const harness: Harness = {
    baseUrl: test.baseUrl,
    nodeUrls: test.nodeUrls,
    apps,
    bus,
    rooms,
    failJournalOnce,
    nonces: test.server.store.nonces,
    clock,
    engine,
    app: test.app,
    otherApp,
    log,
    sign: (params, app = test.app) => signQuery(params, app, clock.now()),
    get: async (path) => (await (await fetch(test.baseUrl + path)).json()) as Answer,
    call: (action, params = {}, app = test.app) => harness.get(harness.sign({ Action: action, ...params }, app)),
    codeOf: async (action, params, app) => (await harness.call(action, params, app)).Code,
    nextSecond: () => clock.advance(1000),
    async join(roomId, userId, { environment = 'production', app = test.app, userName } = {}) {
      const { appId, serverSecret: secret } = app;
      const token = createToken04({ appId, userId, secret, lifetimeSeconds: 3600, nowMs: clock.now() });
      const credential = { scheme: 'app-token', appId, environment, token } as const;
      const client = await RawClient.open(test.baseUrl);
      await client.login(appId, roomId, userId, { credential, ...(userName !== undefined && { userName }) });
      return client;
    },
    usersOf: async (roomId, place) =>
      (await rooms.snapshot(keyOf(roomId, place)))?.members.map((member) => member.user.id),
    streamsOf: async (roomId) => (await rooms.snapshot(keyOf(roomId)))?.streams.map((stream) => stream.streamId),
    close: () => test.close(),
  };
  return harness;
}
