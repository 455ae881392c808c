import { startTestServer, type TestServer } from '@gavel/testkit';
import { FakeMediaEngine } from '@gavel/testkit/fake-media-engine';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';

let gavel: TestServer;
let engine: FakeMediaEngine;
beforeEach(async () => {
  engine = new FakeMediaEngine();
  gavel = await startTestServer({ engine });
});
afterEach(() => gavel.close());

async function join(userId: string) {
  const client = await gavel.connect();
  return { client, login: await client.login(gavel.app.appId, 'lobby', userId) };
}

/** Ann publishes, and Ben plays. */
async function play() {
  const ann = await join('ann');
  const ben = await join('ben');
  await ann.client.media.publish('cam');
  await ben.client.event('streamAdded');
  await ben.client.media.play('cam', { height: 180 });
  const [publishId = ''] = engine.streams.keys();
  return { ann, ben, publishId };
}

/** Lets the engine report a loud stream until the events have arrived at a client. */
async function speakUntil(publishId: string, client: RawClient, event: string): Promise<void> {
  await expect
    .poll(
      () => {
        engine.emit('soundLevels', [{ stream: publishId, level: 20 }]);
        return client.events.some((one) => one.event === event);
      },
      { interval: 100, timeout: 5_000 },
    )
    .toBe(true);
}

test('what a viewer wants reaches the engine, and what the engine decides reaches viewer and publisher (BWE-2, BWE-4)', async () => {
  const { ann, ben, publishId } = await play();
  const preferences = () => engine.streams.get(publishId)?.subscribers.get(ben.login.memberId)?.preferences;
  expect(preferences()).toEqual({ height: 180 });
  await ben.client.request('updatePlay', { streamId: 'cam', height: 0, priority: 1 });
  expect(preferences()).toEqual({ height: 0, priority: 1 });
  engine.changeDemand(publishId, { highestLayer: -1 });
  expect(await ann.client.event('demandChanged')).toEqual({
    event: 'demandChanged',
    streamId: 'cam',
    highestLayer: -1,
  });
  engine.pauseVideo(ben.login.memberId, publishId, true);
  expect(await ben.client.event('videoPaused')).toEqual({ event: 'videoPaused', streamId: 'cam', isPaused: true });
});

test('who speaks and how loud is reported by a running server (SPK-1, SPK-2)', async () => {
  const { ann, ben, publishId } = await play();
  expect((await ben.client.request('watchSoundLevels', { intervalMs: 200 })).error).toBeUndefined();
  await speakUntil(publishId, ben.client, 'activeSpeaker');
  await speakUntil(publishId, ben.client, 'soundLevels');
  expect(await ben.client.event('soundLevels')).toEqual({
    event: 'soundLevels',
    levels: [{ streamId: 'cam', level: 20 }],
  });
  expect(await ann.client.event('activeSpeaker')).toMatchObject({ streamId: 'cam' });
});

test('a publisher is notified of a viewer that cannot decode its stream (MED-8)', async () => {
  const { ann } = await play();
  const { client } = await join('cem');
  await client.media.play('cam', { lacks: 'video' });
  const event = { event: 'viewerUnsupported', streamId: 'cam', kinds: ['video'] };
  expect(await ann.client.event('viewerUnsupported')).toEqual(event);
});
