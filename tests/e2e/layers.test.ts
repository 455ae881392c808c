import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_FREEZE_MS, openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
const STREAM = 'wide';
const SOURCE = { width: 960, height: 540, framesPerSecond: 15, isMarked: true };
const SWITCHES = 50;
/** The time until the picture has the size that was chosen (SIM-1). */
const MAX_SWITCH_MS = 1_000;

let stage: Stage;
let gavel: TestServer;

const join = (user: string) => ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, user);

/** Publishes a moving picture of 1280 x 720 pixels. */
function publishWide(tab: ZegoTab): Promise<void> {
  return tab.page.evaluate((id) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
    const context = canvas.getContext('2d');
    let frame = 0;
    setInterval(() => {
      frame += 1;
      if (!context) return;
      context.fillStyle = '#204060';
      context.fillRect(0, 0, 1280, 720);
      context.fillStyle = `hsl(${frame % 360}, 80%, 50%)`;
      context.fillRect((frame * 16) % 1280, 200, 300, 300);
    }, 50);
    e2e.zego().engine.startPublishingStream(id, canvas.captureStream(20));
  }, STREAM);
}

/** The width of the picture that a page shows now, in pixels. */
const shownWidth = (tab: ZegoTab) =>
  tab.page.evaluate(() => [...document.querySelectorAll('video')].at(-1)?.videoWidth ?? 0);

const choose = (tab: ZegoTab, streamType: number) =>
  tab.page.evaluate(([id, streamType]) => e2e.zego().engine.setPlayStreamVideoType(id, streamType), [
    STREAM,
    streamType,
  ] as const);

async function showsWidth(tab: ZegoTab, width: number): Promise<void> {
  await until(async () => (await shownWidth(tab)) === width, `a picture of ${width} pixels`);
}

describe.skipIf(CHROMIUM === '')('the layers of a published picture', () => {
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

  test('each viewer gets the size that it chooses, and changes it without a freeze of more than 500 ms (SIM-1)', async () => {
    const [sender, large, small] = await Promise.all([join('ann'), join('ben'), join('cem')]);
    await publishWide(sender);
    await Promise.all([large.seesFrames(), small.seesFrames()]);
    expect(await choose(small, 0)).toBe(true);
    await Promise.all([showsWidth(large, 1280), showsWidth(small, 320)]);
    await large.longestGapMs(STREAM);
    for (const [streamType, width] of [
      [0, 320],
      [1, 1280],
      [0, 320],
      [2, 1280],
    ] as const) {
      await choose(large, streamType);
      await showsWidth(large, width);
      expect(await shownWidth(small)).toBe(320);
    }
    expect(await large.longestGapMs(STREAM)).toBeLessThanOrEqual(MAX_FREEZE_MS);
    const layers = (await gavel.engine.dump()).streams[0]?.tracks.find(({ kind }) => kind === 'video')?.layers ?? [];
    expect(layers.map(({ rid, counters }) => [rid, counters.packets > 0])).toEqual([
      ['l', true],
      ['m', true],
      ['h', true],
    ]);
  });

  test('50 changes of the size show it within 1 s each, without a freeze of more than 500 ms or a broken frame (SIM-1)', async () => {
    const [sender, viewer] = await Promise.all([join('ann'), join('ben')]);
    await sender.page.evaluate(([id, source]) => e2e.zego().publishSource(id, source), [STREAM, SOURCE] as const);
    await viewer.seesFrames();
    await showsWidth(viewer, SOURCE.width);
    const { switches, examined, broken } = await viewer.page.evaluate((args) => e2e.switchLayers(...args), [
      STREAM,
      SOURCE.width,
      SWITCHES,
      MAX_SWITCH_MS,
    ] as [string, number, number, number]);
    expect(switches.filter(({ tookMs }) => tookMs > MAX_SWITCH_MS)).toEqual([]);
    expect(switches.filter(({ longestGapMs }) => longestGapMs > MAX_FREEZE_MS)).toEqual([]);
    expect(examined).toBeGreaterThan(SWITCHES);
    expect(broken).toBe(0);
  }, 120_000);
});
