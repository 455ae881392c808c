import { expect, test } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { LOST, loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createSession, createWorld, WAIT_ANSWER, type World } from '../testing/harness.ts';
import type { RoomSession, SessionOptions } from './session.ts';

/** Everything a session tells, in order, in short words. */
function record(session: RoomSession): string[] {
  const log: string[] = [];
  session.on('stateChanged', (state) => {
    if (state.name === 'joined') log.push(`joined ${state.via}`);
    else if (state.name !== 'ended') log.push(state.name);
    else if (state.end.kind === 'removed') log.push(`ended ${state.end.cause} "${state.end.reason}"`);
    else log.push(`ended ${state.end.kind}`);
  });
  session.on('membersJoined', (members) => log.push(`+${members.map((one) => one.memberId).join()}`));
  session.on('membersLeft', (left) => log.push(`-${left.map(({ member: one }) => one.memberId).join()}`));
  session.on('streamsAdded', (streams) => log.push(`+s ${streams.map((one) => one.streamId).join()}`));
  session.on('streamsRemoved', (removed) =>
    log.push(`-s ${removed.map((one) => `${one.stream.streamId}:${one.cause}`).join()}`),
  );
  session.on('streamsUpdated', (changes) => log.push(`~s ${changes.map((one) => one.stream.streamId).join()}`));
  session.on('message', (message) => log.push(`"${message.text}"`));
  return log;
}

async function join(world: World, more: Partial<SessionOptions> = {}) {
  const session = createSession(world, more);
  const log = record(session);
  await session.login();
  log.length = 0;
  return { session, log };
}

const KICKED = { refuse: 'resume.refused', details: { cause: 'kicked', reason: 'spam 🚫' } } as const;

test('a login opens /signalling with subprotocol gavel.v1 and sends the credential', async () => {
  const world = createWorld();
  const session = createSession(world);
  const log = record(session);
  const result = await session.login();
  expect(world.server.socket.url).toBe('wss://rooms.test/signalling');
  expect(world.server.socket.protocol).toBe('gavel.v1');
  expect(world.server.seen('login')[0]).toMatchObject({ roomId: 'room', userId: 'me', clientId: 'client' });
  expect(result.memberId).toBe('m-me');
  expect(log).toEqual(['connecting', 'joined login']);
});

test('a refused first login ends the session with the error of the server and is not tried again', async () => {
  const world = createWorld();
  world.server.answers.login = () => ({ refuse: 'login.room-full' });
  const session = createSession(world);
  await expect(session.login()).rejects.toMatchObject({ code: 'login.room-full' });
  expect(session.state).toMatchObject({ name: 'ended', end: { kind: 'refused' } });
  await world.clock.advance(600_000);
  expect(world.server.sockets).toHaveLength(1);
});

test('a first login that reaches no server tries on until its time is over', async () => {
  const world = createWorld();
  world.server.isReachable = false;
  const session = createSession(world, { loginTimeoutMs: 5_000 });
  const login = session.login();
  login.catch(() => {});
  await world.clock.advance(5_000);
  await expect(login).rejects.toMatchObject({ code: 'client.timeout' });
  expect(world.server.sockets.length).toBeGreaterThan(2);
  expect(world.clock.pending).toBe(0);
});

test('a lost connection is resumed with the ticket and the last seq, and the missed events come in order (ROOM-5)', async () => {
  const world = createWorld();
  const { session, log } = await join(world);
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('s1', 'm-ann') });
  world.server.resume = {
    serverTimeMs: 0,
    events: [
      { event: 'memberJoined', seq: 12, userSeq: 3, memberCount: 3, member: member('m-bob') },
      { event: 'streamAdded', seq: 13, streamSeq: 3, stream: stream('s2', 'm-bob') },
      { event: 'streamRemoved', seq: 14, streamSeq: 4, stream: stream('s1', 'm-ann'), cause: 'stopped' },
    ],
  };
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(world.server.seen('resume')).toEqual([{ ticket: 'ticket-1', lastSeq: 11 }]);
  expect(log).toEqual(['+s s1', 'reconnecting', 'joined resumed', '+m-bob', '+s s2', '-s s1:stopped']);
  expect(session.room?.seq).toBe(14);
});

test('a resume that brings a snapshot is told as the difference', async () => {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-me', 'me'), member('m-ann')], streams: [stream('s1', 'm-ann')] }),
  });
  const { log } = await join(world);
  world.server.resume = {
    serverTimeMs: 0,
    room: snapshot({ seq: 99, members: [member('m-me', 'me'), member('m-bob')], streams: [stream('s2', 'm-bob')] }),
  };
  world.server.socket.close(4001);
  await world.clock.advance(500);
  expect(log).toEqual(['reconnecting', 'joined resumed', '-s s1:undefined', '-m-ann', '+m-bob', '+s s2']);
});

