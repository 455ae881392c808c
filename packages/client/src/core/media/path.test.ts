import { expect, test } from 'vitest';
import { answerOffer } from '../../testing/fake-answer.ts';
import { settle } from '../../testing/fake-clock.ts';
import { cameraStream } from '../../testing/fake-media.ts';
import { loginResult, snapshot, stream } from '../../testing/fake-server.ts';
import { createSession, createWorld, type World } from '../../testing/harness.ts';
import type { SessionError } from '../errors.ts';
import type { SessionOptions } from '../session.ts';

const TURN = 'turn:turn.test:3478?transport=udp';
const CANDIDATES = [
  'a=candidate:1 1 UDP 2114977791 203.0.113.9 7701 typ host',
  'a=candidate:2 1 UDP 2114977790 2001:db8::9 7701 typ host',
  '',
].join('\r\n');

const iceOf = (credential: string) => ({
  servers: [{ urls: ['stun:turn.test'] }, { urls: [TURN], username: '1700000600:me', credential }],
  validForMs: 600_000,
});

/** Joins a room on a server that announces ICE servers; records when the session reports which problem. */
async function join(more: Partial<SessionOptions> = {}, world: World = createWorld()) {
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'm-ann')] }), ice: iceOf('first') });
  world.server.answers.negotiate = (params) => {
    const result = answerOffer(params, world.server.answers) as { readonly answer: string };
    return { ...result, answer: `${result.answer}${CANDIDATES}` };
  };
  const session = createSession(world, more);
  const startedAtMs = world.clock.now();
  const problems: { readonly error: SessionError; readonly afterMs: number }[] = [];
  session.on('mediaProblem', (error) => problems.push({ error, afterMs: world.clock.now() - startedAtMs }));
  await session.login();
  await settle();
  return { world, session, problems };
}

test('the peer connection has the ICE servers of the login (ICE-1)', async () => {
  const { world } = await join();
  await settle();
  expect(world.media.peers.map(({ configuration }) => configuration)).toEqual([
    { iceServers: iceOf('first').servers, iceTransportPolicy: 'all', bundlePolicy: 'max-bundle' },
  ]);
});

test("the application's own ICE servers are used instead of the server's, and are not renewed", async () => {
  const iceServers = [{ urls: 'stun:own.test' }];
  const { world, session } = await join({ iceServers, iceTransportPolicy: 'relay' });
  await world.clock.advance(3_600_000);
  session.media.play('s1');
  expect(world.media.peer.configuration).toMatchObject({ iceServers, iceTransportPolicy: 'relay' });
  expect(world.server.seen('iceServers')).toEqual([]);
});

test('credentials are renewed before they expire, and again after a failed renewal (ICE-1)', async () => {
  const { world, session } = await join();
  let answer: object = { refuse: 'server.internal' };
  world.server.answers.iceServers = () => answer;
  await world.clock.advance(401_000);
  expect(world.server.seen('iceServers')).toHaveLength(1);
  answer = { ice: iceOf('second') };
  await world.clock.advance(10_000);
  await world.server.push({ event: 'mediaLost' });
  session.media.play('s1');
  await settle();
  expect(world.media.peer.configuration.iceServers?.[1]?.credential).toBe('second');
  await world.clock.advance(600_000);
  expect(world.server.seen('iceServers')).toHaveLength(3);
  session.logout();
  await world.clock.advance(3_600_000);
  expect(world.server.seen('iceServers')).toHaveLength(3);
});

test('a resume returns new credentials, which later peer connections use (ICE-1)', async () => {
  const { world } = await join();
  world.server.resume = { events: [], serverTimeMs: 0, ice: iceOf('resumed') };
  world.server.socket.close(1006);
  world.media.peer.become('failed');
  await world.clock.advance(2_000);
  expect(world.media.peer.configuration.iceServers?.[1]?.credential).toBe('resumed');
});

test('without a path to the media port the session reports it within 10 s, once, with the addresses (CONN-4)', async () => {
  const { world, session, problems } = await join();
  session.media.publish('mine', cameraStream().stream);
  session.media.play('s1').ready.catch(() => {});
  await world.clock.advance(10_000);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.afterMs).toBeLessThan(10_000);
  expect(problems[0]?.error).toMatchObject({
    code: 'client.no-media-path',
    details: { addresses: '203.0.113.9:7701, [2001:db8::9]:7701' },
  });
});

test('media that connects ends a problem: the next one is reported again', async () => {
  const { world, session, problems } = await join();
  session.media.play('s1').ready.catch(() => {});
  await world.clock.advance(10_000);
  session.media.play('s1');
  await settle();
  world.media.peer.become('connected');
  world.media.peer.become('failed');
  await world.clock.advance(10_000);
  expect(problems.map(({ error }) => error.code)).toEqual(['client.no-media-path', 'client.no-media-path']);
});

