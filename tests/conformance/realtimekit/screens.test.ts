/**
 * Screen shares requested by signalling clients: the server refuses what the preset does not allow.
 */

import type { FakeMediaEngine, RawClient } from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type People, startPeople } from './people.ts';

let people: People;
let meeting: string;
beforeAll(async () => {
  people = await startPeople();
  const media = (screen: string) => ({
    audio: { can_produce: 'NOT_ALLOWED' },
    video: { can_produce: 'NOT_ALLOWED' },
    screenshare: { can_produce: screen },
  });
  await people.newPreset('screen-only', { media: media('ALLOWED') });
  await people.newPreset('asks-first', { media: media('CAN_REQUEST') });
  await people.newPreset('ends-screens', { disable_participant_screensharing: true });
  await people.newPreset('two-screens', {}, { max_screenshare_count: 2 });
});
afterAll(() => people.close());
beforeEach(async () => {
  meeting = await people.newMeeting();
});

const publish = async (client: RawClient, streamId: string, source?: 'camera' | 'screen') =>
  (await client.media.publish(streamId, { ...(source && { source }) })).error?.code;

test('a shared screen is told as one, to late comers and to users of the other dialect too (SCRN-1)', async () => {
  const anna = await people.enter(meeting, 'anna');
  const zoe = await people.connect();
  await zoe.login(people.server.app.appId, meeting, 'zoe');
  expect(await publish(anna.client, `c-${anna.id}`)).toBeUndefined();
  expect(await publish(anna.client, `s-${anna.id}`, 'screen')).toBeUndefined();
  const ben = await people.enter(meeting, 'ben');
  const { memberId } = anna.login;
  expect(ben.login.room.streams).toMatchObject([
    { streamId: `c-${anna.id}`, memberId, source: 'camera' },
    { streamId: `s-${anna.id}`, memberId, source: 'screen' },
  ]);
  const announced = zoe.events.flatMap((event) => (event.event === 'streamAdded' ? [event.stream] : []));
  expect(announced.map(({ user, source }) => [user.id, source])).toEqual([
    [anna.id, 'camera'],
    [anna.id, 'screen'],
  ]);
});

test('who may not share a screen is refused, and who may is no camera’s owner by that (SCRN-2)', async () => {
  const cem = await people.enter(meeting, 'cem', 'asks-first');
  expect(await publish(cem.client, `s-${cem.id}`, 'screen')).toBe('stream.not-allowed');
  const dora = await people.enter(meeting, 'dora', 'screen-only');
  expect(dora.login.permissions).toMatchObject({ publishVideo: false, screen: { publish: true, maxInRoom: 1 } });
  expect(await publish(dora.client, `s-${dora.id}`, 'screen')).toBeUndefined();
  expect(await publish(dora.client, `c-${dora.id}`)).toBe('stream.not-allowed');
  // Changing the source of the same stream to a camera is refused too.
  expect(await publish(dora.client, `s-${dora.id}`)).toBe('stream.not-allowed');
});

test('a screen that is called a camera takes the camera’s place: a participant has one of each (SCRN-2)', async () => {
  const anna = await people.enter(meeting, 'anna');
  expect(await publish(anna.client, `c-${anna.id}`)).toBeUndefined();
  expect(await publish(anna.client, `d-${anna.id}`)).toBe('stream.too-many');
  expect(await publish(anna.client, `s-${anna.id}`, 'screen')).toBeUndefined();
  expect(await publish(anna.client, `t-${anna.id}`, 'screen')).toBe('stream.too-many');
});

test('of many who share at once, as many get through as the preset says (SCRN-3)', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const all = await Promise.all(names.map((name) => people.enter(meeting, name, 'two-screens')));
  const codes = await Promise.all(all.map(({ client, id }) => publish(client, `s-${id}`, 'screen')));
  expect(codes.filter((code) => code === undefined)).toHaveLength(2);
  expect(codes.filter((code) => code === 'stream.too-many')).toHaveLength(3);
  const shared = codes.indexOf(undefined);
  const refused = codes.indexOf('stream.too-many');
  await all[shared]?.client.media.unpublish(`s-${all[shared]?.id}`);
  expect(await publish(all[refused]?.client as RawClient, `s-${all[refused]?.id}`, 'screen')).toBeUndefined();
});

test('ending others’ screens needs the right to, and closes their media before the answer (SCRN-4, HOST-1)', async () => {
  const anna = await people.enter(meeting, 'anna', 'group_call_participant');
  const ben = await people.enter(meeting, 'ben', 'ends-screens');
  await publish(anna.client, `s-${anna.id}`, 'screen');
  const { memberId } = anna.login;
  const end = (client: RawClient, more: object) => client.request('moderate', { action: 'mute', memberId, ...more });
  expect((await end(anna.client, { kinds: ['screen'] })).error?.code).toBe('member.not-allowed');
  expect((await end(ben.client, { kinds: ['screen', 'video'] })).error?.code).toBe('member.not-allowed');
  const { calls } = people.server.engine as FakeMediaEngine;
  const before = calls.length;
  expect((await end(ben.client, { kinds: ['screen'], allowUnmute: false })).error).toBeUndefined();
  expect(calls.slice(before).map((call) => call.split(':')[0])).toEqual(['closeStream']);
  expect(await anna.client.event('streamRemoved')).toMatchObject({ cause: 'deleted', stream: { source: 'screen' } });
  expect(await publish(anna.client, `s-${anna.id}`, 'screen')).toBe('member.not-allowed');
});

test('who loses the right to screens in the session shares none any more (SCRN-4, HOST-6)', async () => {
  const host = await people.enter(meeting, 'host');
  const anna = await people.enter(meeting, 'anna', 'group_call_participant');
  await publish(anna.client, `s-${anna.id}`, 'screen');
  const memberIds = [anna.login.memberId];
  const params = { action: 'setPermissions', memberIds, changes: { publishScreen: false } };
  expect((await host.client.request('moderate', params)).error).toBeUndefined();
  expect(await host.client.event('streamRemoved')).toMatchObject({ cause: 'deleted' });
  const { permissions } = await anna.client.event('permissions');
  expect(permissions.screen).toEqual({ publish: false, maxInRoom: 1 });
  expect(await publish(anna.client, `s-${anna.id}`, 'screen')).toBe('stream.not-allowed');
});
