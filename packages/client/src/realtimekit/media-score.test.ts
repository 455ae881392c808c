import { describe, expect, it } from 'vitest';
import { settle } from '../testing/fake-clock.ts';
import { FakeTrack } from '../testing/fake-media.ts';
import { loginResult, member, snapshot, stream } from '../testing/fake-server.ts';
import { createWorld } from '../testing/harness.ts';
import { RealtimeKitClient } from './client.ts';
import { scoreOf } from './media-score.ts';

describe('scoreOf', () => {
  it.each([
    ['a perfect connection', 0, 0, 0, 10],
    ['a distant server', 0, 0, 350, 8],
    ['some loss', 0.04, 0, 50, 8],
    ['jitter', 0, 120, 50, 7],
    ['everything lost', 1, 500, 2000, 0],
  ])('%s', (_, lossRate, jitterMs, roundTripMs, score) => {
    expect(scoreOf({ lossRate, jitterMs }, roundTripMs)).toBe(score);
  });
});

it('changes of the own quality are told to self, and a poor connection to meta once', async () => {
  const world = createWorld();
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const log: unknown[] = [];
  meeting.self.on('mediaScoreUpdate', ({ kind, score, participantId }) => log.push([kind, score, participantId]));
  meeting.meta.on('poorConnection', ({ score }) => log.push(['poor', score]));
  await meeting.join();
  await meeting.self.enableAudio(new FakeTrack('audio') as unknown as MediaStreamTrack);
  await settle();
  const send = async (packetsSent: number, packetsLost: number, atMs: number) => {
    const out = { id: 'out', type: 'outbound-rtp', kind: 'audio', timestamp: atMs, packetsSent };
    const remote = { id: 'remote', type: 'remote-inbound-rtp', kind: 'audio', packetsLost, jitter: 0 };
    world.media.peer.report = [
      ['out', out],
      ['remote', remote],
    ];
    await world.clock.advance(1_000);
  };
  await send(100, 0, 1_000);
  await send(200, 0, 2_000);
  await send(300, 50, 3_000);
  await send(400, 100, 4_000);
  await send(500, 100, 5_000);
  expect(log).toEqual([
    ['audio', 10, 'm-me'],
    ['audio', 0, 'm-me'],
    ['poor', 0],
    ['audio', 10, 'm-me'],
  ]);
});

it('changes of the quality are told to the participant, to the map and to participants', async () => {
  const world = createWorld();
  world.server.login = loginResult({
    room: snapshot({ members: [member('m-me'), member('m-ann')], streams: [stream('rtk-m-ann', 'm-ann')] }),
  });
  const meeting = await RealtimeKitClient.init({
    authToken: 'jwt',
    baseURI: 'rooms.test',
    defaults: { audio: false, video: false },
    platform: world.platform,
  });
  const log: unknown[] = [];
  const { participants } = meeting;
  participants.on('mediaScoreUpdate', ({ participantId, kind, score }) =>
    log.push(['all', participantId, kind, score]),
  );
  participants.on('poorConnection', (event) => log.push(['poor', event]));
  participants.joined.on('mediaScoreUpdate', ({ id }, { score }) => log.push(['joined', id, score]));
  await meeting.join();
  await settle();
  const receive = async (packetsReceived: number, packetsLost: number, atMs: number) => {
    const entry = {
      id: 'in',
      type: 'inbound-rtp',
      kind: 'video',
      timestamp: atMs,
      packetsReceived,
      packetsLost,
      jitter: 0,
    };
    world.media.peer.report = [['in', entry]];
    await world.clock.advance(1_000);
  };
  await receive(100, 0, 1_000);
  expect(log).toEqual([
    ['all', 'm-ann', 'video', 10],
    ['joined', 'm-ann', 10],
  ]);
  log.length = 0;
  await receive(200, 0, 2_000);
  expect(log).toEqual([]);
  await receive(280, 20, 3_000);
  expect(log).toEqual([
    ['all', 'm-ann', 'video', 0],
    ['joined', 'm-ann', 0],
    ['poor', { participantId: 'm-ann', score: 0, kind: 'video' }],
  ]);
  await receive(1_000, 20, 4_000);
  const [{ streamId } = { streamId: '' }] = world.server.seen('play');
  await world.server.push({ event: 'videoPaused', streamId, isPaused: true });
  log.length = 0;
  // A video that is paused for want of bandwidth loses nothing, and has the worst score (BWE-2).
  await receive(2_000, 20, 5_000);
  expect(log.at(-1)).toEqual(['poor', { participantId: 'm-ann', score: 0, kind: 'video' }]);
});
