import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until } from './harness.ts';
import type {} from './zego-page/customer.ts';

let stage: Stage;
let gavel: TestServer;

/** Opens the customer's page. */
async function open(userID: string): Promise<Page> {
  const query = new URLSearchParams({ userID, appID: String(gavel.app.appId), server: gavel.baseUrl });
  return stage.open(`?${query}`);
}

/** Opens two pages that publish, and waits until each shows the other. */
async function openPair(): Promise<{ ann: Page; ben: Page }> {
  const [ann, ben] = await Promise.all([open('ann'), open('ben')]);
  for (const page of [ann, ben]) await page.evaluate(() => customer.start());
  for (const page of [ann, ben]) await until(() => shows(page, 'remote', 320), 'the other user');
  return { ann, ben };
}

/** Whether a video of a width plays in a container. */
function shows(page: Page, container: string, width: number): Promise<boolean> {
  return page.evaluate(
    ([container, width]) => {
      const video = customer.element(container).querySelector('video');
      return video !== null && !video.paused && video.videoWidth === width && video.currentTime > 0.5;
    },
    [container, width] as const,
  );
}

/** The latest sound level of a kind. */
const level = (page: Page, kind: 'captured' | 'push' | 'pull'): Promise<number> =>
  page.evaluate((kind) => customer.seen[kind], kind);

describe.skipIf(CHROMIUM === '')('a page with the calls of ZEGO’s web SDK', () => {
  beforeAll(async () => {
    stage = await openStage('zego-page', 'customer');
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await gavel.close();
  });

  test('createZegoStream, playVideo and createRemoteStreamView show both users, and every sound level is above 0', async () => {
    const { ann, ben } = await openPair();
    expect(await shows(ann, 'local', 320)).toBe(true);
    // The microphone of Chromium beeps.
    for (const kind of ['captured', 'push', 'pull'] as const) {
      await until(async () => (await level(ben, kind)) > 1, `a level of what is ${kind}`);
    }
    const size = await ben.evaluate(() => {
      const { width, height, frameRate } = customer.stream().getVideoTracks()[0]?.getSettings() ?? {};
      return [width, height, frameRate];
    });
    expect(size).toEqual([320, 240, 15]);
    const snapshot = await ben.evaluate(() => customer.stream().takeStreamSnapshot());
    expect(snapshot.startsWith('data:image/png;base64,')).toBe(true);
    const after = await ben.evaluate(() => {
      const tracks = customer.stream().getTracks();
      customer.zg.destroyEngine();
      return [tracks.map(({ readyState }) => readyState), document.querySelectorAll('video').length];
    });
    expect(after).toEqual([['ended', 'ended'], 0]);
    await until(async () => !(await shows(ann, 'remote', 320)), 'the other user gone');
  });

  test('the devices have names, and another microphone is sent', async () => {
    const { ann, ben } = await openPair();
    const lists = await ann.evaluate(async () => {
      const { zg } = customer;
      const { cameras, microphones, speakers } = await zg.enumDevices();
      const same = [await zg.getCameras(), await zg.getMicrophones(), await zg.getSpeakers()];
      return { cameras, microphones, speakers, same };
    });
    expect(lists.same).toEqual([lists.cameras, lists.microphones, lists.speakers]);
    for (const { deviceName, deviceID } of [...lists.cameras, ...lists.microphones]) {
      expect([deviceName !== '', deviceID !== '']).toEqual([true, true]);
    }
    const used = await ann.evaluate(async (microphones) => {
      const { zg } = customer;
      const stream = customer.stream();
      const other = microphones.find(({ deviceID }) => deviceID !== stream.audioDeviceId && deviceID !== 'default');
      const [before] = stream.getAudioTracks();
      const { errorCode } = await zg.useAudioDevice(stream, other?.deviceID ?? '');
      const wrong = await zg.useVideoDevice(stream, 'no-such-camera');
      return {
        errorCode,
        before: before?.readyState,
        isOther: stream.audioDeviceId === other?.deviceID,
        isRefused: wrong.errorCode !== 0 && stream.getVideoTracks()[0]?.readyState === 'live',
      };
    }, lists.microphones);
    expect(used).toEqual({ errorCode: 0, before: 'ended', isOther: true, isRefused: true });
    await until(async () => (await level(ben, 'pull')) > 1, 'the other microphone');
  });

  test('music is heard by the other user while the microphone is muted, and no more when mixing stops', async () => {
    const { ann, ben } = await openPair();
    const isMixing = await ann.evaluate(async () => {
      const { zg } = customer;
      zg.muteMicrophone(true);
      const music = customer.createMusic();
      document.body.append(music);
      await music.play();
      return zg.startMixingAudio('ann-main', [music]) && zg.setMixingAudioVolume('ann-main', 60, music);
    });
    expect(isMixing).toBe(true);
    await until(async () => (await level(ben, 'pull')) > 10, 'the music');
    expect(await ann.evaluate(() => customer.zg.stopMixingAudio('ann-main'))).toBe(true);
    await until(async () => (await level(ben, 'pull')) < 1, 'silence');
  });

  test('another source is sent after updatePublishingStream, and setVideoConfig limits the size', async () => {
    const { ann, ben } = await openPair();
    const codes = await ann.evaluate(async () => {
      const { zg } = customer;
      const stream = customer.stream();
      const canvas = Object.assign(document.createElement('canvas'), { width: 200, height: 100 });
      const context = canvas.getContext('2d');
      let turn = 0;
      setInterval(() => {
        turn += 1;
        if (context) context.fillStyle = turn % 2 === 0 ? 'red' : 'blue';
        context?.fillRect(0, 0, 200, 100);
      }, 50);
      const captured = await stream.startCaptureCustomVideo({ source: canvas.captureStream(20) });
      const [isStillCamera] = [stream.getVideoTracks()[0]?.getSettings().width === 320];
      const updated = await zg.updatePublishingStream(stream, 0);
      return [captured.errorCode, isStillCamera, updated.errorCode];
    });
    expect(codes).toEqual([0, true, 0]);
    await until(() => shows(ben, 'remote', 200), 'the canvas');
    await ann.evaluate(async () => {
      const stream = customer.stream();
      await stream.startCaptureCamera({ quality: 2 });
      await customer.zg.updatePublishingStream(stream, 0);
      await customer.zg.setVideoConfig(stream, { width: 160, height: 120, maxBitrate: 150 });
    });
    await until(() => shows(ben, 'remote', 160), 'the small camera');
  });
});
