import type { NegotiateParams } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { answerOffer } from '../../testing/fake-answer.ts';
import { settle } from '../../testing/fake-clock.ts';
import { cameraStream, type FakeTrack } from '../../testing/fake-media.ts';
import { LOST, loginResult, snapshot, stream } from '../../testing/fake-server.ts';
import { createSession, createWorld, type World } from '../../testing/harness.ts';
import type { MediaEnd } from './media-context.ts';
import type { Playback } from './playback.ts';

async function join(world: World) {
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'm-ann')] }) });
  const session = createSession(world);
  await session.login();
  return session;
}

async function publish(world: World) {
  const session = await join(world);
  const camera = cameraStream();
  const publication = session.media.publish('mine', camera.stream, { extraInfo: 'x' });
  const states: string[] = [];
  let end: MediaEnd | undefined;
  publication.on('stateChanged', (state, ending) => {
    states.push(state);
    end = ending;
  });
  await settle();
  world.media.peer.become('connected');
  return { session, publication, states, camera, ending: () => end };
}

async function play(world: World) {
  const session = await join(world);
  const playback = session.media.play('s1');
  const states: string[] = [];
  playback.on('stateChanged', (state) => states.push(state));
  const media = await comeUp(world, playback);
  return { session, playback, states, media };
}

/** Lets the media of the newest peer connection come up. */
async function comeUp(world: World, playback: Playback): Promise<MediaStream> {
  await settle();
  world.media.peer.become('connected');
  return playback.ready;
}

const idsOf = (items: readonly { readonly streamId: string }[]) => items.map(({ streamId }) => streamId);

const trackIds = (media: MediaStream) => (media.getTracks() as unknown as FakeTrack[]).map((track) => track.id);

test('publishing offers sendonly tracks, VP8 first, without waiting for candidates (CONN-1)', async () => {
  const world = createWorld();
  world.media.codecs = ['VP9', 'H264', 'rtx', 'VP8'].map((name) => ({ mimeType: `video/${name}`, clockRate: 90_000 }));
  const { publication, states } = await publish(world);
  const [peer] = world.media.peers;
  expect(peer?.transceivers.map((one) => one.direction)).toEqual(['sendonly', 'sendonly']);
  expect(peer?.transceivers[1]?.codecs.map((codec) => codec.mimeType)).toEqual([
    'video/VP8',
    'video/H264',
    'video/VP9',
    'video/rtx',
  ]);
  expect(world.server.seen('publish')).toEqual([
    { streamId: 'mine', mids: { audio: '1', video: '2' }, extraInfo: 'x', audio: true, video: true },
  ]);
  expect(peer?.transceivers.map((one) => one.currentDirection)).toEqual(['sendonly', 'sendonly']);
  expect(states).toEqual(['publishing']);
  expect(publication.state).toBe('publishing');
});

test('one peer connection carries all, and is made when the session has joined (CONN-1)', async () => {
  const world = createWorld();
  const session = await join(world);
  await settle();
  expect(world.media.open).toHaveLength(1);
  expect(world.server.seen('negotiate')).toMatchObject([{ publish: [], play: [] }]);
  world.media.peer.become('connected');
  session.media.publish('mine', cameraStream().stream);
  const playback = session.media.play('s1');
  await settle();
  expect(playback.state).toBe('playing');
  expect(world.media.peers).toHaveLength(1);
  const directions = world.media.sections.map((one) => one.currentDirection);
  expect(directions).toEqual(['sendonly', 'sendonly', 'recvonly', 'recvonly']);
});

test('changes of one moment are one offer, and later ones wait for its answer (CONN-2)', async () => {
  const world = createWorld();
  const session = await join(world);
  await settle();
  world.server.answers.negotiate = () => undefined;
  session.media.publish('mine', cameraStream().stream);
  session.media.play('s1');
  await settle();
  session.media.play('s2');
  session.media.stop('s1');
  await settle();
  const offers = () => world.server.seen('negotiate').map(({ publish, play }) => [publish, play].map(idsOf));
  expect(offers()).toEqual([
    [[], []],
    [['mine'], ['s1']],
  ]);
  delete world.server.answers.negotiate;
  const { socket } = world.server;
  const request = socket.requests.findLast(({ method }) => method === 'negotiate');
  const params = request?.params as NegotiateParams;
  socket.answer(request?.id ?? 0, answerOffer(params, {}) ?? {});
  await settle();
  expect(offers().slice(2)).toEqual([[['mine'], ['s2']]]);
});

