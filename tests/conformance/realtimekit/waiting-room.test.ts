/**
 * The waiting room: presets of the API, and participants on signalling connections.
 */

import type { WaitingResult } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let server: People['server'];
let kit: People['kit'];
let ids: People['ids'];
let meeting: string;

beforeAll(async () => {
  people = await startPeople();
  ({ server, kit, ids } = people);
  await people.newPreset('until-accepted', { waiting_room_type: 'SKIP_ON_ACCEPT' });
  await people.newPreset('until-attended', { waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

async function loginWith(token: string, clientId = token.slice(-20)) {
  const { client, login, error } = await people.loginWith(token, { clientId });
  return { client, result: login as typeof login & WaitingResult, error };
}
async function enter(name: string, preset?: string) {
  const participant = await people.add(meeting, name, preset);
  return { ...participant, ...(await loginWith(participant.token)) };
}
const answer = (client: RawClient, action: 'accept' | 'reject', ...memberIds: string[]) =>
  client.request('moderate', { action, memberIds });
const activeSession = () => kit.activeSession.getActiveSession(meeting, ids).then(({ data }) => data);
const isClosed = async ({ client }: { client: RawClient }) => (await client.closed).code;

describe('a participant of a preset with a waiting room', () => {
  it('waits until it is accepted, and is in no session until then (WAIT-1, WAIT-4, WAIT-5)', async () => {
    const ann = await enter('ann', 'until-accepted');
    expect(ann.result.waiting).toMatchObject({ user: { id: ann.id, name: 'ann' }, profile: { participantId: ann.id } });
    await expect(activeSession()).rejects.toMatchObject({ status: 404 });
    const host = await enter('host');
    expect(host.result.waitingList?.map(({ user }) => user.name)).toEqual(['ann']);
    expect(await activeSession()).toMatchObject({ live_participants: 1, max_concurrent_participants: 1 });
    expect(await server.call('DescribeUserNum', { 'RoomId[]': [meeting] })).toMatchObject({
      Data: { UserCountList: [{ UserCount: 1 }] },
    });

    await answer(host.client, 'accept', ann.result.waiting.memberId);
    const { login } = await ann.client.event('admitted');
    expect(login.memberId).toBe(ann.result.waiting.memberId);
    const session = await activeSession();
    expect(session).toMatchObject({ live_participants: 2 });
    const { data } = await kit.sessions.getSessionParticipants(session?.id ?? '', ids);
    expect(data?.participants?.map(({ custom_participant_id: name }) => name).sort()).toEqual(['ann', 'host']);

    // An accepted user no longer waits in this session (WAIT-3).
    expect((await loginWith(ann.token, 'another device')).result).toHaveProperty('ticket');
  });

  it('is told that it was rejected, leaves no trace, and may ask again (WAIT-5, WAIT-9)', async () => {
    const host = await enter('host');
    const ann = await enter('ann', 'until-accepted');
    await answer(host.client, 'reject', ann.result.waiting.memberId);
    expect(await ann.client.event('refused')).toMatchObject({ error: { code: 'login.rejected' } });
    expect(await isClosed(ann)).toBe(4506);
    const { id } = (await activeSession()) ?? {};
    const { data } = await kit.sessions.getSessionParticipants(id ?? '', ids);
    expect(data?.participants?.map(({ custom_participant_id: name }) => name)).toEqual(['host']);
    expect((await loginWith(ann.token)).result).toHaveProperty('waiting');
  });

  it('waits for somebody who may let it in, and for nobody while one is there (WAIT-1, WAIT-2)', async () => {
    const ann = await enter('ann', 'until-attended');
    await enter('ben', 'group_call_participant');
    expect(ann.client.events).toEqual([]);
    await enter('host');
    expect((await ann.client.event('admitted')).login.room.memberCount).toBe(3);
    expect((await enter('cem', 'until-attended')).result).toHaveProperty('ticket');
  });

  it('is not let in by who has not the permission (WAIT-4)', async () => {
    const ben = await enter('ben', 'group_call_participant');
    const ann = await enter('ann', 'until-accepted');
    const { error } = await answer(ben.client, 'accept', ann.result.waiting.memberId);
    expect(error?.code).toBe('member.not-allowed');
    await ben.client.request('heartbeat');
    expect(ben.client.events).toEqual([]);
  });
});

describe('who waits is taken off the list', () => {
  it('by a kick that names it, which finds it and says so (WAIT-9)', async () => {
    const ann = await enter('ann', 'until-accepted');
    const kick = (body: object) => kit.activeSession.kickParticipants(meeting, { ...ids, ...body });
    const { data } = await kick({ participant_ids: [ann.id] });
    expect(data).toMatchObject({ action: 'kick', participants: [{ id: ann.id, name: 'ann' }] });
    expect(await ann.client.event('removed')).toMatchObject({ cause: 'kicked' });
    expect(await isClosed(ann)).toBe(4500);

    const [ben, cem] = [await enter('ben', 'until-accepted'), await enter('cem')];
    await expect(kick({ participant_ids: [ben.id, 'nobody'] })).rejects.toMatchObject({ status: 404 });
    const both = await kick({ custom_participant_ids: ['ben', 'cem'] });
    expect(both.data?.participants?.map(({ id }) => id).sort()).toEqual([ben.id, cem.id].sort());
    expect([await isClosed(ben), await isClosed(cem)]).toEqual([4500, 4500]);
  });

  it('by the other API’s kick (WAIT-9, RTK-6)', async () => {
    const ann = await enter('ann', 'until-accepted');
    const answered = await server.call('KickoutUser', { RoomId: meeting, 'UserId[]': [ann.id], CustomReason: 'bye' });
    expect(answered.Code).toBe(0);
    expect(await ann.client.event('removed')).toEqual({ event: 'removed', cause: 'kicked', reason: 'bye' });
  });

  it('by kick-all and CloseRoom (WAIT-9)', async () => {
    const [ann] = [await enter('ann', 'until-accepted'), await enter('host')];
    const { data } = await kit.activeSession.kickAllParticipants(meeting, ids);
    expect(data).toMatchObject({ kicked_participants_count: 1 });
    expect([await ann.client.event('removed'), await isClosed(ann)]).toMatchObject([{ cause: 'room-closed' }, 4501]);

    const [ben] = [await enter('ben', 'until-accepted'), await enter('dan')];
    expect((await server.call('CloseRoom', { RoomId: meeting })).Code).toBe(0);
    expect(await isClosed(ben)).toBe(4501);
  });

  it('by kick-all where people only wait; once nobody waits it is refused (WAIT-9)', async () => {
    const ann = await enter('ann', 'until-accepted');
    const { data } = await kit.activeSession.kickAllParticipants(meeting, ids);
    expect(data).toMatchObject({ kicked_participants_count: 0 });
    expect([await ann.client.event('removed'), await isClosed(ann)]).toMatchObject([{ cause: 'room-closed' }, 4501]);

    await expect(kit.activeSession.kickAllParticipants(meeting, ids)).rejects.toMatchObject({ status: 404 });
  });

  it('by CloseRoom where people only wait (WAIT-9)', async () => {
    const ann = await enter('ann', 'until-accepted');
    // CloseRoom may be called once per second.
    await expect
      .poll(() => server.call('CloseRoom', { RoomId: meeting, CustomReason: 'over' }), { timeout: 5000, interval: 300 })
      .toMatchObject({ Code: 0 });
    expect(await ann.client.event('removed')).toEqual({ event: 'removed', cause: 'room-closed', reason: 'over' });
    expect(await isClosed(ann)).toBe(4501);
  });

  it('and a session in its keep-alive time ends by CloseRoom (WAIT-9, RTK-11)', async () => {
    const host = await enter('host');
    const { id } = (await activeSession()) ?? {};
    await host.client.request('logout');
    // CloseRoom may be called once per second.
    await expect
      .poll(() => server.call('CloseRoom', { RoomId: meeting }), { timeout: 5000, interval: 300 })
      .toMatchObject({ Code: 0 });
    const { data } = await kit.sessions.getSessionDetails(id ?? '', ids);
    expect(data).toMatchObject({ status: 'ENDED' });
  });

  it('by a host that removes everybody (WAIT-9)', async () => {
    const [ann, host] = [await enter('ann', 'until-accepted'), await enter('host')];
    // The host is removed too, so its request is not answered.
    host.client.request('moderate', { action: 'kickAll' }).catch(() => undefined);
    expect([await ann.client.event('removed'), await isClosed(ann)]).toMatchObject([{ cause: 'room-closed' }, 4501]);
  });

  it('by the deletion of its participant (WAIT-9, RTK-8)', async () => {
    const ann = await enter('ann', 'until-accepted');
    await kit.meetings.deleteMeetingParticipant(ann.id, { ...ids, meeting_id: meeting });
    expect(await isClosed(ann)).toBe(4500);
    expect((await loginWith(ann.token)).error?.code).toBe('login.bad-credential');
  });

  it('by a meeting that is set INACTIVE (WAIT-9, RTK-8)', async () => {
    const host = await enter('host');
    const ann = await enter('ann', 'until-accepted');
    await kit.meetings.updateMeetingByID(meeting, { ...ids, status: 'INACTIVE' });
    expect(await ann.client.event('refused')).toMatchObject({ error: { code: 'login.not-allowed' } });
    await host.client.event('waitingRemoved');
    expect(await host.client.request('heartbeat')).toMatchObject({ result: { memberCount: 1 } });
  });

  it('by a ban, when it is to be let in (WAIT-6, BAN-1)', async () => {
    const host = await enter('host');
    const ann = await enter('ann', 'until-accepted');
    const ban = { RuleType: '3', UserId: ann.id, DisabledPrivilege: ['1'], EffectiveTime: '60' };
    expect((await server.call('SetForbidUserRule', ban)).Code).toBe(0);
    await answer(host.client, 'accept', ann.result.waiting.memberId);
    expect(await ann.client.event('refused')).toMatchObject({ error: { code: 'login.banned' } });
    expect(await activeSession()).toMatchObject({ live_participants: 1 });
  });
});
