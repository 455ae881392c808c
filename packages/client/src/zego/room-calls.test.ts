/** The calls about rooms and messages with wrong arguments, in the wrong order, and on a destroyed engine. */

import { expect, test } from 'vitest';
import { createWorld } from '../testing/harness.ts';
import { ZegoExpressEngine } from './engine.ts';

const ME = { userID: 'me', userName: 'Me' };
const WRONG: readonly unknown[] = [undefined, null, 7, true, {}, [], () => {}, Symbol('x'), Number.NaN];

/** The engine as JavaScript calls it: without types. */
interface Untyped {
  [name: string]: (...args: readonly unknown[]) => unknown;
}

function createEngine() {
  const world = createWorld();
  const zg = new ZegoExpressEngine(1, 'https://rooms.test', { platform: world.platform });
  return { world, zg, untyped: zg as unknown as Untyped };
}

const refused = (errorCode: number) => expect.objectContaining({ errorCode });

test.each(WRONG.map((value) => [value]))('loginRoom refuses %o as a room, and nothing is sent', async (value) => {
  const { world, untyped } = createEngine();
  await expect(untyped.loginRoom?.(value, 'token', ME)).rejects.toEqual(refused(1100001));
  expect(world.server.sockets).toEqual([]);
});

test.each([[undefined], [null], [7], [{}], [{ userID: 7 }], [{ userID: 'me', userName: 7 }], [[]]])(
  'loginRoom refuses %o as a user',
  async (user) => {
    const { untyped } = createEngine();
    await expect(untyped.loginRoom?.('room', 'token', user)).rejects.toEqual(refused(1100001));
  },
);

test('loginRoom refuses a token that is no text, and does without settings', async () => {
  const { untyped } = createEngine();
  await expect(untyped.loginRoom?.('room', 7, ME)).rejects.toEqual(refused(1100001));
  await expect(untyped.loginRoom?.('room', 'token', ME, null)).resolves.toBe(true);
  await expect(untyped.loginRoom?.('room', 'token', ME)).rejects.toEqual(refused(1002056));
});

test('an address that is none is refused at the login', async () => {
  const { world } = createEngine();
  for (const server of [undefined, null, 7, {}, [], [7], 'rooms.test'] as unknown as string[]) {
    const zg = new ZegoExpressEngine(1, server, { platform: world.platform });
    await expect(zg.loginRoom('room', 'token', ME)).rejects.toEqual(refused(1100001));
  }
});

const CALLS: readonly [name: string, args: readonly unknown[]][] = [
  ['sendBroadcastMessage', ['room']],
  ['sendBarrageMessage', ['room']],
  ['sendCustomCommand', ['room']],
  ['setRoomExtraInfo', ['room']],
  ['setRoomExtraInfo', ['room', 'key']],
];

test.each(CALLS)('%s resolves with 1100001 for what is no text', async (name, args) => {
  const { zg, untyped, world } = createEngine();
  await zg.loginRoom('room', 'token', ME);
  for (const value of WRONG) {
    await expect(untyped[name]?.(...args, value, [])).resolves.toEqual(refused(1100001));
  }
  expect(world.server.seen('send')).toEqual([]);
  expect(world.server.seen('setRoomInfo')).toEqual([]);
});

test('sendCustomCommand resolves with 1100001 for what is no list of users', async () => {
  const { zg, untyped } = createEngine();
  await zg.loginRoom('room', 'token', ME);
  for (const list of [undefined, null, 'ann', 7, {}, [7], [undefined]]) {
    await expect(untyped.sendCustomCommand?.('room', 'do', list)).resolves.toEqual(refused(1100001));
  }
});

test('switchRoom that is refused leaves the user where it is', async () => {
  const { zg, untyped } = createEngine();
  await zg.loginRoom('room', 'token', ME);
  for (const args of [
    [7, { token: 't' }],
    ['other', { token: 7 }],
    ['', { token: 't' }],
  ]) {
    await expect(untyped.switchRoom?.('room', ...args)).rejects.toMatchObject({ errorCode: expect.any(Number) });
  }
  await expect(zg.sendBroadcastMessage('room', 'still here')).resolves.toEqual({ errorCode: 0 });
});

test('renewToken, handlers and settings take what is wrong without an exception', () => {
  const { untyped } = createEngine();
  for (const value of WRONG) {
    expect(untyped.renewToken?.(value)).toBe(false);
    if (typeof value !== 'function') expect(untyped.on?.('roomStateUpdate', value)).toBe(false);
    expect(untyped.setRoomScenario?.('x', value)).toBe(false);
    untyped.setEngineConfig?.(value);
    untyped.logoutRoom?.(value ?? 7);
    expect(untyped.getPublishingStreamQuality?.(value)).toBeNull();
    expect(untyped.getPlayingStreamQuality?.(value)).toBeNull();
  }
  for (const value of [undefined, null, { logLevel: 'loud' }, { logLevel: 7 }]) {
    expect(untyped.setLogConfig?.(value)).toBe(false);
  }
  for (const value of [undefined, null, 7, {}]) untyped.setTurnServer?.(value);
});

test('checkSystemRequirements rejects an unknown check', async () => {
  const { untyped } = createEngine();
  for (const value of ['VP9', 7, {}, null]) {
    await expect(untyped.checkSystemRequirements?.(value)).rejects.toEqual(refused(1100001));
  }
});

test('calls before a login answer that there is none', async () => {
  const { zg } = createEngine();
  await expect(zg.sendBroadcastMessage('room', 'x')).resolves.toEqual(refused(1000002));
  await expect(zg.setRoomExtraInfo('room', 'k', 'v')).resolves.toEqual(refused(1000002));
  await expect(zg.switchRoom('room', 'other', { token: 't' })).rejects.toEqual(refused(1000002));
  expect(zg.renewToken('token')).toBe(false);
  zg.logoutRoom('room');
});

test('a destroyed engine logs in nowhere; destroying it again does nothing', async () => {
  const { world, zg } = createEngine();
  const login = zg.loginRoom('room', 'token', ME);
  zg.destroyEngine();
  await expect(login).rejects.toMatchObject({ errorCode: expect.any(Number) });
  zg.destroyEngine();
  await expect(zg.loginRoom('room', 'token', ME)).rejects.toEqual(refused(1100001));
  await expect(zg.sendBroadcastMessage('room', 'x')).resolves.toEqual(refused(1000002));
  expect(world.clock.pending).toBe(0);
});
