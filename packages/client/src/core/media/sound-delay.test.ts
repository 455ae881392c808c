import { expect, test } from 'vitest';
import { answerOffer } from '../../testing/fake-answer.ts';
import { settle } from '../../testing/fake-clock.ts';
import type { FakePeer } from '../../testing/fake-peer.ts';
import { loginResult, snapshot, stream } from '../../testing/fake-server.ts';
import { createSession, createWorld } from '../../testing/harness.ts';
import type { PlayOptions } from './playback.ts';

/** Packets of three seconds of sound. */
const SPEECH = 150;

/** A session that plays one stream, and what its browser counts of the sound. */
async function play(options: PlayOptions = {}) {
  const world = createWorld();
  world.server.login = loginResult({ room: snapshot({ streams: [stream('s1', 'm-ann')] }) });
  world.server.answers.negotiate = (params) => answerOffer(params, world.server.answers);
  const session = createSession(world);
  await session.login();
  await settle();
  session.media.play('s1', options);
  await settle();
  const peer = world.media.peers[0] as FakePeer;
  peer.become('connected');
  const section = peer.transceivers.find(({ kind }) => kind === 'audio');
  if (!section) throw new Error('no section receives sound');
  const sound = { type: 'inbound-rtp', kind: 'audio', mid: section.mid, packetsReceived: 0, nackCount: 0 };
  const pair = { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.045 };
  peer.report = [
    ['sound', sound],
    ['pair', pair],
  ];
  await world.clock.advance(3_000);
  return {
    world,
    session,
    pair,
    /** The wait in milliseconds after three more seconds with that many packets and requests. */
    async hear(packets: number, requests: number): Promise<number | null> {
      sound.packetsReceived += packets;
      sound.nackCount += requests;
      await world.clock.advance(3_000);
      return section.receiver.jitterBufferTarget;
    },
  };
}

test('sound of which much is lost waits for what is sent again: a round trip and 50 ms (MED-4)', async () => {
  const { hear } = await play();
  expect(await hear(SPEECH, 11)).toBeNull();
  expect(await hear(SPEECH, 12)).toBe(95);
});

test('the wait is at least 80 ms, grows with the round trip, and does not follow each change of it', async () => {
  const { hear, pair } = await play();
  pair.currentRoundTripTime = 0.005;
  expect(await hear(SPEECH, 30)).toBe(80);
  pair.currentRoundTripTime = 0.15;
  expect(await hear(SPEECH, 30)).toBe(200);
  pair.currentRoundTripTime = 0.1;
  expect(await hear(SPEECH, 30)).toBe(200);
});

test('with a round trip over 150 ms, the wait is for the redundancy of the sound only', async () => {
  const { hear, pair } = await play();
  pair.currentRoundTripTime = 0.151;
  expect(await hear(SPEECH, 30)).toBe(80);
});

test('the wait is the own one of the browser again after 30 s with little loss', async () => {
  const { hear } = await play();
  await hear(SPEECH, 30);
  // 6 of 150 are as many as keep the wait.
  for (let reading = 0; reading < 20; reading += 1) expect(await hear(SPEECH, 6)).toBe(95);
  for (let reading = 0; reading < 9; reading += 1) expect(await hear(SPEECH, 5)).toBe(95);
  expect(await hear(SPEECH, 5)).toBeNull();
});

test('silence says nothing about the loss: its few packets count with those that follow', async () => {
  const { hear } = await play();
  expect(await hear(8, 4)).toBeNull();
  expect(await hear(42, 1)).toBe(95);
  for (let reading = 0; reading < 5; reading += 1) expect(await hear(8, 0)).toBe(95);
});

test('a wait that the application has chosen stays', async () => {
  const { hear } = await play({ jitterBufferMs: 0 });
  expect(await hear(SPEECH, 60)).toBe(0);
});

test('nothing is read any longer after the session has ended', async () => {
  const { session, world } = await play();
  await session.logout();
  await settle();
  expect(world.clock.pending).toBe(0);
});