test('a TURN server that refuses is named at once where only relayed media is allowed (CONN-4)', async () => {
  const { world, session, problems } = await join({ iceTransportPolicy: 'relay' });
  const publication = session.media.publish('mine', cameraStream().stream);
  await settle();
  world.media.peer.failServer(TURN, 401, 'Unauthorized');
  world.media.peer.finishGathering();
  expect(problems).toMatchObject([
    { afterMs: 0, error: { code: 'client.turn-refused', details: { turnCode: 401, url: TURN } } },
  ]);
  expect(world.server.seen('iceServers')).toHaveLength(1);
  for (let second = 0; second < 10; second += 1) {
    await world.clock.advance(1_000);
    for (const peer of world.media.open) {
      peer.failServer(TURN, 401, 'Unauthorized');
      peer.finishGathering();
    }
  }
  expect(publication.ending).toMatchObject({ kind: 'failed', error: { code: 'client.turn-refused' } });
  expect(problems).toHaveLength(1);
  expect(world.server.seen('unpublish')).toEqual([{ streamId: 'mine' }]);
});

test('credentials that a TURN server refuses are renewed at once, and the next attempt uses the new ones (ICE-1)', async () => {
  const { world, session, problems } = await join({ iceTransportPolicy: 'relay' });
  world.server.answers.iceServers = () => ({ ice: iceOf('second') });
  const playback = session.media.play('s1');
  await settle();
  world.media.peer.failServer(TURN, 401, 'Unauthorized');
  world.media.peer.finishGathering();
  await world.clock.advance(1_000);
  expect(world.media.peer.configuration.iceServers?.[1]?.credential).toBe('second');
  world.media.peer.become('connected');
  await expect(playback.ready).resolves.toBeDefined();
  expect(problems).toHaveLength(1);
});

test('a TURN server that refuses is the reason too where there is no other path (CONN-4)', async () => {
  const { world, session, problems } = await join();
  session.media.play('s1').ready.catch(() => {});
  await settle();
  world.media.peer.findCandidate();
  world.media.peer.failServer('stun:turn.test', 701);
  world.media.peer.failServer(TURN, 403, 'Forbidden');
  world.media.peer.finishGathering();
  expect(problems).toEqual([]);
  await world.clock.advance(10_000);
  expect(problems.map(({ error }) => error.code)).toEqual(['client.turn-refused']);
});

test('a TURN server that refuses is no problem while there is another path', async () => {
  const { world, session, problems } = await join();
  session.media.play('s1');
  await settle();
  world.media.peer.failServer(TURN, 401, 'Unauthorized');
  world.media.peer.finishGathering();
  world.media.peer.become('connected');
  await world.clock.advance(60_000);
  expect(problems).toEqual([]);
});

test('a TURN server that does not answer, and none at all, are distinguished from a refusal (CONN-4)', async () => {
  const { world, session, problems } = await join({ iceTransportPolicy: 'relay' });
  session.media.play('s1').ready.catch(() => {});
  await settle();
  world.media.peer.failServer(TURN, 701, 'TURN allocate request timed out.');
  world.media.peer.finishGathering();
  const none = await join({ iceTransportPolicy: 'relay', iceServers: [] });
  none.session.media.play('s1').ready.catch(() => {});
  await settle();
  none.world.media.peer.finishGathering();
  const found = [...problems, ...none.problems].map(({ error }) => [error.code, error.message]);
  expect(found).toEqual([
    ['client.turn-unreachable', 'only relayed media is allowed, and no TURN server answers'],
    ['client.turn-unreachable', 'only relayed media is allowed, and no TURN server is configured'],
  ]);
});

test('a path that was there and is lost is reported 4 s after the browser detects it, once (CONN-4)', async () => {
  const { world, session, problems } = await join();
  const publication = session.media.publish('mine', cameraStream().stream);
  await settle();
  world.media.peer.become('connected');
  await world.clock.advance(60_000);
  const before = problems.length;
  world.media.peer.become('disconnected');
  await world.clock.advance(3_900);
  expect(problems).toHaveLength(before);
  await world.clock.advance(100);
  expect(problems.slice(before)).toMatchObject([{ error: { code: 'client.no-media-path' } }]);
  expect(publication.state).not.toBe('ended');
});

test('a loss that ends in time, and one of a client without streams, is no problem of the path', async () => {
  const { world, session, problems } = await join();
  const publication = session.media.publish('mine', cameraStream().stream);
  await settle();
  world.media.peer.become('connected');
  world.media.peer.become('disconnected');
  await world.clock.advance(900);
  world.media.peer.become('connected');
  await world.clock.advance(20_000);
  session.media.unpublish(publication.streamId);
  await settle();
  world.media.peer.become('disconnected');
  await world.clock.advance(20_000);
  expect(problems.filter(({ error }) => error)).toEqual([]);
});
