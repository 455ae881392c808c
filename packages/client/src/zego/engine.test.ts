import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { settle } from '../testing/fake-clock.ts';
import { cameraStream, type FakeTrack } from '../testing/fake-media.ts';
import { LOST, loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';
import type { ZegoEvents } from './events.ts';
import type { ZegoEngineOptions, ZegoRoomConfig } from './types.ts';

const EVENTS: readonly (keyof ZegoEvents)[] = [
  'roomStateUpdate',
  'roomStateChanged',
  'roomUserUpdate',
  'roomOnlineUserCountUpdate',
  'roomExtraInfoUpdate',
  'roomStreamUpdate',
  'streamExtraInfoUpdate',
  'publisherStateUpdate',
  'playerStateUpdate',
  'publishQualityUpdate',
  'playQualityUpdate',
  'IMRecvBroadcastMessage',
  'IMRecvBarrageMessage',
  'IMRecvCustomCommand',
  'tokenWillExpire',
  'remoteCameraStatusUpdate',
  'remoteMicStatusUpdate',
];

function createEngine(world: World, options: ZegoEngineOptions = {}) {
  const zg = new ZegoExpressEngine(1, 'wss://rooms.test', { platform: world.platform, ...options });
  const log: unknown[][] = [];
  for (const event of EVENTS) zg.on(event, (...args: unknown[]) => log.push([event, ...args]));
  return { zg, log };
}

const ME = { userID: 'me', userName: 'Me' };

async function login(world: World, config: ZegoRoomConfig = { userUpdate: true }, options: ZegoEngineOptions = {}) {
  const { zg, log } = createEngine(world, options);
  await zg.loginRoom('room', 'token-1', ME, config);
  log.length = 0;
  return { zg, log };
}

const listed = (streamID: string, userID: string, extraInfo = '') => ({
  streamID,
  user: { userID, userName: userID.toUpperCase() },
  extraInfo,
  urlsFLV: '',
  urlsRTMP: '',
  urlsHLS: '',
  urlsHttpsFLV: '',
  urlsHttpsHLS: '',
});

const deleteReasons = (...reasons: [string, number, string][]) =>
  JSON.stringify({
    stream_delete_reason: reasons.map(([stream_id, code, description]) => ({ stream_id, code, description })),
  });

const state = (streamID: string, name: string, errorCode = 0) => ({
  streamID,
  state: name,
  errorCode,
  extendedData: '',
});

test('a login raises LOGINING, the streams, LOGINED, the users, the count, in this order (reference zego 2.7)', async () => {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({
      memberCount: 3,
      members: [member('m-me', 'me'), member('m-ann', 'ann')],
      streams: [stream('s1', 'ann')],
    }),
  });
  const { zg, log } = createEngine(world);
  await expect(zg.loginRoom('room', 'token-1', ME, { userUpdate: true, maxMemberCount: 9 })).resolves.toBe(true);
  expect(log).toEqual([
    ['roomStateUpdate', 'room', 'CONNECTING', 0, ''],
    ['roomStateChanged', 'room', 'LOGINING', 0, ''],
    ['roomStreamUpdate', 'room', 'ADD', [listed('s1', 'ann')], ''],
    ['roomStateUpdate', 'room', 'CONNECTED', 0, null],
    ['roomStateChanged', 'room', 'LOGINED', 0, null],
    ['roomUserUpdate', 'room', 'ADD', [{ userID: 'ann', userName: 'ANN' }]],
    ['roomOnlineUserCountUpdate', 'room', 3],
  ]);
  expect(world.server.seen('login')[0]).toMatchObject({
    credential: { scheme: 'app-token', appId: 1, token: 'token-1' },
    roomId: 'room',
    userId: 'me',
    userName: 'Me',
    maxMemberCount: 9,
    members: true,
  });
});

test('without userUpdate no user is told, and members are not asked for', async () => {
  const world = createWorld();
  const { log } = await login(world, {});
  expect(world.server.seen('login')[0]?.members).toBe(false);
  await world.server.push({ event: 'memberJoined', seq: 11, userSeq: 3, memberCount: 3, member: member('m-bob') });
  expect(log).toEqual([]);
});

