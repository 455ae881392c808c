/**
 * Delivery: retries, order, crash and restart, endpoints that fail (CB-2 to CB-5).
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, type ReceivedCallback, startCallbackReceiver, startTestServer } from '@gavel/testkit';
import { afterEach, expect, it } from 'vitest';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';
import { allTo, type Stage, startStage, tell, until } from './harness.ts';

const stages: Stage[] = [];
const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function open(...options: Parameters<typeof startStage>): Promise<Stage> {
  const stage = await startStage(...options);
  stages.push(stage);
  return stage;
}

const idOf = ({ headers }: ReceivedCallback) => headers['webhook-id'];
/** Whether the first callback of a list has had this many failed attempts. */
const hasFailed = (stage: Stage, attempts: number) => async () => {
  const { body } = await stage.admin('GET', '/callbacks?status=pending&limit=1');
  const [first] = body.callbacks as { attempts: number }[];
  return first?.attempts === attempts;
};

it('tries again after 2, 4, 8, 16 and 32 s, with the same id and body, and then keeps it as failed (CB-2)', async () => {
  const receiver = await startCallbackReceiver();
  const again = await open({ receiver, app: { callbacks: { roomUrl: receiver.url() } } });
  receiver.behaviour = () => 500;
  await again.join('r', 'anna');
  await receiver.count(1);
  for (const [index, seconds] of [2, 4, 8, 16, 32].entries()) {
    await until(hasFailed(again, index + 1), `failure ${index + 1} is noted`);
    again.clock.advance(seconds * 1000 - 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(receiver.received).toHaveLength(index + 1);
    again.clock.advance(1);
    await receiver.count(index + 2);
  }
  await again.settled();
  again.clock.advance(600_000);
  const { received } = receiver;
  expect(received).toHaveLength(6);
  expect(new Set(received.map(idOf)).size).toBe(1);
  expect(new Set(received.map(({ raw }) => raw)).size).toBe(1);
  const times = received.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 2, 6, 14, 30, 62]);
  const { body } = await again.admin('GET', '/callbacks');
  expect(body.callbacks).toMatchObject([{ event: 'room_create', attempts: 6, status: 'failed', lastStatus: 500 }]);
});

it('any 2xx is success, everything else is none; a redirect is not followed (CB-2)', async () => {
  const stage = await open();
  const elsewhere = await startCallbackReceiver();
  cleanups.push(() => elsewhere.close());
  const answers = [204, 299, { status: 307, headers: { location: elsewhere.url() } }, 'cut', 404] as const;
  const left = [...answers];
  stage.receiver.behaviour = () => left.shift() ?? 200;
  await stage.join('r', 'anna');
  await stage.join('r', 'bob');
  // Two were accepted; bob's login is redirected, cut off, answered 404, and accepted.
  for (const attempts of [1, 2, 3]) {
    await until(hasFailed(stage, attempts), `failure ${attempts}`);
    stage.clock.advance(32_000);
  }
  expect(await stage.news()).toEqual([
    'room_create',
    'room_login anna',
    ...Array.from({ length: 4 }, () => 'room_login bob'),
  ]);
  expect(elsewhere.received).toEqual([]);
});

it('a failed callback holds up its own room only (CB-4)', async () => {
  const stage = await open();
  stage.receiver.behaviour = ({ body }) => (body.room_id === 'bad' ? 503 : 200);
  await stage.join('bad', 'anna');
  await stage.join('bad', 'bob');
  await stage.join('good', 'carl');
  await stage.join('good', 'dora');
  await stage.receiver.count(4);
  const ofGoodRoom = () => stage.receiver.received.filter(({ body }) => body.room_id === 'good').map(tell);
  await until(() => ofGoodRoom().length === 3, 'the good room');
  expect(ofGoodRoom()).toEqual(['room_create', 'room_login carl', 'room_login dora']);
  // The failing room is still at its first callback.
  expect(stage.receiver.received.filter(({ body }) => body.room_id === 'bad').map(tell)).toEqual(['room_create']);
  stage.receiver.behaviour = () => 200;
  stage.clock.advance(2000);
  await stage.settled();
  const bad = stage.receiver.received.filter(({ body }) => body.room_id === 'bad').map(tell);
  expect(bad).toEqual(['room_create', 'room_create', 'room_login anna', 'room_login bob']);
});

it.each(['hang', 'endless', 'cut'] as const)(
  'an endpoint that answers by "%s" delays no call and no other endpoint (CB-4)',
  async (how) => {
    const good = await startCallbackReceiver();
    cleanups.push(() => good.close());
    const bad = await startCallbackReceiver();
    bad.behaviour = () => how;
    const callbacks = { roomUrl: bad.url(), userUrl: good.url() };
    // An attempt that hangs does not end within the time of the test.
    const stage = await open({ receiver: bad, app: { callbacks }, callbacks: { timeoutMs: 120_000 } });
    const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    for (const user of users) await stage.join(`room-of-${user}`, user);
    await good.count(users.length);
    expect(good.events()).toEqual(users.map(() => 'room_login'));
    // The number of concurrent attempts per endpoint is limited.
    expect(bad.received.length).toBeGreaterThan(0);
  },
);

