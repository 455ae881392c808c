import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const names = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

test('the answer to a login tells what one may do to others (HOST-1)', async () => {
  const [host, ann] = [await door.join('r', 'host'), await door.join('r', 'ann')];
  expect(host.login.permissions.moderation).toEqual({ kick: true, muteAudio: true, muteVideo: true });
  expect(ann.login.permissions).toEqual({ publishAudio: true, publishVideo: true });
});

test('who has no right to it is refused, whatever its client thinks (HOST-1)', async () => {
  const [ann, ben] = [await door.join('r', 'ann'), await door.join('r', 'ben')];
  const { memberId } = ben.login;
  const requests = [
    { action: 'kick', memberId },
    { action: 'kickAll' },
    { action: 'mute', memberId, kinds: ['audio'] },
    { action: 'mute', kinds: ['video'], allowUnmute: false },
  ];
  for (const params of requests) {
    expect((await ann.client.request('moderate', params)).error?.code, params.action).toBe('member.not-allowed');
  }
  const { client: muter } = await door.join('r', 'muter');
  expect((await muter.request('moderate', { action: 'mute', memberId, kinds: ['audio'] })).error).toBeUndefined();
  const both = await muter.request('moderate', { action: 'mute', memberId, kinds: ['audio', 'video'] });
  expect(both.error?.code).toBe('member.not-allowed');
  expect((await door.rooms.summary(door.room('r')))?.memberCount).toBe(3);
  expect(door.engine.calls).toEqual([]);
});

test('what is not a way to moderate is malformed', async () => {
  const { client } = await door.join('r', 'host');
  for (const params of [{}, { action: 'kick' }, { action: 'mute', kinds: [] }, { action: 'kickAll', memberId: 'm' }]) {
    expect((await client.request('moderate', params)).error?.code).toBe('request.malformed');
  }
  const nobody = await client.request('moderate', { action: 'kick', memberId: 'nobody' });
  expect(nobody.error?.code).toBe('room.member-not-found');
});

test('a host’s kick is like any other: media first, then the person, then the others (HOST-2)', async () => {
  const host = await door.join('r', 'host');
  const ben = await door.join('r', 'ben');
  await ben.client.request('publish', { streamId: 's', offer: 'offer' });
  await host.client.event('streamAdded');
  const { memberId } = ben.login;
  expect(await host.client.request('moderate', { action: 'kick', memberId })).toMatchObject({ result: {} });
  expect(door.engine.calls.map((call) => call.split(':')[0])).toEqual(['publish', 'closeStream']);
  expect(names(host.client.events).slice(-2)).toEqual(['streamRemoved', 'memberLeft']);
  expect(await ben.client.event('removed')).toEqual({ event: 'removed', cause: 'kicked', reason: '' });
  expect((await ben.client.closed).code).toBe(4500);
});

test('kickAll ends the room for everybody, the host too (HOST-2)', async () => {
  const host = await door.join('r', 'host');
  const ben = await door.join('r', 'ben');
  void host.client.request('moderate', { action: 'kickAll' });
  for (const { client } of [ben, host]) {
    expect(await client.event('removed')).toMatchObject({ cause: 'room-closed' });
    expect((await client.closed).code).toBe(4501);
  }
  expect(await door.rooms.summary(door.room('r'))).toBeUndefined();
});

test('when a mute is answered the kind is held back, and everybody sees it off, its publisher too (HOST-3)', async () => {
  const host = await door.join('r', 'host');
  const [ben, eve] = [await door.join('r', 'ben'), await door.join('r', 'eve')];
  await ben.client.request('publish', { streamId: 's', offer: 'offer' });
  const { memberId } = ben.login;
  await host.client.request('moderate', { action: 'mute', memberId, kinds: ['audio'] });
  expect([...door.engine.blocked.values()]).toEqual([{ audio: true, video: false }]);
  for (const { client } of [host, ben, eve]) {
    const { stream } = await client.event('streamUpdated');
    expect(stream).toMatchObject({ streamId: 's', audio: false, video: true, muted: ['audio'] });
  }
  await ben.client.request('updateStream', { streamId: 's', audio: true });
  expect([...door.engine.blocked.values()]).toEqual([{ audio: false, video: false }]);
  const { streams } = (await eve.client.request('snapshot')).result as { streams: object[] };
  expect(streams).toMatchObject([{ audio: true, video: true }]);
  expect(streams[0]).not.toHaveProperty('muted');
});

test('who is muted for good cannot switch on, nor publish anew what is heard (HOST-4)', async () => {
  const [host, ben] = [await door.join('r', 'host'), await door.join('r', 'ben')];
  await ben.client.request('publish', { streamId: 's', offer: 'offer' });
  await host.client.request('moderate', { action: 'mute', kinds: ['audio'], allowUnmute: false });
  const turnedOn = await ben.client.request('updateStream', { streamId: 's', audio: true });
  expect(turnedOn.error?.code).toBe('member.not-allowed');
  await ben.client.request('unpublish', { streamId: 's' });
  expect(await ben.client.request('publish', { streamId: 't', offer: 'offer' })).toMatchObject({
    result: { audio: false, video: true },
  });
  expect([...door.engine.blocked.values()].at(-1)).toEqual({ audio: true, video: false });
});