test('a kick raises NO_PLAY, NO_PUBLISH, DISCONNECTED and KICKOUT with 1002055 and the reason (KICK-5, KICK-11)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg, log } = await login(world);
  const camera = cameraStream();
  expect(zg.startPublishingStream('mine', camera.stream)).toBe(true);
  const playing = zg.startPlayingStream('s1');
  await settle();
  for (const peer of world.media.peers) peer.become('connected');
  await playing;
  log.length = 0;
  await world.server.remove('kicked', '踢出用户-原因 "x" 🚫', 4500);
  const extendedData = '{"custom_kickout_message":"踢出用户-原因 \\"x\\" 🚫"}';
  expect(log).toEqual([
    ['playerStateUpdate', state('s1', 'NO_PLAY', 1002055)],
    ['publisherStateUpdate', state('mine', 'NO_PUBLISH', 1002055)],
    ['roomStateUpdate', 'room', 'DISCONNECTED', 1002055, extendedData],
    ['roomStateChanged', 'room', 'KICKOUT', 1002055, extendedData],
  ]);
  expect(camera.tracks.every((track) => track.readyState === 'ended')).toBe(true);
  await world.clock.advance(600_000);
  expect(log).toHaveLength(4);
  expect(world.server.sockets).toHaveLength(1);
  expect(world.clock.pending).toBe(0);
});

test('a closed room shows as a kick does (CLOSE-2); another login of the same user shows as 1002050', async () => {
  for (const [cause, code, errorCode, reason, message] of [
    ['room-closed', 4501, 1002055, 'closing time', 'closing time'],
    ['replaced', 4502, 1002050, '', 'kickout may be the same user ID login other; kickout reason: 1'],
  ] as const) {
    const world = createWorld();
    const { log } = await login(world);
    await world.server.remove(cause, reason, code);
    const extendedData = JSON.stringify({ custom_kickout_message: message });
    expect(log).toEqual([
      ['roomStateUpdate', 'room', 'DISCONNECTED', errorCode, extendedData],
      ['roomStateChanged', 'room', 'KICKOUT', errorCode, extendedData],
    ]);
  }
});

test('a user kicked while it was away sees KICKOUT when it comes back, and stays out (KICK-9)', async () => {
  const world = createWorld();
  const { log } = await login(world);
  world.server.resume = { refuse: 'resume.refused', details: { cause: 'kicked', reason: 'spam' } };
  world.server.socket.close(1006);
  await world.clock.advance(600_000);
  const extendedData = '{"custom_kickout_message":"spam"}';
  expect(log).toEqual([
    ['roomStateUpdate', 'room', 'DISCONNECTED', 1002055, extendedData],
    ['roomStateChanged', 'room', 'KICKOUT', 1002055, extendedData],
  ]);
  expect(world.server.seen('login')).toHaveLength(1);
});

test('a kick is not a ban: the application may log in again, even from within the handler (KICK-10)', async () => {
  const world = createWorld();
  const { zg } = await login(world);
  let again: Promise<boolean> | undefined;
  zg.on('roomStateChanged', (_room, reason) => {
    if (reason === 'KICKOUT') again = zg.loginRoom('room', 'token-1', ME);
  });
  await world.server.remove('kicked', '', 4500);
  await expect(again).resolves.toBe(true);
});

test('others see the streams of a kicked user go, then the user (KICK-6)', async () => {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-ann', 'ann')], streams: [stream('s1', 'ann')] }),
  });
  const { log } = await login(world);
  const s1 = stream('s1', 'ann');
  await world.server.push({ event: 'streamRemoved', seq: 11, streamSeq: 2, stream: s1, cause: 'kicked' });
  await world.server.push({
    event: 'memberLeft',
    seq: 12,
    userSeq: 3,
    memberCount: 1,
    member: member('m-ann', 'ann'),
    cause: 'kicked',
  });
  expect(log).toEqual([
    ['roomStreamUpdate', 'room', 'DELETE', [listed('s1', 'ann')], deleteReasons(['s1', 4, 'user_kicked_out'])],
    ['roomUserUpdate', 'room', 'DELETE', [{ userID: 'ann', userName: 'ANN' }]],
  ]);
});

