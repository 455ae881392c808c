/**
 * The callbacks on the wire: every field with its JSON type, and the signatures (CB-1, CB-6).
 */

import { createHmac } from 'node:crypto';
import { RawClient, TEST_APP } from '@gavel/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { publish } from '../zego/harness.ts';
import { type Stage, startStage, vendorSignature } from './harness.ts';

let stage: Stage;
beforeEach(async () => {
  stage = await startStage();
});
afterEach(() => stage.close());

/** One user logs in, publishes and is kicked: one callback of each kind, by name. */
async function play() {
  const beganAtMs = stage.clock.now();
  const client = await stage.join('room-1', 'anna', { userName: 'Änna' });
  await publish(client, 'cam');
  stage.clock.advance(1234);
  await stage.codeOf('KickoutUser', { RoomId: 'room-1', UserId: ['anna'] });
  await stage.settled();
  const byName = Object.fromEntries(stage.receiver.received.map((each) => [String(each.body.event), each]));
  const bodyOf = (name: string): Record<string, unknown> => ({ ...byName[name]?.body });
  return { beganAtMs, endedAtMs: stage.clock.now(), byName, bodyOf };
}

const DIGITS = expect.stringMatching(/^\d+$/);
const TEXTS = { appid: String(TEST_APP.appId), nonce: DIGITS, signature: expect.stringMatching(/^[0-9a-f]{40}$/) };
const seconds = (ms: number): number => Math.floor(ms / 1000);

it('room_create and room_close have numbers where the vendor has numbers (CB-1)', async () => {
  const { bodyOf, beganAtMs, endedAtMs } = await play();
  const common = { ...TEXTS, appid: TEST_APP.appId, room_id: 'room-1', room_session_id: expect.any(Number) };
  expect(bodyOf('room_create')).toStrictEqual({
    ...common,
    event: 'room_create',
    timestamp: seconds(beganAtMs),
    room_create_time: String(beganAtMs),
    id_name: 'anna',
  });
  expect(bodyOf('room_close')).toStrictEqual({
    ...common,
    event: 'room_close',
    timestamp: seconds(endedAtMs),
    close_reason: 3,
    room_close_time: String(endedAtMs),
  });
});

it('room_login and room_logout are texts throughout (CB-1)', async () => {
  const { bodyOf, beganAtMs, endedAtMs } = await play();
  const common = {
    ...TEXTS,
    room_id: 'room-1',
    room_seq: DIGITS,
    user_account: 'anna',
    user_nickname: 'Änna',
    session_id: DIGITS,
    login_time: String(beganAtMs),
    user_role: '2',
  };
  expect(bodyOf('room_login')).toStrictEqual({
    ...common,
    event: 'room_login',
    timestamp: String(seconds(beganAtMs)),
    room_name: 'room-1',
    auth_level: '4',
    relogin: '0',
    user_update_seq: '1',
    callback_data: '',
    term_type: '6',
  });
  expect(bodyOf('room_logout')).toStrictEqual({
    ...common,
    event: 'room_logout',
    timestamp: String(seconds(endedAtMs)),
    logout_time: String(endedAtMs),
    reason: '3',
    user_update_seq: '2',
  });
  expect(bodyOf('room_login').session_id).toBe(bodyOf('room_logout').session_id);
});

it('stream_create and stream_close are texts and lists of texts (CB-1)', async () => {
  const { bodyOf, beganAtMs, endedAtMs } = await play();
  const common = {
    ...TEXTS,
    room_id: 'room-1',
    room_session_id: DIGITS,
    user_id: 'anna',
    user_name: 'Änna',
    channel_id: 'room-1',
    stream_id: 'cam',
    stream_alias: 'cam',
    stream_sid: expect.stringMatching(/^s-/),
    create_time_ms: String(beganAtMs),
  };
  expect(bodyOf('stream_create')).toStrictEqual({
    ...common,
    event: 'stream_create',
    timestamp: String(seconds(beganAtMs)),
    title: '',
    stream_attr: '{"cid":2}',
    stream_seq: '1',
    create_time: String(seconds(beganAtMs)),
    extra_info: '',
    recreate: '0',
    publish_id: 'anna',
    publish_name: 'Änna',
    rtmp_url: [],
    hls_url: [],
    hdl_url: [],
    pic_url: [],
  });
  expect(bodyOf('stream_close')).toStrictEqual({
    ...common,
    event: 'stream_close',
    timestamp: String(seconds(endedAtMs)),
    stream_seq: '2',
    type: '3',
    third_define_data: '{}',
    destroy_timemillis: String(endedAtMs),
  });
  expect(bodyOf('stream_create').stream_sid).toBe(bodyOf('stream_close').stream_sid);
});

