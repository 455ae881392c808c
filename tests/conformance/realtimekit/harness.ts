/**
 * A server with Apps of two accounts, the vendor's own client for it, and members to kick.
 *
 * @module
 */

import { type MemberId, parseUserId, type RoomKey, type UserId } from '@gavel/protocol';
import type { Config } from '@gavel/server';
import { FakeClock, startTestServer, type TestServerOptions } from '@gavel/testkit';
import Cloudflare, { APIError } from 'cloudflare';
import { pino } from 'pino';
import type { PostRequest } from '../../../packages/server/src/callbacks/post.ts';
import type { Admission } from '../../../packages/server/src/entry/admission.ts';
import type { EventBatch, Session } from '../../../packages/server/src/owner/rooms.ts';
import { createParticipantTokenAuthenticator } from '../../../packages/server/src/realtimekit/authenticator.ts';
import { ParticipantTokens } from '../../../packages/server/src/realtimekit/tokens.ts';
import { eventsOf } from '../../../packages/server/src/rooms/events.ts';

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
/** A UUID of no object. */
export const NOBODY = '813432c7-3c5a-45e2-9acf-eef7061c7584';

const appOf = (appId: number, name: string, accountId: string, rtkAppId: string): Config['apps'][number] => ({
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
export interface HarnessOptions extends TestServerOptions {
  readonly clock?: FakeClock;
}

/** Starts a server. With a `dataDir`, what it has stored lasts. */
export async function startHarness(options: HarnessOptions = {}) {
  const { clock = new FakeClock() } = options;
  const batches: EventBatch[] = [];
  const errors: object[] = [];
  const posts: PostRequest[] = [];
  const test = await startTestServer({
    apps: APPS,
    apiTokens: API_TOKENS,
    realtimekit: { rateLimit: { requests: 1_000_000, windowSeconds: 300 } },
    // The members have no connections, and send no heartbeats.
    rooms: { heartbeatTimeoutMs: 1_000_000_000 },
    ...options,
    clock,
    log: pino({ base: null, level: 'error' }, { write: (line: string) => void errors.push(JSON.parse(line)) }),
    poster: {
      async post(request) {
        posts.push(request);
        return { status: 200 };
      },
      close: async () => {},
    },
  });
  const { rooms, server } = test;
  const { apps, store } = server;
  server.bus.subscribe({ handle: (batch) => void batches.push(batch) });
  const authenticator = createParticipantTokenAuthenticator({
    apps,
    store,
    tokens: new ParticipantTokens({ store, clock }),
    sessions: { find: async () => undefined },
  });
  const baseUrl = `${test.baseUrl}/client/v4`;
  const keyOf = (meetingId: string) => ({ appId: 1, environment: 'production', roomId: meetingId }) as never as RoomKey;
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
    batches,
    /** The errors that were logged, oldest first. */
    errors,
    /** The webhooks that were sent, oldest first; each was accepted. */
    posts,
    /** Ends the server as a crash does: nothing more is stored. */
    async crash(): Promise<void> {
      await store.close();
      await test.close().catch(() => {});
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
      if (!id) throw new Error('not a user id');
      connections += 1;
      const { session } = await rooms.execute(
        keyOf(meetingId),
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
      return ((await rooms.snapshot(keyOf(meetingId)))?.members ?? []).map((member) => member.user.id);
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
      const logout = { type: 'logout', memberId: member.memberId } as const;
      await rooms.execute(keyOf(meetingId), logout, { channel: 'signalling', requestId: 'r' });
    },
    stop: (): Promise<void> => test.close(),
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