test('a stream deleted by the server shows DELETE with reason 6 to everyone, its owner included, who may publish again (STRM-2)', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  const camera = cameraStream();
  zg.startPublishingStream('mine', camera.stream);
  await settle();
  const mine = stream('mine', 'm-me', { user: { id: 'me', name: 'ME' } });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: mine });
  log.length = 0;
  await world.server.push({ event: 'streamRemoved', seq: 12, streamSeq: 3, stream: mine, cause: 'deleted' });
  expect(log).toEqual([
    ['roomStreamUpdate', 'room', 'DELETE', [listed('mine', 'me')], deleteReasons(['mine', 6, 'remove_by_server'])],
    ['publisherStateUpdate', state('mine', 'NO_PUBLISH', 1003025)],
  ]);
  expect(camera.tracks.every((track) => track.readyState === 'live')).toBe(true);
  expect(zg.startPublishingStream('mine', camera.stream)).toBe(true);
});

test('the room’s info is told at the login and when somebody else sets it, with who and when', async () => {
  const world = createWorld();
  const ann = { id: 'ann', name: 'ANN' };
  const info = { key: 'topic', value: 'tea', user: ann, atMs: 7 };
  world.server.login = loginResult({ room: snapshot({ infos: [info] }) });
  const { zg, log } = createEngine(world);
  await zg.loginRoom('room', 'token-1', ME);
  await world.server.push({ event: 'roomInfo', seq: 11, info: { ...info, value: 'cake', atMs: 8 } });
  const own = { id: 'me', name: 'Me' };
  await world.server.push({ event: 'roomInfo', seq: 12, info: { ...info, user: own, atMs: 9 } });
  const expected = (value: string, updateTime: number) => [
    { key: 'topic', value, updateUser: { userID: 'ann', userName: 'ANN' }, updateTime },
  ];
  expect(log.filter(([event]) => event === 'roomExtraInfoUpdate')).toEqual([
    ['roomExtraInfoUpdate', 'room', expected('tea', 7)],
    ['roomExtraInfoUpdate', 'room', expected('cake', 8)],
  ]);
  expect(await zg.setRoomExtraInfo('room', '', 'x')).toEqual({ errorCode: 1002015 });
  expect(await zg.setRoomExtraInfo('room', 'k'.repeat(129), 'x')).toEqual({ errorCode: 1002015 });
  expect(await zg.setRoomExtraInfo('room', 'topic', 'x'.repeat(129))).toEqual({ errorCode: 1002016 });
  expect(await zg.setRoomExtraInfo('elsewhere', 'topic', 'x')).toEqual({ errorCode: 1000002 });
});

test('an own stream that is stopped shows no DELETE to its owner', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  const mine = stream('mine', 'm-me');
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: mine });
  expect(zg.stopPublishingStream('mine')).toBe(true);
  await world.server.push({ event: 'streamRemoved', seq: 12, streamSeq: 3, stream: mine, cause: 'stopped' });
  expect(log).toEqual([
    ['publisherStateUpdate', state('mine', 'PUBLISH_REQUESTING')],
    ['publisherStateUpdate', state('mine', 'NO_PUBLISH')],
  ]);
  expect(zg.stopPublishingStream('mine')).toBe(false);
});

test('an outage shorter than 8 s does not show; a longer one shows RECONNECTING, then RECONNECTED (ROOM-5)', async () => {
  const world = createWorld();
  const { log } = await login(world);
  world.server.socket.close(1006);
  await world.clock.advance(20_000);
  expect(log).toEqual([]);
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(7_999);
  expect(log).toEqual([]);
  await world.clock.advance(1);
  expect(log).toEqual([
    ['roomStateUpdate', 'room', 'CONNECTING', 1000017, ''],
    ['roomStateChanged', 'room', 'RECONNECTING', 1000017, ''],
  ]);
  log.length = 0;
  world.server.isReachable = true;
  world.server.resume = LOST;
  await world.clock.advance(32_000);
  expect(log.slice(0, 2)).toEqual([
    ['roomStateUpdate', 'room', 'CONNECTED', 0, ''],
    ['roomStateChanged', 'room', 'RECONNECTED', 0, ''],
  ]);
});

test('an outage longer than the retry window ends with RECONNECT_FAILED 1002053', async () => {
  const world = createWorld();
  const { log } = await login(world, {}, { roomRetryTimeMs: 20_000 });
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(20_000);
  expect(log.slice(-2)).toEqual([
    ['roomStateUpdate', 'room', 'DISCONNECTED', 1002053, ''],
    ['roomStateChanged', 'room', 'RECONNECT_FAILED', 1002053, ''],
  ]);
});

