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
  expect(host.login.permissions.moderation).toEqual({
    kick: true,
    muteAudio: true,
    muteVideo: true,
    changePermissions: true,
  });
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
  await ben.client.media.publish('s');
  await host.client.event('streamAdded');
  const { memberId } = ben.login;
  expect(await host.client.request('moderate', { action: 'kick', memberId })).toMatchObject({ result: {} });
  expect(door.engine.calls.map((call) => call.split(':')[0])).toEqual(['negotiate', 'closePeer']);
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
  await ben.client.media.publish('s');
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
  await ben.client.media.publish('s');
  await host.client.request('moderate', { action: 'mute', kinds: ['audio'], allowUnmute: false });
  const turnedOn = await ben.client.request('updateStream', { streamId: 's', audio: true });
  expect(turnedOn.error?.code).toBe('member.not-allowed');
  await ben.client.media.unpublish('s');
  expect(await ben.client.media.publish('t')).toMatchObject({
    result: { audio: false, video: true },
  });
  expect([...door.engine.blocked.values()].at(-1)).toEqual({ audio: true, video: false });
});

test('a change of permissions is told to the person alone, and holds for all it does from then on (HOST-6)', async () => {
  const [host, ben, eve] = [await door.join('r', 'host'), await door.join('r', 'ben'), await door.join('r', 'eve')];
  await ben.client.media.publish('s');
  const memberIds = [ben.login.memberId];
  const chat = { sendPublic: false, receivePrivate: false };
  const change = (changes: object) => ({ action: 'setPermissions', memberIds, changes });
  expect((await eve.client.request('moderate', change({ chat }))).error?.code).toBe('member.not-allowed');
  expect((await host.client.request('moderate', change({ moderation: {} }))).error?.code).toBe('request.malformed');
  expect(await host.client.request('moderate', change({ publishAudio: false, chat }))).toMatchObject({ result: {} });
  expect([...door.engine.blocked.values()]).toEqual([{ audio: true, video: false }]);
  const { permissions } = await ben.client.event('permissions');
  expect(permissions).toEqual({ publishAudio: false, publishVideo: true, chat: { ...chat, sendPrivate: true } });
  await eve.client.request('heartbeat');
  expect(names(eve.client.events)).not.toContain('permissions');

  const on = await ben.client.request('updateStream', { streamId: 's', audio: true });
  expect(on.error?.code).toBe('member.not-allowed');
  expect((await ben.client.request('send', { kind: 'chat', text: 'hi' })).error?.code).toBe('member.not-allowed');
  await eve.client.request('send', { kind: 'chat', text: 'psst', to: ['ben'] });
  await ben.client.request('heartbeat');
  expect(names(ben.client.events)).not.toContain('message');
  // What is published anew is agreed on without it.
  expect(await ben.client.media.publish('t')).toMatchObject({
    result: { audio: false, video: true },
  });

  await host.client.request('moderate', change({ publishAudio: true }));
  expect((await ben.client.request('updateStream', { streamId: 's', audio: true })).error).toBeUndefined();
  expect(await ben.client.media.publish('u')).toMatchObject({
    result: { audio: true, video: true },
  });
});

test('a change of permissions that was missed is told by the resume (HOST-6)', async () => {
  const [host, ben] = [await door.join('r', 'host'), await door.join('r', 'ben')];
  ben.client.cut();
  await ben.client.closed;
  const params = { action: 'setPermissions', memberIds: [ben.login.memberId], changes: { publishVideo: false } };
  await host.client.request('moderate', params);
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: ben.login.ticket, lastSeq: ben.login.room.seq });
  expect((result as { events: unknown[] }).events).toMatchObject([
    { event: 'permissions', permissions: { publishAudio: true, publishVideo: false } },
  ]);
});
