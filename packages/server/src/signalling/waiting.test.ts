import type { LoginResult, Params, WaitingResult } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

/** Connects and asks to be let in. */
async function ask(userId: string, more: Partial<Params<'login'>> = {}) {
  const client = await door.connect();
  const credential = { scheme: 'app-token', appId: 1 };
  const params = { credential, clientId: `client-of-${userId}`, roomId: 'r', userId, members: true, ...more };
  const { result, error } = await client.request('login', params);
  return { client, result: result as WaitingResult, error };
}
const answer = (client: RawClient, action: 'accept' | 'reject', ...memberIds: string[]) =>
  client.request('moderate', { action, memberIds });
const names = ({ events }: RawClient) => events.map(({ event }) => event);

test('who waits is told so, and nothing else; it may only say that it is there, or go (WAIT-5)', async () => {
  const { client, result } = await ask('guest-1');
  expect(result).toEqual({
    waiting: { memberId: expect.any(String), user: { id: 'guest-1', name: 'guest-1' }, sinceMs: door.clock.now() },
    ticket: expect.any(String),
    heartbeatIntervalMs: 30_000,
    heartbeatTimeoutMs: 100_000,
    serverTimeMs: door.clock.now(),
  });
  const ann = await door.join('r', 'ann');
  await ann.client.media.publish('s');
  await ann.client.request('send', { kind: 'chat', text: 'psst' });
  await ann.client.request('send', { kind: 'command', text: 'psst', to: ['guest-1'] });
  const requests = [
    ['snapshot', {}],
    ['negotiate', { offer: 'offer', publish: [], play: [] }],
    ['stop', { streamId: 's' }],
    ['send', { kind: 'chat', text: 'hello' }],
    ['chatHistory', { direction: 'before', limit: 10 }],
    ['moderate', { action: 'accept', memberIds: [result.waiting.memberId] }],
    ['login', { credential: { scheme: 'app-token', appId: 1 }, clientId: 'c', roomId: 'r', userId: 'ann' }],
  ] as const;
  for (const [method, params] of requests) {
    expect((await client.request(method, params)).error?.code, method).toBe('request.out-of-order');
  }
  expect(await client.request('heartbeat')).toMatchObject({ result: { serverTimeMs: door.clock.now() } });
  expect(client.events).toEqual([]);
  expect(await door.rooms.summary(door.room('r'))).toMatchObject({ memberCount: 1, peakMemberCount: 1 });
  expect(names(ann.client)).not.toContain('memberJoined');
  expect(await client.request('logout')).toMatchObject({ result: {} });
  expect((await client.closed).code).toBe(4504);
  expect(await door.rooms.waiting(door.room('r'))).toEqual([]);
});

test('who may let in has the list with its login, and is told who comes and goes; others are told nothing (WAIT-4)', async () => {
  const one = await ask('guest-1');
  const [doorman, ann] = [await door.join('r', 'doorman'), await door.join('r', 'ann')];
  expect(doorman.login.waitingList).toEqual([one.result.waiting]);
  expect(ann.login).not.toHaveProperty('waitingList');
  const two = await ask('guest-2');
  expect(await doorman.client.event('waitingAdded')).toEqual({ event: 'waitingAdded', waiting: two.result.waiting });
  one.client.cut();
  const { memberId } = one.result.waiting;
  expect(await doorman.client.event('waitingRemoved')).toEqual({ event: 'waitingRemoved', memberId });
  expect(ann.client.events).toEqual([]);
  // A resume brings the list anew: changes of it are not among what was missed.
  doorman.client.cut();
  await doorman.client.closed;
  const three = await ask('guest-3');
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: doorman.login.ticket, lastSeq: doorman.login.room.seq });
  expect(result).toMatchObject({ waitingList: [two.result.waiting, three.result.waiting] });
});

test('who is accepted gets what a login gets, before anything else, and is seen to join then (WAIT-4)', async () => {
  const { client, result } = await ask('guest-1');
  const doorman = await door.join('r', 'doorman');
  const { memberId } = result.waiting;
  const other = await ask('guest-2');
  expect(await answer(doorman.client, 'accept', memberId, other.result.waiting.memberId)).toMatchObject({ result: {} });
  const { login } = await client.event('admitted');
  expect(login).toMatchObject({ memberId, roomId: 'r', user: { id: 'guest-1' }, ticket: expect.any(String) });
  expect(login.room.members.map(({ user }) => user.id)).toEqual(['doorman', 'guest-1']);
  // What happened since is told after it.
  await client.event('memberJoined');
  expect(names(client)).toEqual(['admitted', 'memberJoined']);
  await doorman.client.request('heartbeat');
  expect(names(doorman.client)).toEqual([
    'waitingAdded',
    'waitingRemoved',
    'memberJoined',
    'waitingRemoved',
    'memberJoined',
  ]);
  expect((await client.media.publish('s')).error).toBeUndefined();
  // It is a member like any other: lost, it comes back with its ticket.
  client.cut();
  await client.closed;
  const again = await door.connect();
  expect(await again.request('resume', { ticket: login.ticket, lastSeq: login.room.seq })).toHaveProperty('result');
});