test('a new login of the same users after a restart of the server shows no change of users', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ members: [member('m-ann', 'ann'), member('m-bob', 'bob')] }) });
  const { log } = await login(world);
  world.server.resume = LOST;
  world.server.login = loginResult({
    memberId: 'm-me-2',
    room: snapshot({ members: [member('m-ann-2', 'ann'), member('m-me-2', 'me')] }),
  });
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(log).toEqual([['roomUserUpdate', 'room', 'DELETE', [{ userID: 'bob', userName: 'BOB' }]]]);
});

test('a refused login raises LOGIN_FAILED and rejects with the same code', async () => {
  for (const [code, errorCode] of [
    ['login.bad-credential', 1002033],
    ['login.token-expired', 1102018],
    ['login.room-full', 1002034],
  ] as const) {
    const world = createWorld();
    world.server.answers.login = () => ({ refuse: code });
    const { zg, log } = createEngine(world);
    await expect(zg.loginRoom('room', 't', ME)).rejects.toMatchObject({ errorCode });
    expect(log.slice(2)).toEqual([
      ['roomStateUpdate', 'room', 'DISCONNECTED', errorCode, ''],
      ['roomStateChanged', 'room', 'LOGIN_FAILED', errorCode, ''],
    ]);
    delete world.server.answers.login;
    await expect(zg.loginRoom('room', 't', ME)).resolves.toBe(true);
  }
});

test('a login that no server answers fails with 1002053 in the event and in the rejection', async () => {
  const world = createWorld();
  world.server.isReachable = false;
  const { zg, log } = createEngine(world);
  const refused = zg.loginRoom('room', 't', ME).catch((error: unknown) => error);
  await world.clock.advance(15_000);
  await expect(refused).resolves.toMatchObject({ errorCode: 1002053 });
  expect(log.at(-1)).toEqual(['roomStateChanged', 'room', 'LOGIN_FAILED', 1002053, '']);
});

test('bad input is refused with its code before anything is sent (ROOM-6, reference zego 4.6)', async () => {
  const world = createWorld();
  const { zg, log } = createEngine(world);
  const logins = [
    ['', 'me', 1002011],
    ['a b', 'me', 1002012],
    ['r'.repeat(129), 'me', 1002013],
    ['room', '', 1002005],
    ['room', 'a/b', 1002006],
    ['room', 'u'.repeat(65), 1002007],
  ] as const;
  for (const [room, userID, errorCode] of logins) {
    await expect(zg.loginRoom(room, 't', { userID })).rejects.toMatchObject({ errorCode });
  }
  await expect(zg.startPlayingStream('s1')).rejects.toMatchObject({ errorCode: 1000002 });
  await expect(zg.sendBroadcastMessage('room', 'hi')).resolves.toEqual({ errorCode: 1000002 });
  expect(zg.startPublishingStream('mine', cameraStream().stream)).toBe(false);
  expect(log).toEqual([['publisherStateUpdate', state('mine', 'NO_PUBLISH', 1000002)]]);
  expect(world.server.sockets).toHaveLength(0);

  await zg.loginRoom('room', 't', ME);
  await expect(zg.loginRoom('room', 't', ME)).rejects.toMatchObject({ errorCode: 1002056 });
  await expect(zg.loginRoom('other', 't', ME)).rejects.toMatchObject({ errorCode: 1002036 });
  await expect(zg.sendBroadcastMessage('room', '')).resolves.toEqual({ errorCode: 1009001 });
  await expect(zg.sendBarrageMessage('room', 'é'.repeat(513))).resolves.toEqual({ errorCode: 1009002 });
  await expect(zg.setStreamExtraInfo('mine', 'x')).resolves.toEqual({ errorCode: 1103055 });
  log.length = 0;
  for (const [id, errorCode] of [
    ['s'.repeat(257), 1000014],
    ['', 1000015],
    ['a b', 1000016],
  ] as const) {
    expect(zg.startPublishingStream(id, cameraStream().stream)).toBe(false);
    expect(log.pop()).toEqual(['publisherStateUpdate', state(id, 'NO_PUBLISH', errorCode)]);
  }
  expect(world.server.seen('send')).toHaveLength(0);
});

test('a stream id that another user holds is refused with 1003028 (STRM-6)', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  world.server.answers.publish = () => ({ refuse: 'stream.taken' });
  zg.startPublishingStream('taken', cameraStream().stream);
  await settle();
  expect(log).toEqual([
    ['publisherStateUpdate', state('taken', 'PUBLISH_REQUESTING')],
    ['publisherStateUpdate', state('taken', 'NO_PUBLISH', 1003028)],
  ]);
});