test('a member that was kicked while it was away ends with the reason and does not log in again (KICK-9)', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.resume = KICKED;
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(log).toEqual(['reconnecting', 'ended kicked "spam 🚫"']);
  await world.clock.advance(600_000);
  expect(world.server.seen('login')).toHaveLength(1);
  expect(world.server.sockets).toHaveLength(2);
  expect(world.clock.pending).toBe(0);
});

test('a resume refused because the member was lost leads to a new login on the same connection, and a diff (ROOM-4)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ members: [member('m-ann')] }) });
  const { session, log } = await join(world);
  world.server.resume = LOST;
  world.server.login = loginResult({ memberId: 'm-me-2', ticket: 'ticket-2', room: snapshot({ seq: 1, userSeq: 1 }) });
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(log).toEqual(['reconnecting', 'joined relogin', '-m-ann']);
  expect(session.self?.memberId).toBe('m-me-2');
  expect(world.server.sockets).toHaveLength(2);
  world.server.resume = { events: [], serverTimeMs: 0 };
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect(world.server.seen('resume').at(-1)).toEqual({ ticket: 'ticket-2', lastSeq: 1 });
});

test('a member taken out for its silence while it was away may log in again (ROOM-4)', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.resume = { refuse: 'resume.refused', details: { cause: 'connection-lost', reason: '' } };
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(log).toEqual(['reconnecting', 'joined relogin']);
});

test('a kick ends the session with cause and reason, byte for byte, and no reconnect follows (KICK-5, KICK-11)', async () => {
  const world = createWorld();
  const { session, log } = await join(world);
  const reason = 'Ünïcödé "quotes" \\ 踢出用户-原因 🚫';
  await world.server.remove('kicked', reason, 4500);
  expect(log).toEqual([`ended kicked "${reason}"`]);
  await world.clock.advance(600_000);
  expect(world.server.sockets).toHaveLength(1);
  await expect(session.send('broadcast', 'hi')).rejects.toMatchObject({ code: 'client.ended' });
});

test('a close code from 4500 on ends the session even where no word came before it (KICK-9)', async () => {
  for (const [code, cause] of [
    [4500, 'kicked'],
    [4501, 'room-closed'],
    [4502, 'replaced'],
    [4503, 'token-expired'],
  ] as const) {
    const world = createWorld();
    const { session } = await join(world);
    world.server.socket.close(code);
    expect(session.state).toMatchObject({ name: 'ended', end: { kind: 'removed', cause } });
    await world.clock.advance(600_000);
    expect(world.server.sockets).toHaveLength(1);
  }
});

test('a close code of a protocol error is not followed by another connection', async () => {
  const world = createWorld();
  const { session } = await join(world);
  world.server.socket.close(4505);
  await world.clock.advance(600_000);
  expect(session.state).toMatchObject({ name: 'ended', end: { kind: 'refused' } });
  expect(world.server.sockets).toHaveLength(1);
});

test('tries to reconnect begin at once, grow to 32 s, and end with the retry window', async () => {
  const world = createWorld();
  const { session, log } = await join(world, { retryWindowMs: 300_000 });
  world.server.isReachable = false;
  world.server.socket.close(1006);
  const triesAt: number[] = [];
  const lostAt = world.clock.now();
  for (let second = 0; second < 300; second += 1) {
    const before = world.server.sockets.length;
    await world.clock.advance(1_000);
    if (world.server.sockets.length > before) triesAt.push(world.clock.now() - lostAt);
  }
  expect(triesAt[0]).toBe(1_000);
  const gaps = triesAt.slice(1).map((at, index) => at - (triesAt[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(32_000);
  expect(Math.max(...gaps)).toBeGreaterThanOrEqual(16_000);
  expect(log).toEqual(['reconnecting', 'ended gave-up']);
  expect(session.state.name).toBe('ended');
  expect(world.clock.pending).toBe(0);
});

test('the news of a network makes the next try come at once', async () => {
  const world = createWorld();
  const { session } = await join(world);
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(60_000);
  world.server.isReachable = true;
  world.goOnline();
  await settle();
  expect(session.state).toEqual({ name: 'joined', via: 'resumed' });
});

test('retryNow makes the next try come at once, and does nothing while joined', async () => {
  const world = createWorld();
  const { session } = await join(world);
  session.retryNow();
  await settle();
  expect(world.server.sockets).toHaveLength(1);
  world.server.isReachable = false;
  world.server.socket.close(1006);
  await world.clock.advance(60_000);
  world.server.isReachable = true;
  session.retryNow();
  await settle();
  expect(session.state).toEqual({ name: 'joined', via: 'resumed' });
});

test('the news of a network while joined asks at once whether the connection lives', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.answers.heartbeat = () => undefined;
  world.goOnline();
  await world.clock.advance(10_250);
  expect(log).toEqual(['reconnecting', 'joined resumed']);
});

test('an http server asked from an https page fails at once, with the reason of the browser (CONN-4)', async () => {
  const world = createWorld();
  const openSocket = () => {
    throw new DOMException('An insecure WebSocket connection may not be initiated.', 'SecurityError');
  };
  const session = createSession(world, { platform: { ...world.platform, openSocket } });
  await expect(session.login()).rejects.toMatchObject({
    code: 'client.insecure-server',
    message: 'An insecure WebSocket connection may not be initiated.',
  });
  expect(session.state).toMatchObject({ name: 'ended', end: { kind: 'refused' } });
});

test('an event and a cause that only a newer server knows do no harm', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.socket.receiveRaw('{"event":"weather","seq":11}');
  world.server.socket.receiveRaw('{"event":"weather"}');
  world.server.socket.receiveRaw('not json');
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 2, stream: stream('s1', 'm-ann') });
  world.server.socket.receiveRaw('{"event":"removed","cause":"vanished","reason":"why"}');
  expect(log).toEqual(['+s s1', 'ended kicked "why"']);
});

