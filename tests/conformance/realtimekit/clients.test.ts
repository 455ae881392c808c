/**
 * Effects of RealtimeKit API calls on clients: a whole server, with participants on signalling connections.
 */

import type { FakeMediaEngine } from '@gavel/testkit';
import type Cloudflare from 'cloudflare';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { STOCK_PRESETS } from '../../../packages/server/src/realtimekit/stock-presets.ts';
import { type People, startPeople } from './people.ts';

let people: People;
let server: People['server'];
let kit: Cloudflare['realtimeKit'];
let ids: People['ids'];
let meeting: string;

beforeAll(async () => {
  people = await startPeople();
  ({ server, kit, ids } = people);
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const connect = () => people.connect();
const loginWith = (token: string) => people.loginWith(token);
const add = (customId: string) => people.add(meeting, customId);
const enter = (customId: string, preset?: string) => people.enter(meeting, customId, preset);

describe('a participant', () => {
  it('logs in with its token into the room of the meeting, and is seen with its profile (AUTH-2, RTK-6)', async () => {
    const anna = await enter('anna');
    expect(anna.login).toMatchObject({ roomId: meeting, user: { id: anna.id, name: 'anna' } });
    const ben = await enter('ben', 'webinar_viewer');
    expect(ben.login.permissions).toMatchObject({ publishAudio: false, publishVideo: false });
    const { member } = await anna.client.event('memberJoined');
    expect(member.profile).toEqual({
      participantId: ben.id,
      customParticipantId: 'ben',
      presetName: 'webinar_viewer',
      picture: null,
      meetingId: meeting,
      meetingTitle: 'Planning',
    });
  });

  it('publishes only what its preset allows (AUTH-2)', async () => {
    const [host, viewer] = [await enter('host'), await enter('viewer', 'webinar_viewer')];
    expect((await host.client.media.publish('host-cam')).error).toBeUndefined();
    const { error } = await viewer.client.media.publish('viewer-cam');
    expect(error?.code).toBe('stream.not-allowed');
  });
});

describe('identify', () => {
  it('tells whom a token would log in, with its preset, and logs nobody in (RTK-17)', async () => {
    const [anna, ben] = [await enter('anna'), await add('ben')];
    const client = await connect();
    const credential = { scheme: 'participant-token', token: ben.token };
    const { result } = await client.request('identify', { credential });
    const { permissions, config, ui } = STOCK_PRESETS[0]?.definition ?? {};
    expect(result).toMatchObject({
      roomId: meeting,
      user: { id: ben.id, name: 'ben' },
      profile: { participantId: ben.id, presetName: 'group_call_host', meetingTitle: 'Planning' },
      permissions: { publishAudio: true, moderation: { kick: true } },
      facts: { viewType: 'GROUP_CALL', organizationId: ids.app_id, permissions, config, ui },
      session: { startedAtMs: expect.any(Number) },
    });
    const { data } = await kit.activeSession.getActiveSession(meeting, ids);
    expect(data?.live_participants).toBe(1);
    // The same connection can then log in.
    const login = await client.request('login', { credential, clientId: 'c' });
    expect(login.result).toMatchObject({ user: { id: ben.id } });
    expect(await anna.client.event('memberJoined')).toMatchObject({ member: { user: { id: ben.id } } });
    expect((await client.request('identify', { credential })).error?.code).toBe('request.out-of-order');
  });

  it('is refused as a login is: the token, the participant, the meeting (RTK-8, RTK-17)', async () => {
    const ask = async (token: string) => {
      const client = await connect();
      const { error } = await client.request('identify', { credential: { scheme: 'participant-token', token } });
      return error?.code;
    };
    const anna = await add('anna');
    expect(await ask('not-a-token')).toBe('login.bad-credential');
    await kit.meetings.deleteMeetingParticipant(anna.id, { ...ids, meeting_id: meeting });
    expect(await ask(anna.token)).toBe('login.bad-credential');
    const ben = await add('ben');
    await kit.meetings.updateMeetingByID(meeting, { ...ids, status: 'INACTIVE' });
    expect(await ask(ben.token)).toBe('login.not-allowed');
  });
});

describe('a kicked participant', () => {
  it('is told so, closed for good, and gone for the others; its media ended before the answer (RTK-5, KICK-4, KICK-6)', async () => {
    const [anna, ben] = [await enter('anna'), await enter('ben')];
    const streamId = `cam-${anna.id}`;
    await anna.client.media.publish(streamId);
    const { calls } = server.engine as FakeMediaEngine;
    const before = calls.length;
    await kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: [anna.id] });
    expect(calls.slice(before).some((call) => call.startsWith('closePeer:'))).toBe(true);
    expect(await anna.client.event('removed')).toEqual({ event: 'removed', cause: 'kicked', reason: '' });
    expect((await anna.client.closed).code).toBe(4500);
    expect(await ben.client.event('memberLeft')).toMatchObject({ cause: 'kicked', member: { user: { id: anna.id } } });
  });

  it('cannot resume, and may log in again with the same token (RTK-5, KICK-9, KICK-10)', async () => {
    const [anna] = [await enter('anna'), await enter('ben')];
    anna.client.cut();
    await anna.client.closed;
    await kit.activeSession.kickParticipants(meeting, { ...ids, custom_participant_ids: ['anna'] });
    const again = await connect();
    const resumed = await again.request('resume', { ticket: anna.login.ticket, lastSeq: anna.login.room.seq });
    expect(resumed.error).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked' } });
    expect((await loginWith(anna.token)).error).toBeUndefined();
  });

  it('by kick-all is told that the room was closed', async () => {
    const anna = await enter('anna');
    await kit.activeSession.kickAllParticipants(meeting, ids);
    expect(await anna.client.event('removed')).toMatchObject({ cause: 'room-closed' });
    expect((await anna.client.closed).code).toBe(4501);
  });
});