test('publishing and playing go through their states, and again when the media is lost (MED-3)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg, log } = await login(world);
  const first = zg.startPlayingStream('s1');
  await settle();
  world.media.peer.become('connected');
  const media = await first;
  await expect(zg.startPlayingStream('s1')).rejects.toMatchObject({ errorCode: 1104032 });
  await world.server.push({ event: 'mediaLost' });
  await expect(zg.startPlayingStream('s1')).resolves.toBe(media);
  await settle();
  world.media.peer.become('connected');
  zg.stopPlayingStream('s1');
  const states = ['PLAY_REQUESTING', 'PLAYING', 'PLAY_REQUESTING', 'PLAYING', 'NO_PLAY'];
  expect(log).toEqual(states.map((name) => ['playerStateUpdate', state('s1', name)]));
});

test('messages arrive with the argument lists of the reference (reference zego 4.4)', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  const from = { id: 'ann', name: 'Ann' };
  const fromUser = { userID: 'ann', userName: 'Ann' };
  const message = { event: 'message', messageId: 3, from, text: 'hi', sentAtMs: 42 } as const;
  await world.server.push({ ...message, seq: 11, kind: 'broadcast' });
  await world.server.push({ ...message, seq: 12, kind: 'barrage' });
  await world.server.push({ ...message, seq: 13, kind: 'command' });
  // Chat of another dialect: to all it is a broadcast (CHAT-1), one's own and what is private are not.
  await world.server.push({ ...message, seq: 14, kind: 'chat', text: 'all' });
  await world.server.push({ ...message, seq: 15, kind: 'chat', text: 'some', to: ['me'] });
  await world.server.push({ ...message, seq: 16, kind: 'chat', text: 'own', from: { id: 'me', name: 'Me' } });
  expect(log).toEqual([
    ['IMRecvBroadcastMessage', 'room', [{ fromUser, message: 'hi', sendTime: 42, messageID: 3 }]],
    ['IMRecvBarrageMessage', 'room', [{ fromUser, message: 'hi', sendTime: 42, messageID: '3' }]],
    ['IMRecvCustomCommand', 'room', fromUser, 'hi'],
    ['IMRecvBroadcastMessage', 'room', [{ fromUser, message: 'all', sendTime: 42, messageID: 3 }]],
  ]);
  await expect(zg.sendCustomCommand('room', 'do', ['ann'])).resolves.toEqual({ errorCode: 0 });
  await zg.sendCustomCommand('room', 'do', []);
  expect(world.server.seen('send')).toEqual([
    { kind: 'command', text: 'do', to: ['ann'] },
    { kind: 'command', text: 'do' },
  ]);
});

test('changes of a stream show as extra info, camera and microphone updates', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { log } = await login(world);
  const changed = stream('s1', 'ann', { extraInfo: 'x', video: false });
  await world.server.push({ event: 'streamUpdated', seq: 11, stream: changed });
  await world.server.push({ event: 'streamUpdated', seq: 12, stream: { ...changed, audio: false, video: true } });
  await world.server.push({
    event: 'streamAdded',
    seq: 13,
    streamSeq: 2,
    stream: stream('s2', 'ann', { extraInfo: 'y' }),
  });
  const user = { userID: 'ann', userName: 'ANN' };
  expect(log).toEqual([
    ['streamExtraInfoUpdate', 'room', [{ streamID: 's1', user, extraInfo: 'x' }]],
    ['remoteCameraStatusUpdate', 's1', 'MUTE'],
    ['remoteCameraStatusUpdate', 's1', 'OPEN'],
    ['remoteMicStatusUpdate', 's1', 'MUTE'],
    ['roomStreamUpdate', 'room', 'ADD', [listed('s2', 'ann', 'y')], ''],
    ['streamExtraInfoUpdate', 'room', [{ streamID: 's2', user, extraInfo: 'y' }]],
  ]);
});

