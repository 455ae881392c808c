/**
 * A kick with a ban at the doors of both vendors: every way back is refused, with the end of the ban in the form of that
 * vendor's client, and is open again when the ban is lifted.
 */

import { RealtimeKitClient } from '@gavel/client/realtimekit';
import { ZegoExpressEngine } from '@gavel/client/zego';
import { createToken04 } from '@gavel/server';
import { TEST_API_TOKEN, TEST_APP } from '@gavel/testkit';
import Cloudflare from 'cloudflare';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminStage, startAdminStage } from './harness.ts';

const { appId, accountId, rtkAppId } = TEST_APP;
const IDS = { account_id: accountId, app_id: rtkAppId };
const ROOM = 'lobby';
const HOUR_S = 3600;

/** A way into a room: resolves with `in`, or with the refusal as the application of that vendor's client sees it. */
type Way = () => Promise<unknown>;

let stage: AdminStage;
let kit: Cloudflare['realtimeKit'];
let moderator: string;
let meeting: string;
const leaving: (() => unknown)[] = [];

beforeEach(async () => {
  stage = await startAdminStage({ app: { allowNoToken: false } });
  const baseURL = `${stage.baseUrl}/client/v4`;
  kit = new Cloudflare({ baseURL, apiToken: TEST_API_TOKEN, apiKey: null, apiEmail: null, maxRetries: 0 }).realtimeKit;
  moderator = await stage.tokenOf('moderator', [appId]);
  meeting = (await kit.meetings.create(rtkAppId, { account_id: accountId, title: 'Planning' })).data?.id ?? '';
});
afterEach(async () => {
  for (const leave of leaving.splice(0)) await leave();
  await stage.close();
});

/** A login token, as a customer's backend makes it. */
function tokenOf(userId: string): string {
  const { serverSecret: secret } = TEST_APP;
  return createToken04({ appId, userId, secret, lifetimeSeconds: HOUR_S, nowMs: Date.now() });
}

/** Logs in by the facade of ZEGO's SDK. */
async function enterRoom(userId: string, token = tokenOf(userId), roomId = ROOM): Promise<unknown> {
  const sdk = new ZegoExpressEngine(appId, stage.baseUrl);
  leaving.push(() => sdk.logoutRoom(roomId));
  try {
    await sdk.loginRoom(roomId, token, { userID: userId });
    return 'in';
  } catch (error) {
    const { errorCode, extendedData = '' } = error as { readonly errorCode: number; readonly extendedData?: string };
    return { code: errorCode, endS: (JSON.parse(extendedData) as { expire_time: number }).expire_time };
  }
}

/** Adds a participant by the API. */
async function addParticipant(customId: string): Promise<{ readonly id: string; readonly token: string }> {
  const body = { ...IDS, custom_participant_id: customId, preset_name: 'group_call_host', name: customId };
  const { data } = await kit.meetings.addParticipant(meeting, body);
  if (!data) throw new Error('no participant');
  return data;
}

/** Joins by the facade of RealtimeKit's SDK. */
async function enterMeeting(authToken: string): Promise<unknown> {
  try {
    const client = await RealtimeKitClient.init({ authToken, baseURI: stage.baseUrl });
    leaving.push(() => client.leave());
    await client.join();
    return 'in';
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return { code, endS: Math.ceil(Date.parse(/\S+Z/.exec(message)?.[0] ?? '') / 1000) };
  }
}

/** Kicks `bob` out of a room by the admin API, with a ban; returns the path at which it is lifted, and its end. */
async function kickBob(roomId: string, ban: object) {
  const body = { userIds: ['bob'], reason: 'spam', ban };
  const url = `/rooms/${appId}/production/${roomId}/kick`;
  const answer = await stage.admin('POST', url, { token: moderator, body });
  expect(answer).toMatchObject({
    status: 200,
    body: { people: [{ userId: 'bob' }], bans: [{ author: 'moderator 1' }] },
  });
  const [{ id, untilMs }] = answer.body.bans;
  return { lift: `/bans/${appId}/production/${id}/lift`, endS: Math.ceil(untilMs / 1000) };
}

async function lift(path: string): Promise<void> {
  expect(await stage.admin('POST', path, { token: moderator, body: { reason: 'sorry' } })).toMatchObject({
    status: 200,
  });
}

