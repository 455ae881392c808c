/**
 * Who is in the room, read without joining it.
 */

import type { WireMember } from '@gavel/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let meeting: string;

beforeAll(async () => {
  people = await startPeople();
  await people.newPreset('hidden', { hidden_participant: true });
  await people.newPreset('listless', { show_participant_list: false });
  await people.newPreset('until-accepted', { waiting_room_type: 'SKIP_ON_ACCEPT' });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const enter = (name: string, preset?: string) => people.enter(meeting, name, preset);

/** Previews the room with a token; the names of who is in it, or the code of the refusal. */
async function preview(token: string, client?: Awaited<ReturnType<People['connect']>>) {
  const visitor = client ?? (await people.connect());
  const { result, error } = await visitor.request('preview', { credential: { scheme: 'participant-token', token } });
  return error ? error.code : (result as { members: WireMember[] }).members.map(({ user }) => user.name);
}

describe('preview (RTK-18)', () => {
  it('lists the members of the room as a login does, and logs nobody in', async () => {
    const ben = await people.add(meeting, 'ben');
    const client = await people.connect();
    expect(await preview(ben.token, client)).toEqual([]);
    const ann = await enter('ann');
    await enter('cem');
    expect(await preview(ben.token, client)).toEqual(['ann', 'cem']);
    const credential = { scheme: 'participant-token', token: ben.token };
    const { result } = await client.request('preview', { credential });
    const { room } = (await people.loginWith(ben.token)).login;
    expect((result as { members: WireMember[] }).members).toEqual(room.members.slice(0, 2));
    await ann.client.request('heartbeat');
    expect(ann.client.events.map(({ event }) => event)).toEqual(['memberJoined', 'memberJoined']);
  });

  it('shows no hidden participant, nobody to a preset without the list, and nobody to who would wait (HIDE-1, HIDE-4)', async () => {
    await enter('ann');
    await enter('spy', 'hidden');
    const tokenOf = async (name: string, preset?: string) => (await people.add(meeting, name, preset)).token;
    expect(await preview(await tokenOf('ben'))).toEqual(['ann']);
    expect(await preview(await tokenOf('lea', 'listless'))).toEqual([]);
    expect(await preview(await tokenOf('guest', 'until-accepted'))).toEqual([]);
  });

  it('is refused as a login is, to the banned too, and after a login (BAN-4)', async () => {
    await enter('ann');
    expect(await preview('not-a-token')).toBe('login.bad-credential');
    const ben = await people.add(meeting, 'ben');
    const { client } = await people.loginWith(ben.token);
    expect(await preview(ben.token, client)).toBe('request.out-of-order');
    const rule = { RuleType: '3', UserId: ben.id, DisabledPrivilege: ['1'], EffectiveTime: '60' };
    expect(await people.server.call('SetForbidUserRule', rule)).toMatchObject({ Code: 0 });
    expect(await preview(ben.token)).toBe('login.banned');
  });
});