test('a refused stream does not disturb the others of its offer (CONN-2)', async () => {
  const world = createWorld();
  const session = await join(world);
  await settle();
  world.media.peer.become('connected');
  world.server.answers.play = ({ streamId }) =>
    streamId === 'banned' ? { refuse: 'stream.banned' } : { audio: true, video: true };
  const publication = session.media.publish('mine', cameraStream().stream);
  const banned = session.media.play('banned');
  const playback = session.media.play('s1');
  await settle();
  expect(banned.ending).toMatchObject({ kind: 'failed', error: { code: 'stream.banned' } });
  expect([publication.state, playback.state]).toEqual(['publishing', 'playing']);
  expect(world.media.peers).toHaveLength(1);
});

test('what is stopped ends at once, without an offer, and its section is used again (CONN-2)', async () => {
  const world = createWorld();
  const { session, media } = await play(world);
  const [video] = media.getVideoTracks();
  const offers = world.server.seen('negotiate').length;
  const { sectionCount } = world.media.peer;
  session.media.stop('s1');
  await settle();
  expect(world.server.seen('stop')).toEqual([{ streamId: 's1' }]);
  expect(world.server.seen('negotiate')).toHaveLength(offers);
  expect(video?.readyState).toBe('ended');
  for (let count = 0; count < 5; count += 1) {
    session.media.play('s1');
    await settle();
    session.media.stop('s1');
    await settle();
  }
  expect(world.media.peer.sectionCount).toBeLessThanOrEqual(2 * sectionCount);
  expect(world.media.sections).toEqual([]);
});

test('the layer of a playback is chosen with its offer, and later without one (SIM-1)', async () => {
  const world = createWorld();
  const session = await join(world);
  const playback = session.media.play('s1', { maxLayer: 0 });
  await comeUp(world, playback);
  expect(world.server.seen('play')).toMatchObject([{ streamId: 's1', maxLayer: 0 }]);
  const offers = world.server.seen('negotiate').length;
  playback.setMaxLayer(1);
  await settle();
  playback.setMaxLayer(undefined);
  await settle();
  expect(world.server.seen('updatePlay')).toEqual([{ streamId: 's1', maxLayer: 1 }, { streamId: 's1' }]);
  expect(world.server.seen('negotiate')).toHaveLength(offers);
});

test('a camera of more than 360p is sent in three layers, smaller ones and screens in one (SIM-1)', async () => {
  const world = createWorld();
  const session = await join(world);
  const send = async (height: number, source: 'camera' | 'screen') => {
    const camera = cameraStream(['video']);
    for (const track of camera.tracks) track.settings = { width: (height * 16) / 9, height };
    const id = `${source}-${height}`;
    session.media.publish(id, camera.stream, { source, maxVideoKbps: 1000 });
    await settle();
    return world.media.sections.at(-1)?.sender.getParameters().encodings;
  };
  expect(await send(720, 'camera')).toEqual([
    { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 80_000 },
    { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 240_000 },
    { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 680_000 },
  ]);
  expect(await send(360, 'camera')).toEqual([{ maxBitrate: 1_000_000 }]);
  expect(await send(1080, 'screen')).toEqual([{ maxBitrate: 1_000_000 }]);
  await session.media.publications.get('camera-720')?.setMaxKbps('video', 100);
  const { encodings = [] } = world.media.sections[0]?.sender.getParameters() ?? {};
  expect(encodings.map(({ maxBitrate }) => maxBitrate)).toEqual([8_000, 24_000, 68_000]);
});

test('mediaLost makes one new peer connection for all, and the application keeps its MediaStream (MED-3)', async () => {
  const world = createWorld();
  const { session, playback, media, states } = await play(world);
  session.media.publish('mine', cameraStream().stream);
  await settle();
  expect(trackIds(media)).toEqual(['audio-of-peer-1', 'video-of-peer-1']);
  await world.server.push({ event: 'mediaLost' });
  expect(world.server.seen('publish')).toHaveLength(2);
  expect(world.server.seen('play')).toHaveLength(2);
  expect(playback.stream).toBe(media);
  expect(trackIds(media)).toEqual(['audio-of-peer-2', 'video-of-peer-2']);
  expect(states).toEqual(['playing', 'requesting']);
  expect(world.media.open).toHaveLength(1);
});

