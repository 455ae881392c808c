import { createHmac, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CallbackReceiver,
  FakeClock,
  RawClient,
  type ReceivedCallback,
  startCallbackReceiver,
  TEST_API_TOKEN,
  TEST_APP,
} from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Harness, start } from '../zego/harness.ts';
import { settle } from './harness.ts';

const { accountId, rtkAppId, callbackSecret, name: appName } = TEST_APP;
const account = { account_id: accountId };
const ids = { ...account, app_id: rtkAppId };
const ALL = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
] as const satisfies readonly string[];

const folder = mkdtempSync(join(tmpdir(), 'gavel-webhooks-'));
let folders = 0;
let dataDir: string;
let harness: Harness;
let receiver: CallbackReceiver;
let kit: Cloudflare['realtimeKit'];
let meeting: string;
let webhook: string;

const kitOf = (baseUrl: string) =>
  new Cloudflare({
    baseURL: `${baseUrl}/client/v4`,
    apiToken: TEST_API_TOKEN,
    apiKey: null,
    apiEmail: null,
    maxRetries: 0,
  }).realtimeKit;

beforeEach(async () => {
  folders += 1;
  dataDir = join(folder, String(folders));
  receiver = await startCallbackReceiver();
  harness = await start({ clock: new FakeClock(Date.now()), dataDir });
  kit = kitOf(harness.baseUrl);
  meeting = (await kit.meetings.create(rtkAppId, { ...account, title: 'Planning' })).data?.id ?? '';
  const facts = { name: 'all', url: receiver.url('/hook'), events: [...ALL] };
  webhook = (await kit.webhooks.createWebhook(rtkAppId, { ...account, ...facts })).data.id;
});
afterEach(async () => {
  await harness.close();
  await receiver.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const enter = async (customId: string) => {
  const body = { custom_participant_id: customId, preset_name: 'group_call_host', name: `Name of ${customId}` };
  const { data } = await kit.meetings.addParticipant(meeting, { ...ids, ...body });
  const client = await RawClient.open(harness.baseUrl);
  const credential = { scheme: 'participant-token', token: data?.token ?? '' };
  const { result, error } = await client.request('login', { credential, clientId: customId, members: true });
  if (error) throw new Error(error.message);
  return { client, id: data?.id ?? '', memberId: (result as { memberId: string }).memberId };
};
const received = async (count: number): Promise<readonly ReceivedCallback[]> => {
  const all = await receiver.count(count);
  expect(all).toHaveLength(count);
  return all;
};
/** Summarises webhooks: the event, the participant, and the reason. */
const tell = ({ body }: ReceivedCallback): string => {
  const about = (body.participant as { customParticipantId?: string } | undefined)?.customParticipantId ?? body.reason;
  return [body.event, about].filter((part) => part !== undefined).join(' ');
};
const publicKey = async (baseUrl = harness.baseUrl): Promise<string> => {
  const response = await fetch(`${baseUrl}/.well-known/webhooks.json`);
  const body = (await response.json()) as { data: { publicKey: string } };
  expect(body).toMatchObject({ success: true, message: '' });
  return body.data.publicKey;
};

describe('webhooks', () => {
  it('tell a session from its beginning to its end, with the payloads of the vendor (RTK-12)', async () => {
    const startedAt = new Date(harness.clock.now()).toISOString();
    const anna = await enter('anna');
    harness.clock.advance(1000);
    await anna.client.request('logout');
    const leftAt = new Date(harness.clock.now()).toISOString();
    await received(3);
    harness.clock.advance(60_000);
    const endedAt = new Date(harness.clock.now()).toISOString();
    const bodies = (await received(4)).map((each) => each.body);
    const { data } = (await kit.sessions.getSessions(rtkAppId, account)) as never as {
      data: { sessions: { id: string }[] };
    };
    const expectedMeeting = {
      id: meeting,
      sessionId: data.sessions[0]?.id,
      title: 'Planning',
      roomName: meeting,
      status: 'LIVE',
      createdAt: startedAt,
      startedAt,
      organizedBy: { id: rtkAppId, name: appName },
    };
    const participant = {
      peerId: anna.memberId,
      userDisplayName: 'Name of anna',
      customParticipantId: 'anna',
      clientSpecificId: 'anna',
      joinedAt: startedAt,
    };
    expect(bodies).toEqual([
      { event: 'meeting.started', meeting: expectedMeeting },
      { event: 'meeting.participantJoined', meeting: expectedMeeting, participant },
      { event: 'meeting.participantLeft', meeting: expectedMeeting, participant: { ...participant, leftAt } },
      { event: 'meeting.ended', meeting: { ...expectedMeeting, endedAt }, reason: 'ALL_PARTICIPANTS_LEFT' },
    ]);
  });

  it('are signed over the raw body, for the key that the server shows (RTK-12)', async () => {
    await enter('anna');
    const key = await publicKey();
    expect(key).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    const all = await received(2);
    for (const { raw, headers, method } of all) {
      const signature = Buffer.from(String(headers['rtk-signature']), 'base64');
      expect(method).toBe('POST');
      expect(headers['content-type']).toBe('application/json');
      expect(verify('RSA-SHA256', Buffer.from(raw), key, signature)).toBe(true);
      expect(verify('RSA-SHA256', Buffer.from(`${raw} `), key, signature)).toBe(false);
      expect(headers['rtk-webhook-id']).toBe(webhook);
      expect(headers['rtk-uuid']).toBe(headers['webhook-id']);
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
      const standard = createHmac('sha256', callbackSecret).update(signed).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${standard}`);
    }
    expect(new Set(all.map(({ headers }) => headers['rtk-uuid'])).size).toBe(2);
  });

  it('are sent again under the same id until they are taken, in order (RTK-12, CB-2)', async () => {
    receiver.behaviour = () => 503;
    await enter('anna');
    await receiver.count(1);
    await settle();
    receiver.behaviour = () => 200;
    await new Promise((resolve) => setTimeout(resolve, 50));
    harness.clock.advance(2000);
    const all = await received(3);
    expect(all.map(tell)).toEqual(['meeting.started', 'meeting.started', 'meeting.participantJoined anna']);
    expect(all[0]?.headers['rtk-uuid']).toBe(all[1]?.headers['rtk-uuid']);
    expect(all[0]?.headers['rtk-uuid']).not.toBe(all[2]?.headers['rtk-uuid']);
  });

  it('are verified with the same key after a restart, and those owed are sent then (RTK-12, CB-3)', async () => {
    receiver.behaviour = () => 'cut';
    const key = await publicKey();
    await enter('anna');
    await harness.close();
    receiver.behaviour = () => 200;
    const seen = receiver.received.length;
    const clock = new FakeClock(harness.clock.now() + 60_000);
    harness = await start({ clock, dataDir });
    expect(await publicKey()).toBe(key);
    const all = (await receiver.count(seen + 4)).slice(seen);
    // The stop of the server removed everybody: reported with the time at which they were last known to be in.
    expect(all.map(tell)).toEqual([
      'meeting.started',
      'meeting.participantJoined anna',
      'meeting.participantLeft anna',
      'meeting.ended ALL_PARTICIPANTS_LEFT',
    ]);
    for (const { raw, headers } of all) {
      const signature = Buffer.from(String(headers['rtk-signature']), 'base64');
      expect(verify('RSA-SHA256', Buffer.from(raw), key, signature)).toBe(true);
      expect(headers['rtk-webhook-id']).toBe(webhook);
    }
  });

  it('can be tried out, enabled or not (RTK-12)', async () => {
    await kit.webhooks.editWebhook(webhook, { ...ids, enabled: false });
    const path = `/client/v4/accounts/${accountId}/realtime/kit/${rtkAppId}/webhooks/${webhook}/test`;
    const headers = { authorization: `Bearer ${TEST_API_TOKEN}` };
    const answer = (await (await fetch(harness.baseUrl + path, { method: 'POST', headers })).json()) as {
      data: { id: string };
    };
    expect(answer).toMatchObject({ success: true, data: { event: 'webhook.test' } });
    const [test] = await received(1);
    expect(test?.headers['rtk-uuid']).toBe(answer.data.id);
    expect(test?.body).toMatchObject({ event: 'webhook.test', webhook: { id: webhook, name: 'all' } });
  });
});

describe('two APIs, one room', () => {
  const calls = (name: string, params: Parameters<Harness['call']>[1]) => harness.codeOf(name, params);

  it("webhooks tell the other API's users, and its kicks (RTK-6, RTK-12)", async () => {
    await enter('anna');
    await harness.join(meeting, 'user-7');
    expect(await calls('KickoutUser', { RoomId: meeting, UserId: ['user-7'] })).toBe(0);
    expect((await received(4)).map(tell)).toEqual([
      'meeting.started',
      'meeting.participantJoined anna',
      'meeting.participantJoined user-7',
      'meeting.participantLeft user-7',
    ]);
  });

  it("the other API's end of a room ends the session for all (RTK-6, RTK-11, RTK-12)", async () => {
    await enter('anna');
    await harness.join(meeting, 'user-7');
    expect(await calls('CloseRoom', { RoomId: meeting })).toBe(0);
    const events = (await received(6)).map(tell).slice(3);
    expect(events).toEqual([
      'meeting.participantLeft anna',
      'meeting.participantLeft user-7',
      'meeting.ended HOST_ENDED_MEETING',
    ]);
  });

  it('callbacks of the one and webhooks of the other tell what either API did (RTK-6, RTK-12, CB-3)', async () => {
    await harness.close();
    const urls = { roomUrl: receiver.url('/zego'), userUrl: receiver.url('/zego'), streamUrl: receiver.url('/zego') };
    const clock = new FakeClock(harness.clock.now() + 1000);
    harness = await start({ clock, dataDir, app: { callbacks: urls } });
    kit = kitOf(harness.baseUrl);
    await harness.join(meeting, 'user-7');
    const anna = await enter('anna');
    await kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: ['user-7'] });
    expect(await calls('KickoutUser', { RoomId: meeting, UserId: [anna.id] })).toBe(0);
    const all = await received(11);
    const of = (path: string) => all.filter((each) => each.path === path).map(({ body }) => String(body.event));
    expect(of('/zego')).toEqual([
      'room_create',
      'room_login',
      'room_login',
      'room_logout',
      'room_logout',
      'room_close',
    ]);
    expect(of('/hook')).toEqual([
      'meeting.started',
      'meeting.participantJoined',
      'meeting.participantJoined',
      'meeting.participantLeft',
      'meeting.participantLeft',
    ]);
  });
});