test('a connection that is lost again and again as soon as it is made is made ever more rarely', async () => {
  const world = createWorld();
  await join(world);
  world.server.answers.resume = () => {
    queueMicrotask(() => queueMicrotask(() => world.server.socket.close(4001)));
    return { events: [], serverTimeMs: 0 };
  };
  world.server.socket.close(4001);
  await world.clock.advance(60_000);
  expect(world.server.seen('resume').length).toBeLessThan(10);
});

test('heartbeats go out at the interval of the server, and an unanswered one means a dead connection', async () => {
  const world = createWorld();
  world.server.login = loginResult({ heartbeatIntervalMs: 20_000 });
  const { log } = await join(world);
  await world.clock.advance(60_000);
  expect(world.server.seen('heartbeat')).toHaveLength(3);
  world.server.answers.heartbeat = () => undefined;
  await world.clock.advance(30_500);
  expect(log).toEqual(['reconnecting', 'joined resumed']);
  expect(world.server.sockets[0]?.isClosedByClient).toBe(true);
});

test('a hole in streamSeq makes the client fetch a snapshot, tell the difference, and go on from there', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.answers.snapshot = () =>
    snapshot({ seq: 14, streamSeq: 4, streams: [stream('s1', 'm-ann'), stream('s3', 'm-ann')] });
  world.server.socket.push({ event: 'streamAdded', seq: 14, streamSeq: 4, stream: stream('s3', 'm-ann') });
  world.server.socket.push({ event: 'streamAdded', seq: 15, streamSeq: 5, stream: stream('s4', 'm-ann') });
  expect(log).toEqual([]);
  await settle();
  expect(log).toEqual(['+s s1,s3', '+s s4']);
  expect(world.server.seen('snapshot')).toHaveLength(1);
});

test('a hole in userSeq makes the client fetch a snapshot', async () => {
  const world = createWorld();
  const { log } = await join(world);
  world.server.answers.snapshot = () => snapshot({ seq: 13, userSeq: 5, members: [member('m-bob')] });
  await world.server.push({ event: 'memberJoined', seq: 13, userSeq: 5, memberCount: 3, member: member('m-bob') });
  expect(log).toEqual(['+m-bob']);
});

test('events seen before and an own stream are not told again', async () => {
  const world = createWorld();
  const { log } = await join(world);
  await world.server.push({ event: 'streamAdded', seq: 9, streamSeq: 1, stream: stream('old', 'm-ann') });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('mine', 'm-me') });
  expect(log).toEqual([]);
});

test('a stream removed in the own name leaves the list without a word and without a hole (STRM-2)', async () => {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'm-ann')] }) });
  const { session, log } = await join(world);
  await world.server.push({ event: 'mediaClosed', streamId: 's1', cause: 'deleted', streamSeq: 2 });
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 3, stream: stream('s2', 'm-ann') });
  expect(log).toEqual(['+s s2']);
  expect([...(session.room?.streams.keys() ?? [])]).toEqual(['s2']);
  expect(world.server.seen('snapshot')).toHaveLength(0);
});