test('playLost requests a stream again on the same peer connection (MED-3)', async () => {
  const world = createWorld();
  const { states } = await play(world);
  const offers = world.server.seen('negotiate').length;
  await world.server.push({ event: 'playLost', streamIds: ['s1', 'unknown'] });
  expect(world.server.seen('negotiate')).toHaveLength(offers + 1);
  expect(states).toEqual(['playing', 'requesting', 'playing']);
  expect(world.media.peers).toHaveLength(1);
});

test('an answer that comes after its peer connection was replaced is ignored', async () => {
  const world = createWorld();
  const session = await join(world);
  await settle();
  world.server.answers.play = () => undefined;
  const playback = session.media.play('s1');
  await settle();
  await world.server.push({ event: 'mediaLost' });
  const { socket } = world.server;
  const [first, second] = socket.requests.filter(({ method }) => method === 'negotiate').slice(1);
  const answer = (request: typeof first) =>
    socket.answer(request?.id ?? 0, answerOffer(request?.params as NegotiateParams, {}) ?? {});
  answer(first);
  await settle();
  expect(playback.stream.getTracks()).toEqual([]);
  answer(second);
  await expect(comeUp(world, playback)).resolves.toBe(playback.stream);
  expect(trackIds(playback.stream)).toEqual(['audio-of-peer-2', 'video-of-peer-2']);
});

test('a transport that stays disconnected restarts ICE on the same peer connection, and streams go on (CONN-3)', async () => {
  const world = createWorld();
  const { states } = await publish(world);
  world.media.peer.become('disconnected');
  await world.clock.advance(500);
  world.media.peer.become('connected');
  await world.clock.advance(60_000);
  expect(world.media.peer.iceRestarts).toBe(0);
  world.media.peer.become('disconnected');
  await world.clock.advance(1_500);
  expect(world.media.peer.iceRestarts).toBe(1);
  world.media.peer.become('connected');
  await world.clock.advance(60_000);
  expect(world.media.peers).toHaveLength(1);
  expect(world.server.seen('publish')).toHaveLength(1);
  expect(states).toEqual(['publishing']);
});

test('an ICE restart that does not help is followed by a new peer connection (CONN-3, MED-3)', async () => {
  const world = createWorld();
  const { states } = await publish(world);
  world.media.peer.become('disconnected');
  await world.clock.advance(7_000);
  expect(world.media.peers).toHaveLength(2);
  expect(world.media.open).toHaveLength(1);
  world.media.peer.become('connected');
  expect(states).toEqual(['publishing', 'requesting', 'publishing']);
});

test('a machine that is online again restarts ICE at once, with the ICE servers of now (CONN-3)', async () => {
  const world = createWorld();
  const { states } = await publish(world);
  world.goOnline();
  await settle();
  expect(world.media.peer.iceRestarts).toBe(1);
  await world.clock.advance(60_000);
  expect(world.media.peers).toHaveLength(1);
  expect(states).toEqual(['publishing']);
});

test('a transport that is interrupted while the session is lost restarts ICE after the resume (CONN-3)', async () => {
  const world = createWorld();
  const { states } = await publish(world);
  world.server.isReachable = false;
  world.server.socket.close(1006);
  world.media.peer.become('disconnected');
  await world.clock.advance(5_000);
  expect(world.media.peer.iceRestarts).toBe(0);
  world.server.isReachable = true;
  await world.clock.advance(3_000);
  expect(world.server.seen('resume')).toHaveLength(1);
  expect(world.media.peer.iceRestarts).toBe(1);
  world.media.peer.become('connected');
  expect(states).toEqual(['publishing']);
});

test('a server that answers a restart with another certificate gets a new peer connection (MED-3)', async () => {
  const world = createWorld();
  await publish(world);
  world.server.answers.negotiate = (params) => {
    const result = answerOffer(params, {}) as { readonly answer: string };
    return { ...result, answer: result.answer.replace('sha-256 server', 'sha-256 restarted') };
  };
  world.goOnline();
  await world.clock.advance(1_000);
  expect(world.media.peers).toHaveLength(2);
  expect(world.media.open).toHaveLength(1);
});

