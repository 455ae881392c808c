import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
const STREAM = 'wide';
const SOURCE = { width: 1280, height: 720, framesPerSecond: 15 };
const SMALL = { width: 240, height: 135 };
const LARGE = { width: 1280, height: 720 };

let stage: Stage;
let gavel: TestServer;

const join = (user: string) => ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, user);

const publish = (tab: ZegoTab) =>
  tab.page.evaluate(([id, source]) => e2e.zego().publishSource(id, source), [STREAM, SOURCE] as const);

/** Shows the streams that follow in views of the SDK. */
const useViews = (tab: ZegoTab, size: { readonly width: number; readonly height: number }) =>
  tab.page.evaluate((size) => {
    e2e.zego().viewSize = size;
  }, size);

/** Changes the style of the view of the stream, or of what is above it. */
const style = (tab: ZegoTab, changes: Readonly<Record<string, string>>) =>
  tab.page.evaluate(
    ([id, changes]) => void Object.assign(document.getElementById(`view-of-${id}`)?.style ?? {}, changes),
    [STREAM, changes] as const,
  );

const resize = (tab: ZegoTab, { width, height }: typeof SMALL) =>
  style(tab, { width: `${width}px`, height: `${height}px` });

async function showsWidth(tab: ZegoTab, width: number): Promise<void> {
  const shown = () => tab.page.evaluate(() => document.querySelector('video')?.videoWidth ?? 0);
  await until(async () => (await shown()) === width, `a picture of ${width} pixels`);
}

/** The layers that a publisher's browser has switched on, in order. */
const layersOn = async (tab: ZegoTab) => {
  const layers = await tab.page.evaluate(() => e2e.sentLayers());
  return ['l', 'm', 'h'].filter((rid) => layers[rid]?.isOn).join('');
};

/** How many frames of the highest layer a publisher has sent. */
const highestFrames = async (tab: ZegoTab) => (await tab.page.evaluate(() => e2e.sentLayers())).h?.frames ?? 0;

const sends = (tab: ZegoTab, layers: string) =>
  until(async () => (await layersOn(tab)) === layers, `the layers "${layers}" to be sent`);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How many frames, and packets of sound, a page receives in a second. */
async function receivedInASecond(tab: ZegoTab) {
  const before = await tab.totals();
  await pause(1_000);
  const after = await tab.totals();
  return {
    frames: after.framesDecoded - before.framesDecoded,
    audioPackets: after.audioPacketsReceived - before.audioPacketsReceived,
  };
}

describe.skipIf(CHROMIUM === '')('what a page shows decides what it receives', () => {
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await gavel.close();
  });

  test('a small tile gets the lowest layer, and a large one the highest (SIM-1, BWE-2)', async () => {
    const [sender, viewer] = await Promise.all([join('ann'), join('ben')]);
    await useViews(viewer, SMALL);
    await publish(sender);
    await viewer.seesFrames();
    await showsWidth(viewer, 320);
    await resize(viewer, LARGE);
    await showsWidth(viewer, 1280);
    await resize(viewer, { width: 480, height: 270 });
    await showsWidth(viewer, 640);
  });

  test('layers that no viewer takes are switched off at the publisher, and on again (BWE-4)', async () => {
    const [sender, small] = await Promise.all([join('ann'), join('ben')]);
    await useViews(small, SMALL);
    await publish(sender);
    await small.seesFrames();
    await sends(sender, 'l');
    const before = await highestFrames(sender);
    await small.seesFrames();
    expect(await highestFrames(sender)).toBe(before);
    await resize(small, LARGE);
    await sends(sender, 'lmh');
    await showsWidth(small, 1280);
    await small.page.context().close();
    await sends(sender, '');
    const late = await join('cem');
    await late.seesFrames();
    await showsWidth(late, 1280);
  }, 60_000);

  test('a tile that is not visible gets sound and no picture, until it is visible again (BWE-2)', async () => {
    const [sender, viewer] = await Promise.all([join('ann'), join('ben')]);
    await useViews(viewer, SMALL);
    await publish(sender);
    await viewer.seesFrames();
    for (const [hidden, visible] of [
      [{ marginTop: '5000px' }, { marginTop: '0px' }],
      [{ display: 'none' }, { display: 'block' }],
    ] as const) {
      await style(viewer, hidden);
      await until(async () => (await receivedInASecond(viewer)).frames === 0, 'no picture');
      const received = await receivedInASecond(viewer);
      expect(received.frames).toBe(0);
      expect(received.audioPackets).toBeGreaterThan(20);
      await style(viewer, visible);
      const startMs = performance.now();
      await viewer.seesFrames(3);
      expect(performance.now() - startMs).toBeLessThan(5_000);
    }
  }, 60_000);
});