it('room_session_id is a number above 2^53 without loss, the same as room_seq (CB-6)', async () => {
  const { byName, bodyOf } = await play();
  const [, digits = ''] = /"room_session_id":(\d+)[,}]/.exec(byName.room_create?.raw ?? '') ?? [];
  expect(BigInt(digits)).toBeGreaterThan(2n ** 53n);
  expect(digits).toBe(bodyOf('room_login').room_seq);
  expect(digits).toBe(bodyOf('room_logout').room_seq);
  expect(digits).toBe(bodyOf('stream_create').room_session_id);
  expect(byName.room_close?.raw).toContain(`"room_session_id":${digits},`);
});

it('the body’s signature is the vendor’s, with a nonce of its own in each callback (CB-1)', async () => {
  await play();
  const { received } = stage.receiver;
  expect(received).toHaveLength(6);
  for (const { body } of received) expect(body.signature).toBe(vendorSignature(TEST_APP.callbackSecret, body));
  expect(new Set(received.map(({ body }) => body.nonce)).size).toBe(6);
});

it('is a POST of JSON with a signature that covers the body, and an id (CB-1, CB-3)', async () => {
  await play();
  const { received } = stage.receiver;
  for (const { method, path, headers, raw } of received) {
    expect([method, path, headers['content-type']]).toEqual(['POST', '/hook', 'application/json']);
    expect(headers['user-agent']).toMatch(/^Gavel\/\d/);
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${raw}`;
    const expected = createHmac('sha256', TEST_APP.callbackSecret).update(content).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
  }
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(6);
});

it('a login without a token has auth_level 0; callback_data is handed through byte for byte', async () => {
  const callbackData = '{"a":"\\"ü\u2028"}';
  const plain = await RawClient.open(stage.baseUrl);
  await plain.login(TEST_APP.appId, 'room-2', 'bob', { callbackData });
  await stage.settled();
  const bodies = stage.receiver.received.map(({ body }) => body);
  expect(bodies.find((body) => body.user_account === 'bob')).toMatchObject({
    auth_level: '0',
    callback_data: callbackData,
  });
});

it('each group goes to its own address, and one without an address is not sent', async () => {
  await stage.close();
  stage = await startStage({ app: { callbacks: {} } });
  const { receiver } = stage;
  await stage.stop();
  const callbacks = { roomUrl: receiver.url('/rooms?key=1'), streamUrl: receiver.url('/streams') };
  stage = await startStage({ receiver, app: { callbacks } });
  await play();
  const paths = receiver.received.map(({ path, body }) => `${path} ${body.event}`);
  expect(paths.sort()).toEqual([
    '/rooms?key=1 room_close',
    '/rooms?key=1 room_create',
    '/streams stream_close',
    '/streams stream_create',
  ]);
});

it('recreate is 1 when a publisher is back within 90 s, with the same stream in the same room (CB-1)', async () => {
  const play = async (userId: string, streamId: string, roomId = 'room-1') => {
    const client = await stage.join(roomId, userId);
    await publish(client, streamId);
    await stage.settled();
    const created = stage.receiver.received.filter(({ body }) => body.event === 'stream_create').at(-1);
    await stage.codeOf('KickoutUser', { RoomId: roomId, UserId: [userId] });
    await stage.settled();
    return created?.body.recreate;
  };
  expect(await play('anna', 'cam')).toBe('0');
  stage.clock.advance(90_000);
  expect(await play('anna', 'cam')).toBe('1');
  stage.clock.advance(1000);
  expect(await play('bob', 'cam')).toBe('0');
  expect(await play('anna', 'cam-2')).toBe('0');
  expect(await play('anna', 'cam', 'room-2')).toBe('0');
  stage.clock.advance(89_001);
  expect(await play('anna', 'cam')).toBe('0');
});