test('a transport that was lost is tried again, and ended after the retry window', async () => {
  const world = createWorld();
  const { publication } = await publish(world);
  world.media.peer.become('failed');
  await world.clock.advance(290_000);
  expect(publication.state).toBe('requesting');
  expect(world.media.peers.length).toBeGreaterThan(10);
  await world.clock.advance(40_000);
  expect(publication.ending).toMatchObject({ kind: 'failed', error: { code: 'client.timeout' } });
  expect(world.media.open).toHaveLength(0);
});

test('media that was never up fails within 10 s, for publications and playbacks (MED-6, CONN-4)', async () => {
  const world = createWorld();
  const session = await join(world);
  const publication = session.media.publish('mine', cameraStream().stream);
  const playback = session.media.play('s1');
  const refused = expect(playback.ready).rejects.toMatchObject({ code: 'client.no-media-path' });
  await world.clock.advance(10_000);
  await refused;
  expect(publication.ending).toMatchObject({ kind: 'failed', error: { code: 'client.no-media-path' } });
  expect(world.media.open).toHaveLength(0);
  expect(world.server.seen('unpublish')).toEqual([{ streamId: 'mine' }]);
});

test('a kick closes all media and stops the tracks that were published (KICK-5)', async () => {
  const world = createWorld();
  const { session, camera, ending } = await publish(world);
  const playback = session.media.play('s1');
  await comeUp(world, playback);
  const log: string[] = [];
  playback.on('stateChanged', (state) => log.push(`playback ${state}`));
  session.on('stateChanged', (state) => log.push(`session ${state.name}`));
  await world.server.remove('kicked', 'spam', 4500);
  expect(world.media.open).toHaveLength(0);
  expect(camera.tracks.map((track) => track.readyState)).toEqual(['ended', 'ended']);
  expect(playback.stream.getTracks()).toEqual([]);
  expect(ending()).toMatchObject({ kind: 'session', end: { cause: 'kicked' } });
  expect(log).toEqual(['playback ended', 'session ended']);
});

test('an own logout leaves the tracks running', async () => {
  const world = createWorld();
  const { session, camera } = await publish(world);
  session.logout();
  expect(world.media.open).toHaveLength(0);
  expect(camera.tracks.map((track) => track.readyState)).toEqual(['live', 'live']);
});

test('a stream deleted by the server ends at its owner, which may publish it again (STRM-2, STRM-3)', async () => {
  const world = createWorld();
  const { session, ending, camera } = await publish(world);
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('mine', 'm-me') });
  await world.server.push({
    event: 'streamRemoved',
    seq: 12,
    streamSeq: 3,
    stream: stream('mine', 'm-me'),
    cause: 'deleted',
  });
  expect(ending()).toEqual({ kind: 'closed', cause: 'deleted' });
  expect(world.media.sections).toEqual([]);
  expect(camera.tracks[0]?.readyState).toBe('live');
  session.media.publish('mine', camera.stream);
  await settle();
  expect(world.server.seen('publish')).toHaveLength(2);
});

test('a stream deleted in its owner’s own name is stopped by mediaClosed alone (STRM-3)', async () => {
  const world = createWorld();
  const { ending } = await publish(world);
  await world.server.push({ event: 'mediaClosed', streamId: 'mine', cause: 'deleted', streamSeq: 2 });
  expect(ending()).toEqual({ kind: 'closed', cause: 'deleted' });
});

test('an own stream that is missing from a snapshot after a gap is over (STRM-3)', async () => {
  const world = createWorld();
  const { ending } = await publish(world);
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('mine', 'm-me') });
  world.server.answers.snapshot = () => snapshot({ seq: 20, streamSeq: 9 });
  await world.server.push({ event: 'streamAdded', seq: 20, streamSeq: 9, stream: stream('s9', 'm-ann') });
  expect(ending()).toEqual({ kind: 'closed', cause: undefined });
});

test('playing ends when the stream is over for good, and waits when its publisher may come back', async () => {
  const world = createWorld();
  const { playback, states } = await play(world);
  const s1 = stream('s1', 'm-ann');
  await world.server.push({ event: 'streamRemoved', seq: 11, streamSeq: 2, stream: s1, cause: 'connection-lost' });
  expect(playback.state).toBe('requesting');
  expect(world.media.sections).toEqual([]);
  await world.server.push({ event: 'streamAdded', seq: 12, streamSeq: 3, stream: s1 });
  world.media.peer.become('connected');
  await world.server.push({ event: 'streamRemoved', seq: 13, streamSeq: 4, stream: s1, cause: 'kicked' });
  expect(states).toEqual(['playing', 'requesting', 'playing', 'ended']);
});