test('quality is told every 3 s, the count of users every 30 s, the token 30 s before it expires', async () => {
  const world = createWorld();
  const now = world.clock.now();
  world.server.login = loginResult({ serverTimeMs: now, tokenExpiresAtMs: now + 61_000 });
  const { zg, log } = await login(world);
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  world.media.peer.become('connected');
  // They are loaded with the first report, which takes real time.
  await Promise.all([import('../core/media/stats.ts'), import('./quality.ts')]);
  log.length = 0;
  await world.clock.advance(31_500);
  const times = (event: string) => log.filter(([name]) => name === event).length;
  expect(times('publishQualityUpdate')).toBe(10);
  expect(times('roomOnlineUserCountUpdate')).toBe(1);
  expect(times('tokenWillExpire')).toBe(1);
  expect(log.find(([name]) => name === 'publishQualityUpdate')).toMatchObject([
    'publishQualityUpdate',
    'mine',
    { video: { videoBitrate: 0 }, audio: { audioBitrate: 0 } },
  ]);
  expect(zg.getPublishingStreamQuality('mine')).toMatchObject({ video: { videoBitrate: 0 } });
  expect(zg.getPlayingStreamQuality('mine')).toBeNull();
  zg.stopPublishingStream('mine');
  expect(zg.getPublishingStreamQuality('mine')).toBeNull();
  expect(zg.renewToken('token-2', 'room')).toBe(true);
  expect(zg.renewToken('token-2', 'elsewhere')).toBe(false);
  await settle();
  expect(world.server.seen('renewToken')).toEqual([{ token: 'token-2' }]);
});

test('muting tells the others and disables the tracks', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg } = await login(world);
  const camera = cameraStream();
  const local = await zg.createStream({ custom: { source: camera.stream } });
  zg.startPublishingStream('mine', local);
  await settle();
  expect(zg.mutePublishStreamVideo(local, true)).toBe(true);
  expect(zg.muteMicrophone(true)).toBe(true);
  expect(camera.tracks.map((track) => track.enabled)).toEqual([false, false]);
  await settle();
  expect(world.server.seen('updateStream').slice(-2)).toMatchObject([{ video: false }, { audio: false }]);
  const playing = zg.startPlayingStream('s1');
  await settle();
  world.media.peer.become('connected');
  const media = await playing;
  await expect(zg.mutePlayStreamAudio('s1', true)).resolves.toBe(true);
  expect((media.getAudioTracks() as unknown as FakeTrack[])[0]?.enabled).toBe(false);
  await expect(zg.mutePlayStreamVideo('nobody', true)).resolves.toBe(false);
  zg.destroyStream(local);
  expect(camera.tracks.every((track) => track.readyState === 'live')).toBe(true);
});

test('several rooms need enableMultiRoom and the same user, and share one client id', async () => {
  const world = createWorld();
  const { zg, log } = createEngine(world);
  expect(zg.enableMultiRoom(true)).toBe(true);
  await zg.loginRoom('one', 't', ME);
  await zg.loginRoom('two', 't', ME);
  await expect(zg.loginRoom('three', 't', { userID: 'you' })).rejects.toMatchObject({ errorCode: 1002018 });
  expect(zg.enableMultiRoom(false)).toBe(false);
  const [one, two] = world.server.seen('login');
  expect(one?.clientId).toBe(two?.clientId);
  log.length = 0;
  zg.logoutRoom();
  expect(log.filter(([event]) => event === 'roomStateChanged')).toEqual([
    ['roomStateChanged', 'one', 'LOGOUT', 0, null],
    ['roomStateChanged', 'two', 'LOGOUT', 0, null],
  ]);
});

test('switchRoom leaves one room and enters the other', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  await expect(zg.switchRoom('room', 'next', { token: 't2', isUserStatusNotify: true })).resolves.toBe(true);
  const reasons = log.filter(([event]) => event === 'roomStateChanged').map(([, room, reason]) => `${room} ${reason}`);
  expect(reasons).toEqual(['room LOGOUT', 'next LOGINING', 'next LOGINED']);
});

test('on and off say whether they changed anything, and the version is that of the package', () => {
  const { zg } = createEngine(createWorld());
  const handler = () => {};
  expect([zg.on('tokenWillExpire', handler), zg.on('tokenWillExpire', handler)]).toEqual([true, false]);
  expect([zg.off('tokenWillExpire', handler), zg.off('tokenWillExpire', handler)]).toEqual([true, false]);
  expect(zg.getVersion()).toBe(manifest.version);
});