it('what was not delivered when the server stopped is delivered by the next, in order, under the same ids (CB-3)', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'gavel-callbacks-'));
  cleanups.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const first = await startStage({ dataDir });
  const { receiver } = first;
  receiver.behaviour = () => 503;
  await first.join('r', 'anna');
  await first.join('r', 'bob');
  await first.call('KickoutUser', { RoomId: 'r', UserId: ['anna', 'bob'] });
  await receiver.count(1);
  await first.stop();
  const failed = receiver.received.length;
  receiver.behaviour = () => 200;
  const second = await open({ dataDir, receiver, clock: first.clock });
  second.clock.advance(2000);
  await second.settled();
  expect(receiver.received.slice(failed).map(tell)).toEqual([
    'room_create',
    'room_login anna',
    'room_login bob',
    'room_logout anna 3',
    'room_logout bob 3',
    'room_close 3',
  ]);
  expect(idOf(receiver.received[0] as ReceivedCallback)).toBe(idOf(receiver.received[failed] as ReceivedCallback));
});

it('a receiver that calls the API on receipt sees the state that the event tells (CB-5)', async () => {
  const stage = await open();
  const seen: string[] = [];
  stage.receiver.behaviour = async (callback) => {
    const { Data } = await stage.call('DescribeUserNum', { RoomId: ['r'] });
    const [room] = (Data?.UserCountList ?? []) as { UserCount: number }[];
    seen.push(`${tell(callback)}: ${room?.UserCount}`);
    return 200;
  };
  await stage.join('r', 'anna');
  await stage.settled();
  await stage.join('r', 'bob');
  await stage.settled();
  await stage.call('KickoutUser', { RoomId: 'r', UserId: ['anna'] });
  await stage.settled();
  expect(seen).toEqual(['room_create: 1', 'room_login anna: 1', 'room_login bob: 2', 'room_logout anna 3: 1']);
});

it('an answer leaves when the callbacks are kept, whether or not they can be delivered (CB-3)', async () => {
  const stage = await open({ callbacks: { timeoutMs: 1000 } });
  stage.receiver.behaviour = () => 'hang';
  await stage.join('r', 'anna');
  expect(await stage.codeOf('KickoutUser', { RoomId: 'r', UserId: ['anna'] })).toBe(0);
  const { body } = await stage.admin('GET', '/callbacks?status=pending');
  const events = (body.callbacks as { event: string }[]).map(({ event }) => event);
  expect(events).toEqual(['room_create', 'room_login', 'room_logout', 'room_close']);
});

it('nothing is sent to an address that is not public, not by name either, unless that is allowed', async () => {
  const receiver = await startCallbackReceiver();
  cleanups.push(() => receiver.close());
  const named = `http://localhost:${receiver.port}/`;
  const callbacks = { ...allTo(receiver.url()), userUrl: named };
  const stage = await open({ receiver, app: { callbacks }, callbacks: { allowPrivateTargets: false } });
  await stage.join('r', 'anna');
  const errors = async () => {
    const { body } = await stage.admin('GET', '/callbacks?status=pending');
    return (body.callbacks as { lastError?: string }[]).map(({ lastError }) => lastError);
  };
  await until(async () => (await errors()).every((error) => error !== undefined), 'both were refused');
  expect(await errors()).toEqual([
    '127.0.0.1 is not a public address (callbacks.allowPrivateTargets is off)',
    expect.stringMatching(/^localhost \(.+\) is not a public address/),
  ]);
  expect(receiver.received).toEqual([]);
});

it('a call whose callbacks cannot be kept is answered with an internal error, and the server goes on (CB-3)', async () => {
  const receiver = await startCallbackReceiver();
  cleanups.push(() => receiver.close());
  const clock = new FakeClock();
  const store = await openSqliteStore(':memory:');
  const test = await startTestServer({ clock, store, app: { callbacks: allTo(receiver.url()) } });
  cleanups.push(() => test.close());
  const client = await test.connect();
  await client.login(test.app.appId, 'r', 'anna');
  const bob = await test.connect();
  await bob.login(test.app.appId, 'r', 'bob');
  const { journal } = store;
  const apply = journal.apply.bind(journal);
  journal.apply = () => Promise.reject(new Error('the disk is full'));
  expect((await test.call('KickoutUser', { RoomId: 'r', 'UserId[]': ['anna'] })).Code).toBe(100000015);
  // No caller could receive an error for an action of the server itself: it is done, and clients receive the event.
  clock.advance(200_000);
  await bob.closed;
  journal.apply = apply;
  await (await test.connect()).login(test.app.appId, 'other', 'carl');
  await receiver.count(5);
  expect(receiver.received.slice(3).map(tell)).toEqual(['room_create', 'room_login carl']);
});