test('playing a stream that is not listed fails; one that is listed is tried again', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.answers.play = () => ({ refuse: 'stream.not-found' });
  await expect(session.media.play('nobody').ready).rejects.toMatchObject({ code: 'stream.not-found' });
  const listed = session.media.play('s1');
  await settle();
  delete world.server.answers.play;
  await world.clock.advance(100);
  await expect(comeUp(world, listed)).resolves.toBe(listed.stream);
});

test('a lost connection leaves media alone; what failed meanwhile is made when it is back (ROOM-5)', async () => {
  const world = createWorld();
  const { session, states } = await publish(world);
  await comeUp(world, session.media.play('s1'));
  world.server.isReachable = false;
  world.server.socket.close(1006);
  world.media.peers[0]?.become('failed');
  expect(states).toEqual(['publishing', 'requesting']);
  await world.clock.advance(5_000);
  expect(world.server.seen('publish')).toHaveLength(1);
  world.server.isReachable = true;
  await world.clock.advance(6_000);
  expect(world.server.seen('resume').length).toBeGreaterThan(0);
  expect(world.server.seen('publish')).toHaveLength(2);
  expect(world.server.seen('play')).toHaveLength(2);
  world.media.peer.become('connected');
  expect(states).toEqual(['publishing', 'requesting', 'publishing']);
});

test('after a new login everything is published and played again by itself (MED-3)', async () => {
  const world = createWorld();
  const { session } = await publish(world);
  const media = await comeUp(world, session.media.play('s1'));
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: stream('mine', 'm-me') });
  world.server.resume = LOST;
  world.server.login = loginResult({ memberId: 'm-me-2', room: snapshot({ seq: 1, streams: [] }) });
  world.server.answers.play = () => ({ refuse: 'stream.not-found' });
  world.server.socket.close(1006);
  await world.clock.advance(500);
  expect(world.server.seen('publish')).toHaveLength(2);
  delete world.server.answers.play;
  await world.server.push({ event: 'streamAdded', seq: 2, streamSeq: 2, stream: stream('s1', 'm-ann-2') });
  expect(media.getTracks()).toHaveLength(2);
  expect(session.media.playbacks.get('s1')?.stream).toBe(media);
});

test('a stream that is stopped and published again at once waits for the end of the first', async () => {
  const world = createWorld();
  const { session, camera } = await publish(world);
  world.server.answers.unpublish = () => undefined;
  session.media.unpublish('mine');
  session.media.publish('mine', camera.stream);
  await settle();
  const { socket } = world.server;
  expect(world.server.seen('publish')).toHaveLength(1);
  socket.answer(socket.requests.find(({ method }) => method === 'unpublish')?.id ?? 0, {});
  await settle();
  expect(world.server.seen('publish')).toHaveLength(2);
});

test('the news of an end that this client asked for does not end what it has published since', async () => {
  const world = createWorld();
  const { session, camera } = await publish(world);
  const mine = stream('mine', 'm-me');
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: mine });
  world.server.answers.unpublish = () => undefined;
  session.media.unpublish('mine');
  const again = session.media.publish('mine', camera.stream);
  await settle();
  await world.server.push({ event: 'streamRemoved', seq: 12, streamSeq: 3, stream: mine, cause: 'stopped' });
  const { socket } = world.server;
  socket.answer(socket.requests.find(({ method }) => method === 'unpublish')?.id ?? 0, {});
  await settle();
  expect(again.state).not.toBe('ended');
  // Without an end under way, the server has ended it by itself (MED-5).
  await world.server.push({ event: 'streamAdded', seq: 13, streamSeq: 4, stream: mine });
  await world.server.push({ event: 'streamRemoved', seq: 14, streamSeq: 5, stream: mine, cause: 'stopped' });
  expect(again.state).toBe('ended');
});

test('what was stopped while the connection was lost is stopped at the server after the resume', async () => {
  const world = createWorld();
  const { session } = await publish(world);
  world.server.socket.close(1006);
  expect(session.media.unpublish('mine')).toBe(true);
  expect(session.media.unpublish('mine')).toBe(false);
  await world.clock.advance(500);
  expect(world.server.seen('unpublish')).toEqual([{ streamId: 'mine' }]);
});