describe('the ban of a user in the App', () => {
  test('closes every way back by the facades of both vendors, each names the end, and all open when it is lifted (BAN-8, BAN-9)', async () => {
    const earlier = tokenOf('bob');
    const participant = await addParticipant('bob');
    expect(await enterRoom('bob', earlier)).toBe('in');
    const { lift: path, endS } = await kickBob(ROOM, { of: 'user', in: 'app', seconds: HOUR_S });
    const regenerate = async () =>
      (await kit.meetings.refreshParticipantToken(participant.id, { ...IDS, meeting_id: meeting })).data?.token ?? '';
    const zego: Readonly<Record<string, Way>> = {
      'the earlier token': () => enterRoom('bob', earlier),
      'a new token': () => enterRoom('bob'),
      'another room': () => enterRoom('bob', tokenOf('bob'), 'other'),
    };
    const realtimeKit: Readonly<Record<string, Way>> = {
      'the earlier token of a participant': () => enterMeeting(participant.token),
      'a regenerated token': async () => enterMeeting(await regenerate()),
      'a participant that the API makes now': async () => {
        await kit.meetings.deleteMeetingParticipant(participant.id, { ...IDS, meeting_id: meeting });
        return enterMeeting((await addParticipant('bob')).token);
      },
    };
    for (const [name, way] of Object.entries(zego))
      expect([name, await way()]).toEqual([name, { code: 1002066, endS }]);
    for (const [name, way] of Object.entries(realtimeKit))
      expect([name, await way()]).toEqual([name, { code: '0002', endS }]);
    expect(await enterRoom('carl')).toBe('in');

    await lift(path);
    expect(await enterRoom('bob', earlier)).toBe('in');
    expect(await enterMeeting((await addParticipant('bob')).token)).toBe('in');
  });

  test('of a participant closes the other facade to the user of the same id, and the preview (BAN-8, BAN-9)', async () => {
    const participant = await addParticipant('bob');
    expect(await enterMeeting(participant.token)).toBe('in');
    const people = (await stage.admin('GET', `/rooms/${appId}/production/${meeting}/people`)).body.people;
    const body = { userIds: [people[0].userId], reason: 'spam', ban: { of: 'user', in: 'app', seconds: HOUR_S } };
    const answer = await stage.admin('POST', `/rooms/${appId}/production/${meeting}/kick`, { token: moderator, body });
    const [{ id, untilMs, userId }] = answer.body.bans;
    expect(userId).toBe('bob');
    const endS = Math.ceil(untilMs / 1000);
    expect(await enterRoom('bob')).toEqual({ code: 1002066, endS });
    expect(await enterMeeting(participant.token)).toEqual({ code: '0002', endS });
    const credential = { scheme: 'participant-token', token: participant.token };
    const preview = await (await stage.connect()).request('preview', { credential });
    expect(preview.error).toMatchObject({ code: 'login.banned', details: { untilMs } });
    await lift(`/bans/${appId}/production/${id}/lift`);
    expect([await enterRoom('bob'), await enterMeeting(participant.token)]).toEqual(['in', 'in']);
  });

  test('refuses the resume of a login that the kick put out, and of one that was away when the ban was set (BAN-8, BAN-9)', async () => {
    const enter = async (userId: string) => {
      const client = await stage.connect();
      const credential = { scheme: 'app-token', appId, token: tokenOf(userId) };
      const { result } = await client.request('login', { credential, clientId: userId, roomId: ROOM, userId });
      return { client, ticket: (result as { readonly ticket: string }).ticket };
    };
    const [bob, carl] = [await enter('bob'), await enter('carl')];
    carl.client.cut();
    await carl.client.closed;
    const { endS } = await kickBob(ROOM, { of: 'user', in: 'room', seconds: HOUR_S });
    const url = `/bans/${appId}/production`;
    const body = { userId: 'carl', seconds: HOUR_S, reason: 'spam' };
    const { ban } = (await stage.admin('POST', url, { token: moderator, body })).body;
    const resume = async ({ ticket }: { readonly ticket: string }) =>
      (await (await stage.connect()).request('resume', { ticket, lastSeq: 0 })).error;
    expect(await resume(bob)).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked', reason: 'spam' } });
    expect(await resume(carl)).toMatchObject({ code: 'login.banned', details: { untilMs: ban.untilMs } });
    // A client whose resume was refused logs in: it is told of the end of the ban.
    expect(await enterRoom('bob')).toEqual({ code: 1002066, endS });
    await lift(`${url}/${ban.id}/lift`);
    expect(await enterRoom('carl')).toBe('in');
  });
});

test('the ban of an address keeps out other users that come from it, by both facades (BAN-8, BAN-9)', async () => {
  const zoe = await addParticipant('zoe');
  expect(await enterRoom('bob')).toBe('in');
  const { lift: path, endS } = await kickBob(ROOM, { of: 'both', in: 'app', seconds: HOUR_S });
  expect(await enterRoom('carl')).toEqual({ code: 1002066, endS });
  expect(await enterMeeting(zoe.token)).toEqual({ code: '0002', endS });
  await lift(path);
  expect([await enterRoom('carl'), await enterMeeting(zoe.token), await enterRoom('bob')]).toEqual(['in', 'in', 'in']);
});

test('a ban for good is refused without an end, by both facades (BAN-9)', async () => {
  const bob = await addParticipant('bob');
  const body = { userId: 'bob', reason: 'spam' };
  await stage.admin('POST', `/bans/${appId}/production`, { token: moderator, body });
  const sdk = new ZegoExpressEngine(appId, stage.baseUrl);
  const refused = { errorCode: 1002066, extendedData: expect.not.stringContaining('expire_time') };
  await expect(sdk.loginRoom(ROOM, tokenOf('bob'), { userID: 'bob' })).rejects.toMatchObject(refused);
  expect(await enterMeeting(bob.token)).toEqual({ code: '0002', endS: Number.NaN });
});
