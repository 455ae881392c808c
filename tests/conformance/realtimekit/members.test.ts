/**
 * Pins, names and custom messages requested by signalling clients, and the preset's permissions for them.
 */

import type { RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let meeting: string;
beforeAll(async () => {
  people = await startPeople();
  await people.newPreset('nameless', { can_edit_display_name: false });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const codeOf = async (answer: ReturnType<RawClient['request']>) => (await answer).error?.code ?? 'done';
const pin = (client: RawClient, memberId: string, pinned = true) =>
  codeOf(client.request('moderate', { action: 'pin', memberId, pinned }));
const rename = (client: RawClient, name: string) => codeOf(client.request('rename', { name }));
const tell = (client: RawClient, more: object = {}) =>
  codeOf(client.request('sendCustom', { type: 'wave', payload: { n: 1 }, ...more }));
/** Returns the custom messages that a client received, once all sent messages have arrived. */
async function heard(client: RawClient) {
  await client.request('heartbeat');
  return client.events.flatMap((frame) => (frame.event === 'custom' ? [frame.type] : []));
}

test('a participant pins nobody, itself neither; a host anybody (PIN-1)', async () => {
  const [host, anna] = [
    await people.enter(meeting, 'host'),
    await people.enter(meeting, 'anna', 'group_call_participant'),
  ];
  expect(await pin(anna.client, host.login.memberId)).toBe('member.not-allowed');
  expect(await pin(anna.client, anna.login.memberId)).toBe('member.not-allowed');
  expect(await pin(host.client, 'nobody')).toBe('room.member-not-found');
  expect(await pin(host.client, anna.login.memberId)).toBe('done');
});

test('everybody is told of a pin, the pinned too, and late comers see it (PIN-2)', async () => {
  const [host, anna] = [
    await people.enter(meeting, 'host'),
    await people.enter(meeting, 'anna', 'group_call_participant'),
  ];
  const { memberId } = anna.login;
  await pin(host.client, memberId);
  for (const { client } of [host, anna]) {
    expect((await client.event('memberUpdated')).member).toMatchObject({ memberId, pinned: true });
  }
  const late = await people.enter(meeting, 'late');
  const pinned = late.login.room.members.filter((member) => member.pinned);
  expect(pinned.map((member) => member.memberId)).toEqual([memberId]);
  await pin(host.client, memberId, false);
  expect((await late.client.event('memberUpdated')).member).not.toHaveProperty('pinned');
});

test('who may not change its name is refused, at the login too, where the name is passed over (NAME-1, NAME-2)', async () => {
  const anna = await people.add(meeting, 'anna', 'nameless');
  const { client, login } = await people.loginWith(anna.token, { userName: 'Annabel' });
  expect(login.user.name).toBe('anna');
  expect(login.permissions.rename).toBeUndefined();
  expect(await rename(client, 'Annabel')).toBe('member.not-allowed');
});

test('a new name is told to everybody, and stands under what is said from then on (NAME-1)', async () => {
  const [anna, ben] = [await people.enter(meeting, 'anna'), await people.enter(meeting, 'ben')];
  await anna.client.media.publish(`c-${anna.id}`);
  expect(await rename(anna.client, 'Annabel')).toBe('done');
  expect((await ben.client.event('memberUpdated')).member.user).toEqual({ id: anna.id, name: 'Annabel' });
  expect((await ben.client.event('streamUpdated')).stream.user.name).toBe('Annabel');
  await anna.client.request('send', { kind: 'chat', text: 'hello' });
  expect((await ben.client.event('message')).from.name).toBe('Annabel');
  const late = await people.enter(meeting, 'late');
  expect(late.login.room.members[0]?.user.name).toBe('Annabel');
});

test('a login brings its name where the preset lets it; names have 1 to 256 characters, and twice in a second is enough (NAME-1, NAME-2)', async () => {
  const anna = await people.add(meeting, 'anna');
  expect((await people.loginWith(anna.token, { userName: '😀'.repeat(257) })).error?.code).toBe('login.bad-user-name');
  const longest = '😀'.repeat(256);
  const { client, login } = await people.loginWith(anna.token, { userName: longest });
  expect(login.user.name).toBe(longest);
  expect(await rename(client, '')).toBe('request.malformed');
  expect(await rename(client, '😀'.repeat(257))).toBe('login.bad-user-name');
  const codes = await Promise.all([longest, 'B', 'C'].map((name) => rename(client, name)));
  expect(codes).toEqual(['done', 'done', 'rate.limited']);
});

test('what an application tells goes to everybody else, or to whom it names (CUST-1)', async () => {
  const anna = await people.enter(meeting, 'anna');
  const ben = await people.enter(meeting, 'ben');
  const cem = await people.enter(meeting, 'cem', 'group_call_participant');
  const zoe = await people.connect();
  await zoe.login(people.server.app.appId, meeting, 'zoe');
  const guests = { key: 'presetName', values: ['group_call_participant'] };
  expect(await tell(anna.client, { type: 'all' })).toBe('done');
  expect(await tell(anna.client, { type: 'ben', to: [ben.login.memberId] })).toBe('done');
  expect(await tell(anna.client, { type: 'guests', toProfile: guests })).toBe('done');
  expect(await tell(anna.client, { type: 'lost', to: [ben.login.memberId, 'nobody'] })).toBe('room.member-not-found');
  expect(await Promise.all([anna.client, ben.client, cem.client, zoe].map(heard))).toEqual([
    [],
    ['all', 'ben'],
    ['all', 'guests'],
    ['all'],
  ]);
  const { memberId } = anna.login;
  const from = { id: anna.id, name: 'anna' };
  expect(await ben.client.event('custom')).toMatchObject({ type: 'all', payload: { n: 1 }, memberId, from });
});

test('such messages are bounded: 64 bytes of type, 8,192 of payload, 5 in a second, and none of a reserved type (CUST-2)', async () => {
  const anna = await people.enter(meeting, 'anna');
  expect(await tell(anna.client, { type: 'é'.repeat(33) })).toBe('text.too-long');
  expect(await tell(anna.client, { payload: { text: 'x'.repeat(8192) } })).toBe('message.too-long');
  expect(await tell(anna.client, { payload: ['no object'] })).toBe('request.malformed');
  expect(await tell(anna.client, { type: 'spotlight' })).toBe('member.not-allowed');
  // Refused messages do not count against the limit.
  const codes = await Promise.all(Array.from({ length: 6 }, () => tell(anna.client)));
  expect(codes).toEqual(['done', 'done', 'done', 'done', 'done', 'rate.limited']);
});

test('a login tells the session that it is part of, which outlives the room, and what its preset says (RTK-11)', async () => {
  const anna = await people.enter(meeting, 'anna');
  const { sessions } = (await people.kit.sessions.getSessions(people.ids.app_id, people.ids)).data ?? {};
  const session = sessions?.find(({ associated_id }) => associated_id === meeting);
  const startedAtMs = Date.parse(String(session?.started_at));
  expect(anna.login.session).toEqual({ id: session?.id, startedAtMs });
  expect(anna.login.facts).toMatchObject({ viewType: 'GROUP_CALL', permissions: { can_edit_display_name: true } });
  await anna.client.request('logout');
  const again = await people.enter(meeting, 'ben');
  expect(again.login.epoch).not.toBe(anna.login.epoch);
  expect(again.login.session).toEqual(anna.login.session);
});
