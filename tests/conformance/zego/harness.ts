/**
 * What the cases of the ZEGO Server API share: a server, signed calls, and users to act on.
 *
 * @module
 */

import type { AppId, Environment, MemberId, RoomId, RoomKey, StreamId, UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit';
import Fastify from 'fastify';
import { pino } from 'pino';
import type { App, Apps } from '../../../packages/server/src/apps/app.ts';
import { createIdSource } from '../../../packages/server/src/rooms/clock.ts';
import type { Origin } from '../../../packages/server/src/rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../../../packages/server/src/rooms/events.ts';
import { type EventSink, Rooms } from '../../../packages/server/src/rooms/rooms.ts';
import { signatureOf } from '../../../packages/server/src/zego/access.ts';
import { registerZegoDoor, type ZegoDoorDeps } from '../../../packages/server/src/zego/door.ts';

/** An answer as it came over HTTP. */
export interface Answer {
  readonly Code: number;
  readonly Message: string;
  readonly RequestId: string;
  readonly Data?: Readonly<Record<string, unknown>>;
}

/** Business parameters; an undefined value is left out, also a public one of that name. */
export type Params = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

const ORIGIN: Origin = { door: 'server', requestId: 'harness' };

/** The App that calls are signed for unless they say otherwise. */
export const APP: App = {
  appId: 1_234_567_890 as AppId,
  name: 'one',
  serverSecret: '0123456789abcdef0123456789abcdef',
  callbackSecret: 'fedcba9876543210fedcba9876543210',
  accountId: 'account',
  rtkAppId: '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70',
  allowNoToken: true,
  rejectReplays: false,
  rateLimits: {},
  createdAtMs: 0,
};
/** Another tenant. */
export const OTHER_APP: App = { ...APP, appId: 77 as AppId, name: 'two', serverSecret: 'f'.repeat(32) };
/** A tenant whose signatures are good once, with limits of its own. */
export const STRICT_APP: App = {
  ...APP,
  appId: 88 as AppId,
  name: 'three',
  rejectReplays: true,
  rateLimits: { KickoutUser: { production: 2 } },
};

const ALL = [APP, OTHER_APP, STRICT_APP];
const apps: Apps = {
  find: (appId) => ALL.find((app) => app.appId === appId),
  findByRtkId: () => undefined,
  ofAccount: () => ALL,
  create: () => Promise.reject(new Error('not used')),
};

/** A server, and short ways to use it. */
export interface Harness {
  readonly baseUrl: string;
  readonly apps: Apps;
  readonly rooms: Rooms;
  readonly clock: FakeClock;
  /** What happened in all rooms, in order. */
  readonly events: RoomEvent[];
  readonly log: LogLine[];
  /** While set, what is thrown when events are taken on: a fault inside the server. */
  fault: Error | undefined;
  /** Gives path and query of a call; `params` may replace public parameters. */
  sign(params: Params, app?: App): string;
  /** Makes a signed call by GET. */
  call(action: string, params?: Params, app?: App): Promise<Answer>;
  /** Makes a signed call by GET and gives its Code. */
  codeOf(action: string, params?: Params, app?: App): Promise<number>;
  /** Fetches a path as it is. */
  get(path: string): Promise<Answer>;
  /** Logs a user in. */
  join(roomId: string, userId: string, environment?: Environment, app?: App): Promise<MemberId>;
  /** Lets a member publish. */
  publish(roomId: string, memberId: MemberId, streamId: string): Promise<void>;
  /** Ids of the users of a room; undefined where there is no such room. */
  usersOf(roomId: string, environment?: Environment, app?: App): Promise<string[] | undefined>;
  close(): Promise<void>;
}

/** Names a room. */
export function keyOf(roomId: string, environment: Environment = 'production', app: App = APP): RoomKey {
  return { appId: app.appId, environment, roomId: roomId as RoomId };
}

/** Signs a query as a customer does; what `params` says wins over what is made. */
export function signQuery(params: Params, app: App, nowMs: number): string {
  const own = (name: string, made: string) => (name in params ? params[name] : made) ?? '';
  const appId = String(own('AppId', String(app.appId)));
  const nonce = String(own('SignatureNonce', crypto.randomUUID().slice(0, 16)));
  const timestamp = String(own('Timestamp', String(Math.floor(nowMs / 1000))));
  const Signature = signatureOf(appId, nonce, app.serverSecret, timestamp);
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

/** Starts a server. Close it at the end. */
export async function start(options: Pick<ZegoDoorDeps, 'onPage'> = {}): Promise<Harness> {
  const clock = new FakeClock();
  const events: RoomEvent[] = [];
  const log: LogLine[] = [];
  const sink: EventSink = {
    handle(batch) {
      if (harness.fault) throw harness.fault;
      events.push(...batch.events);
    },
  };
  const rooms = new Rooms({ clock, ids: createIdSource(clock), heartbeatTimeoutMs: 100_000, keptEvents: 100 }, [sink]);
  const http = Fastify();
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) });
  registerZegoDoor(http, { apps, rooms, clock, log: logger, ...options });
  const baseUrl = await http.listen({ host: '127.0.0.1', port: 0 });

  const harness: Harness = {
    baseUrl,
    apps,
    rooms,
    clock,
    events,
    log,
    fault: undefined,
    sign: (params, app = APP) => signQuery(params, app, clock.now()),
    get: async (path) => (await (await fetch(baseUrl + path)).json()) as Answer,
    call: (action, params = {}, app = APP) => harness.get(harness.sign({ Action: action, ...params }, app)),
    codeOf: async (action, params, app) => (await harness.call(action, params, app)).Code,
    async join(roomId, userId, environment, app) {
      const { session } = await rooms.execute(
        keyOf(roomId, environment, app),
        {
          type: 'login',
          user: { id: userId as UserId, name: `name of ${userId}` },
          scheme: 'app-token',
          clientId: `client of ${userId}`,
          connectionId: `connection of ${userId}`,
          onDuplicate: 'replace',
          wantsMembers: true,
          permissions: { publishAudio: true, publishVideo: true },
          maxMemberCount: 0,
        },
        ORIGIN,
      );
      if (!session) throw new Error('a login without a session');
      return session.member.memberId;
    },
    async publish(roomId, memberId, streamId) {
      const stream = { streamId: streamId as StreamId, audio: true, video: true };
      const reserve = { type: 'reserveStream', memberId, extraInfo: '', ...stream } as const;
      const [held] = eventsOf((await rooms.execute(keyOf(roomId), reserve, ORIGIN)).events, 'streamReserved');
      if (!held) throw new Error('a stream that was not reserved');
      const announce = { type: 'announceStream', publishId: held.stream.publishId, ...stream } as const;
      await rooms.execute(keyOf(roomId), announce, ORIGIN);
    },
    async usersOf(roomId, environment, app) {
      const room = await rooms.snapshot(keyOf(roomId, environment, app));
      return room?.members.map((member) => member.user.id);
    },
    close: () => http.close(),
  };
  return harness;
}
