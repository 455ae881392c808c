import { MEMBER_CAUSES } from '@gavel/protocol/causes';
import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { cameraStream } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { END_OF_CAUSE } from './causes.ts';
import { ZegoClient } from './client.ts';

function create(world: World) {
  const client = new ZegoClient({
    appid: 1,
    server: 'https://rooms.test',
    idName: 'me',
    userStateUpdate: true,
    platform: world.platform,
  });
  const log: unknown[][] = [];
  client.onKickOut = (...args) => log.push(['onKickOut', ...args]);
  client.onDisconnect = (...args) => log.push(['onDisconnect', ...args]);
  client.onUserStateUpdate = (...args) => log.push(['onUserStateUpdate', ...args]);
  client.onStreamUpdated = (...args) => log.push(['onStreamUpdated', ...args]);
  client.onPublishStateUpdate = (...args) => log.push(['onPublishStateUpdate', ...args]);
  client.onPlayStateUpdate = (...args) => log.push(['onPlayStateUpdate', ...args]);
  return { client, log };
}

const S1 = { stream_id: 's1', anchor_id_name: 'ann', anchor_nick_name: 'ANN', extra_info: '' };

test('a login gives the streams that are there; users and streams come and go by their handlers', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { client, log } = create(world);
  await expect(client.login('room', 'token')).resolves.toEqual([S1]);
  await world.server.push({ event: 'memberJoined', seq: 11, userSeq: 3, memberCount: 3, member: member('bob') });
  await world.server.push({
    event: 'streamRemoved',
    seq: 12,
    streamSeq: 2,
    stream: stream('s1', 'ann'),
    cause: 'kicked',
  });
  await world.server.push({ event: 'streamAdded', seq: 13, streamSeq: 3, stream: stream('s1', 'ann') });
  expect(log).toEqual([
    ['onUserStateUpdate', 'room', [{ idName: 'bob', nickName: 'BOB', action: 1 }]],
    ['onStreamUpdated', 2002, [S1], 'room'],
    ['onStreamUpdated', 2001, [S1], 'room'],
  ]);
});

test('a kick and a closed room call onKickOut with 16777220 and the reason (KICK-5, CLOSE-2)', async () => {
  for (const [cause, code, reason] of [
    ['kicked', 4500, 16777220],
    ['room-closed', 4501, 16777220],
    ['replaced', 4502, 16777219],
  ] as const) {
    const world = createWorld();
    const { client, log } = create(world);
    await client.login('room', 'token');
    const camera = cameraStream();
    expect(client.startPublishingStream('mine', camera.stream)).toBe(true);
    await world.server.remove(cause, '踢出', code);
    expect(log).toEqual([['onKickOut', reason, 'room', '踢出']]);
    expect(camera.tracks[0]?.readyState).toBe('ended');
    expect(client.startPublishingStream('mine', camera.stream)).toBe(false);
  }
});

test('a connection that is not regained calls onDisconnect', async () => {
  const world = createWorld();
  const { client, log } = create(world);
  await client.login('room', 'token');
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(300_000);
  expect(log).toEqual([['onDisconnect', 1002053, 'room']]);
});

test('a stream is played, and a refused login rejects with the code of the protocol', async () => {
  const world = createWorld();
  const { client } = create(world);
  await expect(client.startPlayingStream('s1')).rejects.toMatchObject({ code: 'client.not-joined' });
  await client.login('room', 'token');
  const playing = client.startPlayingStream('s1');
  await settle();
  world.media.peer.become('connected');
  await expect(playing).resolves.toBeDefined();
  expect(client.stopPlayingStream('s1')).toBe(true);
  expect(client.logout()).toBe(true);
  world.server.answers.login = () => ({ refuse: 'login.room-full' });
  await expect(client.login('room', 'token')).rejects.toMatchObject({ code: 'login.room-full' });
});

test('every cause of an exit has its handler (KICK-5)', () => {
  expect(MEMBER_CAUSES.map((cause) => [cause, Object.values(END_OF_CAUSE[cause])])).toEqual([
    ['logout', ['none']],
    ['heartbeat-timeout', ['onDisconnect', 1002053]],
    ['connection-lost', ['onDisconnect', 1002053]],
    ['kicked', ['onKickOut', 16777220]],
    ['room-closed', ['onKickOut', 16777220]],
    ['replaced', ['onKickOut', 16777219]],
    ['token-expired', ['onKickOut', 16777221]],
  ]);
});

test('a client that was taken out while it was offline learns it and stays out (KICK-12)', async () => {
  for (const [details, reason] of [
    [{ cause: 'kicked', reason: '踢出' }, 16777220],
    [{ cause: 'room-closed', reason: '踢出' }, 16777220],
    [{ cause: 'replaced', reason: '踢出' }, 16777219],
    [undefined, 16777221],
  ] as const) {
    const world = createWorld();
    const { client, log } = create(world);
    await client.login('room', 'token');
    world.server.resume = { refuse: 'resume.refused', ...(details && { details }) };
    world.server.socket.close(1006);
    await world.clock.advance(600_000);
    expect(log).toEqual([['onKickOut', reason, 'room', details?.reason ?? '']]);
    expect(world.server.seen('login')).toHaveLength(1);
  }
});

test('streams that are sent and played are reported, and within 10 s why they are not (CONN-4)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { client, log } = create(world);
  await client.login('room', 'token');
  client.startPublishingStream('mine', cameraStream().stream);
  await settle();
  world.media.peer.become('connected');
  world.media.peer.become('failed');
  const refused = expect(client.startPlayingStream('s1')).rejects.toMatchObject({ code: 'client.no-media-path' });
  await world.clock.advance(10_000);
  await refused;
  const error = { code: 'client.no-media-path', msg: expect.stringContaining('no path to the media port') };
  expect(log).toEqual([
    ['onPublishStateUpdate', 0, 'mine'],
    ['onPlayStateUpdate', 1, 's1', error],
  ]);
  client.stopPublishingStream('mine');
  expect(log).toHaveLength(2);
});