test('events that arrive together with the answer to the login are told after it', async () => {
  const world = createWorld();
  const session = createSession(world);
  const log = record(session);
  world.server.answers.login = () => undefined;
  const login = session.login();
  await settle();
  const { socket } = world.server;
  socket.answer(socket.requests[0]?.id ?? 0, world.server.login);
  socket.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('s1', 'm-ann') });
  socket.push({ event: 'removed', cause: 'kicked', reason: 'fast' });
  socket.close(4500);
  await login;
  await settle();
  expect(log).toEqual(['connecting', 'joined login', '+s s1', 'ended kicked "fast"']);
});

test('a renewed token is sent, used for later logins, and moves the warning', async () => {
  const world = createWorld();
  const now = world.clock.now();
  // The server's clock is 5 s ahead.
  world.server.login = loginResult({ serverTimeMs: now + 5_000, tokenExpiresAtMs: now + 65_000 });
  const { session } = await join(world);
  let warnings = 0;
  session.on('tokenWillExpire', () => {
    warnings += 1;
  });
  await world.clock.advance(29_999);
  expect(warnings).toBe(0);
  await world.clock.advance(1);
  expect(warnings).toBe(1);
  world.server.answers.renewToken = () => ({ tokenExpiresAtMs: now + 165_000 });
  await session.renewToken('token-2');
  world.server.resume = LOST;
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(world.server.seen('login').at(-1)?.credential.token).toBe('token-2');
});

test('a token renewed while the connection is lost is told to the server after the resume', async () => {
  const world = createWorld();
  const { session } = await join(world);
  world.server.socket.close(1006);
  await session.renewToken('token-2');
  await world.clock.advance(500);
  expect(world.server.seen('renewToken')).toEqual([{ token: 'token-2' }]);
});

test('a login that waits is resolved when it is let in, and a token renewed meanwhile is told then (WAIT-4)', async () => {
  const world = createWorld();
  world.server.answers.login = () => WAIT_ANSWER;
  const session = createSession(world);
  const log = record(session);
  const login = session.login();
  await settle();
  expect(log).toEqual(['connecting', 'waiting']);
  await expect(session.request('snapshot', {})).rejects.toMatchObject({ code: 'client.not-joined' });
  await session.renewToken('token-2');
  expect(world.server.seen('renewToken')).toEqual([]);
  const admitted = loginResult();
  await world.server.push({ event: 'admitted', login: admitted });
  expect(await login).toEqual(admitted);
  expect([log.at(-1), world.server.seen('renewToken')]).toEqual(['joined login', [{ token: 'token-2' }]]);
  // It is a member like any other: it comes back with its ticket.
  world.server.socket.close(1006);
  await world.clock.advance(1_000);
  expect([log.at(-1), world.server.seen('resume')]).toMatchObject(['joined resumed', [{ ticket: admitted.ticket }]]);
});

test('a logout from within the handler of the login leaves nothing behind', async () => {
  const world = createWorld();
  const session = createSession(world);
  const log = record(session);
  session.on('stateChanged', (state) => {
    if (state.name === 'joined') session.logout();
  });
  await expect(session.login()).rejects.toMatchObject({ code: 'client.ended' });
  await world.clock.advance(600_000);
  expect(log).toEqual(['connecting', 'joined login', 'ended left']);
  expect(world.server.sockets).toHaveLength(1);
  expect(world.clock.pending).toBe(0);
});

test('a logout ends the session at once and tells the server', async () => {
  const world = createWorld();
  const { session, log } = await join(world);
  session.logout();
  expect(log).toEqual(['ended left']);
  await settle();
  expect(world.server.seen('logout')).toHaveLength(1);
  expect(world.server.socket.isClosedByClient).toBe(true);
  expect(world.clock.pending).toBe(0);
});

test('a logout while reconnecting stops the tries', async () => {
  const world = createWorld();
  const { session } = await join(world);
  world.server.socket.close(1006);
  session.logout();
  await world.clock.advance(600_000);
  expect(world.server.sockets).toHaveLength(1);
});

test('a second login that is refused for good ends the session', async () => {
  const world = createWorld();
  const { session, log } = await join(world);
  world.server.resume = LOST;
  world.server.answers.login = () => ({ refuse: 'login.token-expired' });
  world.server.socket.close(4000);
  await world.clock.advance(500);
  expect(log).toEqual(['reconnecting', 'ended refused']);
  expect(session.state).toMatchObject({ end: { error: { code: 'login.token-expired' } } });
});

test('an unanswered request fails with client.timeout', async () => {
  const world = createWorld();
  const { session } = await join(world);
  world.server.answers.send = () => undefined;
  const sent = session.send('broadcast', 'hello');
  sent.catch(() => {});
  await world.clock.advance(10_000);
  await expect(sent).rejects.toMatchObject({ code: 'client.timeout' });
});
