/**
 * A server with the RealtimeKit door on a real port, the vendor's own client for it, and members to kick.
 *
 * @module
 */

import { type MemberId, parseUserId, type UserId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { wrapTestBus } from '@gavel/testkit/test-bus';
import { TestRooms } from '@gavel/testkit/test-rooms';
import Cloudflare, { APIError } from 'cloudflare';
import Fastify from 'fastify';
import { type AppDefinition, AppRegistry } from '../../../packages/server/src/apps/app-registry.ts';
import { LocalBus } from '../../../packages/server/src/bus/local-bus.ts';
import { Publisher } from '../../../packages/server/src/bus/publisher.ts';
import { NO_MEDIA } from '../../../packages/server/src/bus/testing.ts';
import { NO_LINK } from '../../../packages/server/src/cluster/node-link.ts';
import { ClusterPeers } from '../../../packages/server/src/cluster/peers.ts';
import type { Admission } from '../../../packages/server/src/entry/admission.ts';
import { BatchJournal } from '../../../packages/server/src/journal/batch-journal.ts';
import { AdmissionGuard } from '../../../packages/server/src/realtimekit/admission-guard.ts';
import { ApiTokenRegistry } from '../../../packages/server/src/realtimekit/api-tokens.ts';
import { createParticipantTokenAuthenticator } from '../../../packages/server/src/realtimekit/authenticator.ts';
import { ChatLinks } from '../../../packages/server/src/realtimekit/chat/chat-links.ts';
import { registerRealtimeKitDoor } from '../../../packages/server/src/realtimekit/door.ts';
import type { RateLimitSettings } from '../../../packages/server/src/realtimekit/rate-limit.ts';
import { SessionRecorder } from '../../../packages/server/src/realtimekit/sessions/session-recorder.ts';
import { STOCK_PRESETS } from '../../../packages/server/src/realtimekit/stock-presets.ts';
import { ParticipantTokens } from '../../../packages/server/src/realtimekit/tokens.ts';
import { Webhooks } from '../../../packages/server/src/realtimekit/webhooks/webhooks.ts';
import { createIdSource } from '../../../packages/server/src/rooms/clock.ts';
import { EndedTickets } from '../../../packages/server/src/rooms/ended-tickets.ts';
import { eventsOf } from '../../../packages/server/src/rooms/events.ts';
import { type EventBatch, Rooms, type Session } from '../../../packages/server/src/rooms/rooms.ts';
import type { JournalRows } from '../../../packages/server/src/store/journal.ts';
import type { NewOutboxRecord } from '../../../packages/server/src/store/outbox.ts';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';

/** Two accounts; the first has two Apps. */
export const ACCOUNT = '023e105f4ecef8ad9ca31a8372d0c353';
export const OTHER_ACCOUNT = 'ffff105f4ecef8ad9ca31a8372d0ffff';
export const APP = '3f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b70';
export const SECOND_APP = '4f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b71';
export const OTHER_APP = '5f2b1c9e-7a54-4c1d-9e61-0c6f2a8d5b72';
/** Tokens for the first account, for its first App only, and for the other account. */
export const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
export const LIMITED_TOKEN = 'limited-JTBX6kkg7OdcBUAxOO963GEIyGQqnFTO';
export const OTHER_TOKEN = 'other-3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFT';
/** The issuer of the server's tickets. */
export const ISSUER = 'test';
/** A UUID of no object. */
export const NOBODY = '813432c7-3c5a-45e2-9acf-eef7061c7584';

const appOf = (appId: number, name: string, accountId: string, rtkAppId: string): AppDefinition => ({
  appId,
  name,
  accountId,
  rtkAppId,
  serverSecret: `${appId}`.repeat(32).slice(0, 32),
  callbackSecret: 'callback',
  allowNoToken: false,
  rejectReplays: false,
});
const APPS = [
  appOf(1, 'first', ACCOUNT, APP),
  appOf(2, 'second', ACCOUNT, SECOND_APP),
  appOf(3, 'other', OTHER_ACCOUNT, OTHER_APP),
];
const API_TOKENS = [
  { name: 'all', accountId: ACCOUNT, token: TOKEN },
  { name: 'limited', accountId: ACCOUNT, token: LIMITED_TOKEN, appIds: [APP] },
  { name: 'other', accountId: OTHER_ACCOUNT, token: OTHER_TOKEN },
];

/** A raw HTTP call. */
export interface RawCall {
  /** Null sends no token. */
  readonly authorization?: string | null;
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
}

/** The answer to a raw HTTP call. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly body: any;
}

/** Differences from the default server. */
export interface HarnessOptions {
  readonly allowPrivateTargets?: boolean;
  readonly rateLimit?: RateLimitSettings;
}

/** Starts a server. @param path the store's file; `:memory:` by default */
export async function startHarness(path = ':memory:', clock = new FakeClock(), options: HarnessOptions = {}) {
  const store = await openSqliteStore(path);
  const apps = await AppRegistry.open({ store, clock, configured: APPS, presets: STOCK_PRESETS });
  const tokens = new ParticipantTokens({ store, clock });
  const batches: EventBatch[] = [];
  const logged: object[] = [];
  const limits = {
    heartbeatTimeoutMs: 100_000,
    keptEvents: 100,
    maxLoginsPerSecond: 200,
    maxStreamsPerMember: 20,
    maxStreamsPerApp: 0,
  };
  const log = { error: (fields: object) => void logged.push(fields) };
  const chatLinks = await ChatLinks.open({ store, clock, baseUrl: () => baseUrl.replace('/client/v4', '') });
  const webhooks = await Webhooks.open({ store, apps, clock, chatLinks });
  const owed: NewOutboxRecord[] = [];
  const append = async ({ callbacks = [], ...rows }: JournalRows): Promise<void> => {
    await store.journal.apply([{ term: 1, ...rows }]);
    owed.push(...callbacks);
  };
  const history = new SessionRecorder({
    store,
    clock,
    log,
    deliveriesOf: (...news) => webhooks.deliveriesOf(...news),
    append,
  });
  await history.start();
  const journal = new BatchJournal({
    journal: { append },
    commands: { rowsOf: () => undefined, attachStored: () => {} },
    source: { rowsOf: () => undefined },
    recorder: history,
    log,
  });
  const first = [{ handle: (batch: EventBatch) => void batches.push(batch) }];
  const publisher = new Publisher();
  const owner = new Rooms(
    { clock, ids: createIdSource(clock), tickets: new EndedTickets({ issuer: ISSUER }), ...limits },
    { first, journal, after: [history, publisher] },
  );
  const bus = wrapTestBus(new LocalBus({ rooms: owner, media: NO_MEDIA, publisher }));
  const rooms = new TestRooms(bus);
  publisher.subscribe(new AdmissionGuard({ store, bus }));
  const authenticator = createParticipantTokenAuthenticator({ apps, store, tokens, sessions: history });
  const http = Fastify({ logger: false, routerOptions: { maxParamLength: 1024 } });
  registerRealtimeKitDoor(http, {
    apps,
    bus,
    peers: new ClusterPeers(NO_LINK),
    store,
    clock,
    tokens,
    apiTokens: new ApiTokenRegistry(store, API_TOKENS),
    webhooks,
    outbox: { append },
    chatLinks,
    allowPrivateTargets: options.allowPrivateTargets ?? true,
    rateLimit: options.rateLimit ?? { requests: 1_000_000, windowSeconds: 300 },
    log,
  });
  await http.listen({ host: '127.0.0.1', port: 0 });
  const address = http.server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const baseUrl = `http://127.0.0.1:${address.port}/client/v4`;
  const { realtimeKit: kit } = createSdk(baseUrl, TOKEN);

  const request = async (method: string, below: string, call: RawCall = {}): Promise<RawAnswer> => {
    const { authorization = `Bearer ${TOKEN}`, contentType, body } = call;
    const response = await fetch(`${baseUrl}${below}`, {
      method,
      headers: {
        ...(authorization !== null && { authorization }),
        ...(contentType !== undefined && { 'content-type': contentType }),
      },
      ...(body !== undefined && { body: body as string }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  let connections = 0;
  const admit = (token: string): Promise<Admission> =>
    authenticator.admit({ credential: { scheme: 'participant-token', token }, clientId: 'client' });
  const enterAs = async ({ key, ...admission }: Admission): Promise<Session> => {
    connections += 1;
    const connectionId = `c${connections}`;
    const command = {
      ...admission,
      type: 'login',
      scheme: 'participant-token',
      wantsMembers: true,
      address: '',
      callbackData: '',
    } as const;
    const origin = { channel: 'signalling', requestId: connectionId } as const;
    const { session } = await rooms.execute(key, { ...command, clientId: connectionId, connectionId }, origin);
    if (!session) throw new Error('no session');
    return session;
  };

  return {
    baseUrl,
    clock,
    store,
    apps,
    rooms,
    authenticator,
    batches,
    logged,
    webhooks,
    /** The queued webhooks, in order. */
    owed,
    /** Leaves the store as a crash would: nothing more is written. */
    async crash(): Promise<void> {
      await http.close();
      await store.close();
    },
    /** The vendor's client with the first account's token. */
    kit,
    /** The vendor's client with another token. */
    kitOf: (token: string) => createSdk(baseUrl, token).realtimeKit,
    request,
    /** A raw HTTP call with a JSON body, below the prefix of the first account. */
    json: (method: string, below: string, body: unknown) =>
      request(method, `/accounts/${ACCOUNT}/realtime/kit${below}`, {
        contentType: 'application/json',
        body: JSON.stringify(body),
      }),
    /** Logs a participant in with its token, as the signalling door does. */
    enter: async (token: string): Promise<Session> => enterAs(await admit(token)),
    /** The two steps of that. */
    admit,
    enterAs,
    /** Logs a user in to the same room with the other vendor's credential (RTK-6). */
    async enterAsUser(meetingId: string, userId: string, name = userId): Promise<Session> {
      const id = parseUserId(userId);
      const app = apps.find(1);
      if (!id || !app) throw new Error('no such user or App');
      connections += 1;
      const { session } = await rooms.execute(
        { appId: app.appId, environment: 'production', roomId: meetingId as never },
        {
          type: 'login',
          user: { id, name },
          scheme: 'app-token',
          clientId: `c${connections}`,
          connectionId: `c${connections}`,
          onDuplicate: 'replace',
          wantsMembers: true,
          permissions: { publishAudio: true, publishVideo: true },
          maxMemberCount: 0,
          address: '127.0.0.1',
          callbackData: '',
        },
        { channel: 'signalling', requestId: `c${connections}` },
      );
      if (!session) throw new Error('no session');
      return session;
    },
    /** The user ids of the members of a meeting of the first App, in the order of their logins. */
    async usersIn(meetingId: string): Promise<UserId[]> {
      const key = {
        appId: apps.find(1)?.appId as never,
        environment: 'production',
        roomId: meetingId as never,
      } as const;
      return ((await rooms.snapshot(key))?.members ?? []).map((member) => member.user.id);
    },
    /** Every exit so far: the user and the cause. */
    departures(): { readonly memberId: MemberId; readonly cause: string; readonly reason: string }[] {
      return batches
        .flatMap((batch) => eventsOf(batch.events, 'memberLeft'))
        .map(({ member, cause, reason }) => ({ memberId: member.memberId, cause, reason }));
    },
    async newMeeting(title = 'Standup'): Promise<string> {
      const { data } = await kit.meetings.create(APP, { account_id: ACCOUNT, title });
      if (!data) throw new Error('no meeting');
      return data.id;
    },
    async newParticipant(meetingId: string, customId: string, more: { name?: string; picture?: string } = {}) {
      const { data } = await kit.meetings.addParticipant(meetingId, {
        account_id: ACCOUNT,
        app_id: APP,
        custom_participant_id: customId,
        preset_name: 'group_call_host',
        ...more,
      });
      if (!data) throw new Error('no participant');
      return data;
    },
    /** Logs a member out. */
    async leave(meetingId: string, { member }: Session): Promise<void> {
      const key = {
        appId: apps.find(1)?.appId as never,
        environment: 'production',
        roomId: meetingId as never,
      } as const;
      await rooms.execute(
        key,
        { type: 'logout', memberId: member.memberId },
        { channel: 'signalling', requestId: 'r' },
      );
    },
    async stop(): Promise<void> {
      await http.close();
      await history.close();
      await store.close();
    },
  };
}

/** A running server. */
export type Harness = Awaited<ReturnType<typeof startHarness>>;

function createSdk(baseURL: string, apiToken: string): Cloudflare {
  return new Cloudflare({ baseURL, apiToken, apiKey: null, apiEmail: null, maxRetries: 0 });
}

/** A refusal as the vendor's client reports it: the class of its error, the status, and the body. */
export async function refusalOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    return { name: error.constructor.name, status: error.status, body: error.error as unknown };
  }
  throw new Error('the call was not refused');
}

/** Runs all pending work that does not wait for the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Returns the refusal of a call as the vendor's client reports it. */
export const refused = (name: string, status: number, message: string) => ({
  name,
  status,
  body: { success: false, error: { code: status, message } },
});