describe('one room for both APIs (RTK-6)', () => {
  it('the other API sees a participant, and kicks it by its id (RTK-6)', async () => {
    const anna = await enter('anna');
    expect(await server.call('DescribeUserNum', { 'RoomId[]': [meeting] })).toMatchObject({
      Code: 0,
      Data: { UserCountList: [{ RoomId: meeting, UserCount: 1 }] },
    });
    expect((await server.call('KickoutUser', { RoomId: meeting, 'UserId[]': [anna.id] })).Code).toBe(0);
    expect(await anna.client.event('removed')).toMatchObject({ cause: 'kicked' });
  });

  it('this API sees a user of the other, and kicks it by its id (RTK-6)', async () => {
    const zoe = await connect();
    await zoe.login(server.app.appId, meeting, 'zoe');
    expect((await kit.activeSession.getActiveSession(meeting, ids)).data?.live_participants).toBe(1);
    const { data } = await kit.activeSession.kickParticipants(meeting, { ...ids, participant_ids: ['zoe'] });
    expect(data?.participants).toMatchObject([{ id: 'zoe' }]);
    expect(await zoe.event('removed')).toMatchObject({ cause: 'kicked' });
  });
});

describe('a deleted participant, and a meeting that is INACTIVE', () => {
  it('is put out at once, and its tokens are refused (RTK-8)', async () => {
    const anna = await enter('anna');
    await kit.meetings.deleteMeetingParticipant(anna.id, { ...ids, meeting_id: meeting });
    expect(await anna.client.event('removed')).toMatchObject({ cause: 'kicked' });
    expect((await loginWith(anna.token)).error?.code).toBe('login.bad-credential');
  });

  it('leaves no login in that was under way meanwhile (RTK-8)', async () => {
    const ben = await enter('ben');
    for (let round = 0; round < 15; round += 1) {
      const anna = await add(`anna-${round}`);
      const credential = { scheme: 'participant-token', token: anna.token };
      const logins = Array.from({ length: 4 }, async () => {
        const client = await connect();
        // Who is removed before the login was answered gets the cause in place of an answer.
        await Promise.race([client.request('login', { credential, clientId: 'c' }), client.closed]);
      });
      await kit.meetings.deleteMeetingParticipant(anna.id, { ...ids, meeting_id: meeting });
      await Promise.all(logins);
      expect((await kit.activeSession.getActiveSession(meeting, ids)).data?.live_participants).toBe(1);
    }
    await kit.meetings.deleteMeetingParticipant(ben.id, { ...ids, meeting_id: meeting });
  });

  it('admits nobody (RTK-8)', async () => {
    const anna = await add('anna');
    await kit.meetings.updateMeetingByID(meeting, { ...ids, status: 'INACTIVE' });
    expect((await loginWith(anna.token)).error?.code).toBe('login.not-allowed');
  });
});