test('media that does not come up ends with a code within 10 s, and a play rejects with it (MED-6, CONN-4)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg, log } = await login(world);
  zg.startPublishingStream('mine', cameraStream().stream);
  const refused = expect(zg.startPlayingStream('s1')).rejects.toMatchObject({ errorCode: 1104031 });
  await world.clock.advance(10_000);
  await refused;
  const extendedData = expect.stringContaining('"reason":"no-media-path"');
  const noPublish = { ...state('mine', 'NO_PUBLISH', 1103051), extendedData };
  expect(log).toContainEqual(['publisherStateUpdate', noPublish]);
  expect(log).toContainEqual(['playerStateUpdate', { ...state('s1', 'NO_PLAY', 1104031), extendedData }]);
});

test('a publish that the server ends because its media failed has a code other than 0 (MED-5, MED-6)', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  await world.server.push({ event: 'publishEnded', streamId: 'mine', cause: 'media-failed' });
  expect(log.at(-1)).toEqual(['publisherStateUpdate', state('mine', 'NO_PUBLISH', 1103051)]);
});

test('a kind that is refused for its codec shows by the code of PUBLISHING and PLAYING (MED-8)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg, log } = await login(world);
  const result = { answer: 'v=0', audio: true, video: false, unsupported: ['video'] };
  world.server.answers.publish = () => result;
  world.server.answers.play = () => result;
  zg.startPublishingStream('mine', cameraStream().stream);
  const playing = zg.startPlayingStream('s1');
  await settle();
  for (const peer of world.media.peers) peer.become('connected');
  const media = await playing;
  expect(media.getVideoTracks()).toEqual([]);
  const extendedData = '{"unsupported":["video"]}';
  expect(log).toContainEqual([
    'publisherStateUpdate',
    { streamID: 'mine', state: 'PUBLISHING', errorCode: 1103999, extendedData },
  ]);
  expect(log).toContainEqual([
    'playerStateUpdate',
    { streamID: 's1', state: 'PLAYING', errorCode: 1104999, extendedData },
  ]);
});

test('a kind that a viewer cannot decode shows by a code at its publisher (MED-8)', async () => {
  const world = createWorld();
  const { zg, log } = await login(world);
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  world.media.peer.become('connected');
  log.length = 0;
  await world.server.push({ event: 'viewerUnsupported', streamId: 'mine', kinds: ['video'] });
  const extendedData = '{"viewerUnsupported":["video"]}';
  expect(log).toEqual([
    ['publisherStateUpdate', { streamID: 'mine', state: 'PUBLISHING', errorCode: 1103998, extendedData }],
  ]);
});

test('a video that is paused for want of bandwidth raises exceptionUpdate, and again when it is sent (BWE-2)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'ann')] }) });
  const { zg } = await login(world);
  const codes: [string, number][] = [];
  zg.on('exceptionUpdate', (streamID, { code }) => codes.push([streamID, code]));
  zg.startPlayingStream('s1').catch(() => {});
  await settle();
  await world.server.push({ event: 'videoPaused', streamId: 's1', isPaused: true });
  await world.server.push({ event: 'videoPaused', streamId: 's1', isPaused: false });
  expect(codes).toEqual([
    ['s1', 1009],
    ['s1', 2009],
  ]);
});

test('a client of whose ticket the server knows nothing is out with RECONNECT_FAILED 1002099, and stays out (KICK-12)', async () => {
  const world = createWorld();
  const { log } = await login(world);
  world.server.resume = { refuse: 'resume.refused' };
  world.server.socket.close(1006);
  await world.clock.advance(600_000);
  expect(log).toEqual([
    ['roomStateUpdate', 'room', 'DISCONNECTED', 1002099, ''],
    ['roomStateChanged', 'room', 'RECONNECT_FAILED', 1002099, ''],
  ]);
  expect(world.server.seen('login')).toHaveLength(1);
});

test('a client that was replaced while it was offline is out with KICKOUT 1002050, and stays out (KICK-12)', async () => {
  const world = createWorld();
  const { log } = await login(world);
  world.server.resume = { refuse: 'resume.refused', details: { cause: 'replaced', reason: '' } };
  world.server.socket.close(1006);
  await world.clock.advance(600_000);
  expect(log.map(([event, , state, code]) => [event, state, code])).toEqual([
    ['roomStateUpdate', 'DISCONNECTED', 1002050],
    ['roomStateChanged', 'KICKOUT', 1002050],
  ]);
  expect(world.server.seen('login')).toHaveLength(1);
});
