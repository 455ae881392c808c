import { expect, test } from 'vitest';
import { LOST, loginResult } from '../testing/fake-server.ts';
import { createSession, createWorld, WAIT_ANSWER, type World } from '../testing/harness.ts';
import type { SessionOptions } from './session.ts';

const refusal = (cause: string, reason = '') => ({ refuse: 'resume.refused', details: { cause, reason } }) as const;

async function join(world: World, more: Partial<SessionOptions> = {}) {
  const session = createSession(world, more);
  await session.login();
  return session;
}

/** The network is away for so long, and then back. */
async function goOffline(world: World, forMs: number): Promise<void> {
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(forMs);
  world.server.isReachable = true;
  await world.clock.advance(32_000);
}

for (const [cause, reason] of [
  ['kicked', 'spam 🚫'],
  ['room-closed', 'over'],
  ['replaced', ''],
  ['token-expired', ''],
  ['logout', ''],
] as const) {
  test(`a client that was offline for 140 s when it was taken out does not log in by itself: ${cause} (KICK-12)`, async () => {
    const world = createWorld();
    const session = await join(world);
    world.server.resume = refusal(cause, reason);
    await goOffline(world, 140_000);
    expect(session.state).toEqual({ name: 'ended', end: { kind: 'removed', cause, reason } });
    await world.clock.advance(600_000);
    expect(world.server.seen('login')).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  });
}

test('a client whose ticket is refused without a cause, or with one it does not know, stays out (KICK-12)', async () => {
  for (const resume of [{ refuse: 'resume.refused' } as const, refusal('banished')]) {
    const world = createWorld();
    const session = await join(world);
    world.server.resume = resume;
    await goOffline(world, 140_000);
    expect(session.state).toMatchObject({ name: 'ended', end: { kind: 'refused', error: { code: 'resume.refused' } } });
    expect(world.server.seen('login')).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  }
});

test('a client that was merely lost logs in again after 140 s (ROOM-4)', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.resume = LOST;
  await goOffline(world, 140_000);
  expect(session.state).toEqual({ name: 'joined', via: 'relogin' });
});

test('a member taken out for its silence asks with its ticket whether it may log in again (KICK-12)', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.resume = refusal('room-closed', 'over');
  world.server.socket.push({ event: 'removed', cause: 'heartbeat-timeout', reason: '' });
  await world.clock.advance(1_000);
  expect(session.state).toMatchObject({ end: { kind: 'removed', cause: 'room-closed' } });
  expect(world.server.seen('login')).toHaveLength(1);
});

test('a login that was not answered is tried again by the same attempt, and its ticket is asked first (KICK-12)', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.resume = LOST;
  world.server.answers.login = () => undefined;
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(world.server.seen('login')).toHaveLength(2);
  // Kicked before the answer came: by a way that names the user, and by one that only the attempt tells of.
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(world.server.seen('resume').map(({ ticket }) => ticket)).toEqual(['ticket-1', 'ticket-1']);
  world.server.answers.login = () => refusal('kicked', 'spam');
  world.server.socket.close(1006);
  await world.clock.advance(3_000);
  expect(session.state).toEqual({ name: 'ended', end: { kind: 'removed', cause: 'kicked', reason: 'spam' } });
  const [first, second, third, fourth] = world.server.seen('login').map(({ attempt }) => attempt);
  expect([first?.isRetry, second?.isRetry, third?.isRetry, fourth?.isRetry]).toEqual([false, false, true, true]);
  expect(second?.id).not.toBe(first?.id);
  expect([third?.id, fourth?.id]).toEqual([second?.id, second?.id]);
});

test('a first login whose answer was lost is refused where its member was taken out meanwhile (KICK-12)', async () => {
  const world = createWorld();
  world.server.answers.login = () => undefined;
  const session = createSession(world);
  const login = session.login();
  login.catch(() => {});
  await world.clock.advance(0);
  world.server.answers.login = () => refusal('kicked', 'spam');
  world.server.socket.close(1006);
  await world.clock.advance(2_000);
  await expect(login).rejects.toMatchObject({ code: 'client.ended', details: { cause: 'kicked' } });
  expect(session.state).toMatchObject({ end: { kind: 'removed', cause: 'kicked', reason: 'spam' } });
});

test('a login that is replaced before its answer ends as replaced (KICK-13)', async () => {
  const world = createWorld();
  world.server.answers.login = () => undefined;
  const session = createSession(world);
  session.login().catch(() => {});
  await world.clock.advance(0);
  world.server.socket.close(4502, 'replaced');
  await world.clock.advance(60_000);
  expect(session.state).toMatchObject({ end: { kind: 'removed', cause: 'replaced' } });
  expect(world.server.sockets).toHaveLength(1);
});

test('a client that lost its connection while it waited asks by its ticket whether it may ask again (KICK-12)', async () => {
  for (const isKicked of [true, false]) {
    const world = createWorld();
    world.server.answers.login = () => WAIT_ANSWER;
    const session = createSession(world);
    session.login().catch(() => {});
    await world.clock.advance(0);
    expect(session.state.name).toBe('waiting');
    world.server.resume = isKicked ? refusal('kicked', 'out') : LOST;
    await goOffline(world, 10_000);
    expect(world.server.seen('resume')[0]?.ticket).toBe('w-1');
    expect(session.state).toMatchObject(
      isKicked ? { name: 'ended', end: { kind: 'removed', cause: 'kicked' } } : { name: 'waiting' },
    );
    expect(world.server.seen('login')).toHaveLength(isKicked ? 1 : 2);
  }
});

test('a machine that slept longer than the retry window stays out, whether it was in or coming back (KICK-12)', async () => {
  for (const isReconnecting of [false, true]) {
    const world = createWorld();
    const session = await join(world);
    world.server.resume = LOST;
    if (isReconnecting) {
      world.server.isReachable = false;
      world.server.socket.close(1006);
      await world.clock.advance(10_000);
      world.server.isReachable = true;
    }
    world.clock.sleep(25 * 60 * 60 * 1000);
    if (!isReconnecting) world.server.socket.close(1006);
    world.goOnline();
    await world.clock.advance(60_000);
    expect(session.state).toEqual({ name: 'ended', end: { kind: 'gave-up' } });
    expect(world.server.seen('login')).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  }
});

test('the retry window is 12 hours at most (KICK-12)', async () => {
  const world = createWorld();
  const session = await join(world, { retryWindowMs: 7 * 24 * 60 * 60 * 1000 });
  world.server.isReachable = false;
  world.server.socket.close(1006);
  world.clock.sleep(12 * 60 * 60 * 1000 - 1);
  await world.clock.advance(40_000);
  expect(session.state).toEqual({ name: 'ended', end: { kind: 'gave-up' } });
});

test('a member that comes back by a new login has a new attempt (KICK-12)', async () => {
  const world = createWorld();
  await join(world);
  world.server.resume = LOST;
  world.server.login = loginResult({ ticket: 'ticket-2' });
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(world.server.seen('login').map(({ attempt }) => attempt?.isRetry)).toEqual([false, false]);
});
