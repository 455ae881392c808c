import { expect, test } from 'vitest';
import { SessionError, type SessionErrorCode } from '../core/errors.ts';
import { settle } from '../testing/fake-clock.ts';
import { cameraStream } from '../testing/fake-media.ts';
import { loginResult } from '../testing/fake-server.ts';
import { createWorld, type World } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';
import { toZegoError } from './errors.ts';
import type { ZegoEngineOptions, ZegoPublisherState } from './types.ts';

const TURN = 'turn:turn.test:3478?transport=udp';

async function login(world: World, options: ZegoEngineOptions = {}) {
  const zg = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform, ...options });
  const states: ZegoPublisherState[] = [];
  zg.on('publisherStateUpdate', (state) => states.push(state));
  await zg.loginRoom('room', 'token', { userID: 'me' });
  return { zg, states };
}

test('a TURN server that refuses is named by NO_PUBLISH within 10 s (CONN-4)', async () => {
  const world = createWorld();
  const servers = [{ urls: [TURN], username: '1:me', credential: 'c' }];
  world.server.login = loginResult({ ice: { servers, validForMs: 600_000 } });
  const { zg, states } = await login(world, { iceTransportPolicy: 'relay' });
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  expect(world.media.peer.configuration).toMatchObject({ iceServers: servers, iceTransportPolicy: 'relay' });
  for (let second = 0; second < 10; second += 1) {
    for (const peer of world.media.open) {
      peer.failServer(TURN, 401, 'Unauthorized');
      peer.finishGathering();
    }
    await world.clock.advance(1_000);
  }
  const { state, errorCode, extendedData } = states.at(-1) as ZegoPublisherState;
  expect([state, errorCode]).toEqual(['NO_PUBLISH', 1102023]);
  expect(JSON.parse(extendedData)).toMatchObject({ reason: 'turn-refused', turnCode: 401, url: TURN });
});

test('`setTurnServer` replaces the servers of the login in later rooms', async () => {
  const world = createWorld();
  world.server.login = loginResult({ ice: { servers: [{ urls: [TURN] }] } });
  const zg = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform });
  zg.setTurnServer([{ url: 'turn:own.test', username: 'u', credential: 'c' }]);
  await zg.loginRoom('room', 'token', { userID: 'me' });
  zg.startPublishingStream('mine', cameraStream().stream);
  await settle();
  const iceServers = [{ urls: 'turn:own.test', username: 'u', credential: 'c' }];
  expect(world.media.peer.configuration).toMatchObject({ iceServers });
});

test.each([
  ['client.device-denied', 'NotAllowedError', 1103064],
  ['client.device-not-found', 'NotFoundError', 1103061],
  ['client.device-in-use', 'NotReadableError', 1103065],
] as const)('%s has its own code, and keeps the name of the browser (CONN-4)', (code, name, errorCode) => {
  const error = new SessionError(code satisfies SessionErrorCode, 'the reason', { name });
  expect(toZegoError(error)).toEqual({ errorCode, extendedData: `${name}: the reason` });
});

test('an http server asked from an https page rejects the login at once, with the words of the browser (CONN-4)', async () => {
  const world = createWorld();
  const openSocket = () => {
    throw new DOMException('An insecure WebSocket connection may not be initiated.', 'SecurityError');
  };
  const platform = { ...world.platform, openSocket };
  const zg = new ZegoExpressEngine(1, 'http://rooms.test', { platform });
  await expect(zg.loginRoom('room', 'token', { userID: 'me' })).rejects.toEqual({
    errorCode: 1100003,
    extendedData: 'An insecure WebSocket connection may not be initiated.',
  });
});