test('who is rejected is told so, and must not ask again by itself (WAIT-9)', async () => {
  const { client, result } = await ask('guest-1');
  const doorman = await door.join('r', 'doorman');
  await answer(doorman.client, 'reject', result.waiting.memberId);
  expect(await client.event('refused')).toMatchObject({ error: { code: 'login.rejected' } });
  expect((await client.closed).code).toBe(4506);
  expect((await door.rooms.summary(door.room('r')))?.memberCount).toBe(1);
});

test('nobody lets in without the right to it, not even one who may kick (WAIT-4)', async () => {
  const { client, result } = await ask('guest-1');
  const host = await door.join('r', 'host');
  for (const action of ['accept', 'reject'] as const) {
    expect((await answer(host.client, action, result.waiting.memberId)).error?.code).toBe('member.not-allowed');
  }
  const doorman = await door.join('r', 'doorman');
  expect((await answer(doorman.client, 'accept', 'nobody')).error?.code).toBe('room.member-not-found');
  expect((await answer(doorman.client, 'accept')).error?.code).toBe('request.malformed');
  expect(client.events).toEqual([]);
});

test('who waits for somebody is let in when that one comes (WAIT-2)', async () => {
  const { client } = await ask('early-1');
  await door.join('r', 'ann');
  expect(client.events).toEqual([]);
  const doorman = await door.join('r', 'doorman');
  const { login } = await client.event('admitted');
  expect(login.room.members.map(({ user }) => user.id)).toEqual(['ann', 'doorman', 'early-1']);
  expect(doorman.login.room.members.map(({ user }) => user.id)).toEqual(['ann', 'doorman']);
  expect((await ask('early-2')).result).toMatchObject({ memberId: expect.any(String), room: { memberCount: 4 } });
});

test('a host’s kickAll takes those who wait along; a kick of the API whom it names (WAIT-9)', async () => {
  const [one, two, three] = [await ask('guest-1'), await ask('guest-2'), await ask('early-1')];
  const kick = { type: 'kick', require: 'any', reason: 'spam' } as const;
  const targets = [{ label: 'guest-1', userIds: ['guest-1' as never] }];
  await door.rooms.execute(door.room('r'), { ...kick, targets }, door.origin);
  expect(await one.client.event('removed')).toEqual({ event: 'removed', cause: 'kicked', reason: 'spam' });
  expect((await one.client.closed).code).toBe(4500);
  const host = await door.join('r', 'host');
  void host.client.request('moderate', { action: 'kickAll' });
  for (const { client } of [two, three]) {
    expect(await client.event('removed')).toMatchObject({ cause: 'room-closed' });
    expect((await client.closed).code).toBe(4501);
  }
  expect(await door.rooms.waiting(door.room('r'))).toEqual([]);
});

test('who is silent for the heartbeat time waits no more, and may ask again (WAIT-8)', async () => {
  const [silent, talking] = [await ask('guest-1'), await ask('guest-2')];
  await door.clock.advance(60_000);
  await talking.client.request('heartbeat');
  await door.clock.advance(41_000);
  expect(await silent.client.event('removed')).toMatchObject({ cause: 'heartbeat-timeout' });
  expect((await silent.client.closed).code).toBe(4004);
  expect((await door.rooms.waiting(door.room('r'))).map(({ user }) => user.id)).toEqual(['guest-2']);
  expect(talking.client.events).toEqual([]);
});

test('a wait is not ended by the time that a login may take (WAIT-8)', async () => {
  const { client } = await ask('guest-1');
  await door.clock.advance(60_000);
  expect(await client.request('heartbeat')).toHaveProperty('result');
});

test('accepted, disconnected and kicked at once: nobody is left in or on the list (WAIT-10)', async () => {
  const doorman = await door.join('r', 'doorman');
  const host = await door.join('r', 'host');
  for (let n = 0; n < 20; n += 1) {
    const { client, result } = await ask(`guest-${n}`);
    const { memberId } = result.waiting;
    const acts = [
      () => answer(doorman.client, 'accept', memberId),
      async () => client.cut(),
      () => host.client.request('moderate', { action: 'kick', memberId }),
    ];
    const order = [acts[n % 3], acts[(n + 1) % 3], acts[(n + 2) % 3]];
    await Promise.all(order.map((act) => act?.()));
    await client.closed;
  }
  // Who was let in before its connection went stays for the heartbeat time, like anybody.
  await door.clock.advance(60_000);
  for (const { client } of [doorman, host]) await client.request('heartbeat');
  await door.clock.advance(50_000);
  const room = await door.rooms.snapshot(door.room('r'));
  expect(room?.members.map(({ user }) => user.id)).toEqual(['doorman', 'host']);
  expect(await door.rooms.waiting(door.room('r'))).toEqual([]);
});

test('the answer to a login comes before what follows it, however soon that is (WAIT-4)', async () => {
  const doorman = await door.join('r', 'doorman');
  const client = await door.connect();
  const credential = { scheme: 'app-token', appId: 1 } as const;
  const notified = doorman.client
    .event('waitingAdded')
    .then(({ waiting }) => answer(doorman.client, 'accept', waiting.memberId));
  const params = { credential, clientId: 'c', roomId: 'r', userId: 'guest-1' };
  const { result } = await client.request('login', params);
  expect(result).toHaveProperty('waiting');
  expect(client.events).toEqual([]);
  await notified;
  const { login }: { login: LoginResult } = await client.event('admitted');
  expect(login.user.id).toBe('guest-1');
});