test('turning audio or video off disables the track and tells the others, after the resume where it must', async () => {
  const world = createWorld();
  const { publication, camera } = await publish(world);
  await publication.setEnabled('video', false);
  expect(camera.tracks[1]?.enabled).toBe(false);
  world.server.socket.close(1006);
  await publication.setEnabled('audio', false);
  await world.clock.advance(500);
  expect(world.server.seen('updateStream')).toEqual([
    { streamId: 'mine', video: false },
    { streamId: 'mine', audio: false },
  ]);
});

test('a mute by a host is followed without a word, and another change does not undo it (HOST-3)', async () => {
  const world = createWorld();
  const { publication, camera } = await publish(world);
  const muted: unknown[] = [];
  publication.on('muted', (kinds) => muted.push(kinds));
  const own = stream('mine', 'm-me', { audio: false, muted: ['audio'] });
  await world.server.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: own });
  await world.server.push({ event: 'streamUpdated', seq: 12, stream: own });
  expect(muted).toEqual([['audio']]);
  expect(camera.tracks.map(({ enabled }) => enabled)).toEqual([false, true]);
  await publication.setEnabled('video', false);
  await publication.setEnabled('audio', true);
  expect(world.server.seen('updateStream')).toEqual([
    { streamId: 'mine', video: false },
    { streamId: 'mine', audio: true },
  ]);
  expect(camera.tracks.map(({ enabled }) => enabled)).toEqual([true, false]);
});

test('a mute that comes while the kind is being turned on wins on both sides (HOST-3)', async () => {
  const world = createWorld();
  const { publication } = await publish(world);
  await publication.setEnabled('audio', false);
  const own = stream('mine', 'm-me', { audio: false, muted: ['audio'] });
  const turnedOn = publication.setEnabled('audio', true);
  world.server.socket.push({ event: 'streamAdded', seq: 11, streamSeq: 2, stream: own });
  await turnedOn;
  expect(world.server.seen('updateStream').map(({ audio }) => audio)).toEqual([false, true, false]);
});

test('turning on what a host has forbidden is refused, and it is off (HOST-4)', async () => {
  const world = createWorld();
  const { publication, camera } = await publish(world);
  await publication.setEnabled('audio', false);
  world.server.answers.updateStream = () => ({ refuse: 'member.not-allowed' });
  await expect(publication.setEnabled('audio', true)).rejects.toMatchObject({ code: 'member.not-allowed' });
  expect(camera.tracks.map(({ enabled }) => enabled)).toEqual([false, true]);
  // It is not asked for again by the next change.
  world.server.answers.updateStream = () => ({});
  await publication.setEnabled('video', false);
  expect(world.server.seen('updateStream').at(-1)).toEqual({ streamId: 'mine', video: false });
});

test('publishing is refused for good where the server says never', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.answers.publish = () => ({ refuse: 'stream.not-allowed' });
  const publication = session.media.publish('mine', cameraStream().stream);
  await settle();
  expect(publication.ending).toMatchObject({ kind: 'failed', error: { code: 'stream.not-allowed' } });
  expect(session.media.publications.size).toBe(0);
});

test('a publish that loses against a removal under way is not tried again (STRM-3)', async () => {
  const world = createWorld();
  const session = await join(world);
  world.server.answers.publish = () => ({ refuse: 'stream.not-found' });
  const publication = session.media.publish('mine', cameraStream().stream);
  await world.clock.advance(60_000);
  expect(publication.state).toBe('ended');
  expect(world.server.seen('publish')).toHaveLength(1);
});

test('without WebRTC the core joins and publishing says so', async () => {
  const world = createWorld();
  const session = createSession(world, { platform: { ...world.platform, media: undefined } });
  await session.login();
  expect(() => session.media.publish('mine', cameraStream().stream)).toThrow(
    expect.objectContaining({ code: 'client.no-media' }),
  );
});

test('a publish that the server ends before the stream is announced ends with its cause (MED-6)', async () => {
  const world = createWorld();
  const session = await join(world);
  const publication = session.media.publish('mine', cameraStream().stream);
  await settle();
  await world.server.push({ event: 'publishEnded', streamId: 'mine', cause: 'media-failed' });
  expect(publication.ending).toEqual({ kind: 'closed', cause: 'media-failed' });
  expect(world.media.sections).toEqual([]);
});
