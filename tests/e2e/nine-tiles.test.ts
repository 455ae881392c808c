import { setTimeout as pause } from 'node:timers/promises';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const LARGE = 'large';
const SMALL = Array.from({ length: 8 }, (_, index) => `small-${index}`);
/** So small and slow that a busy machine encodes nine of them; the highest layer is the size of the picture. */
const SOURCE = { width: 960, height: 540, framesPerSecond: 5, hasSound: false };
/** The link carries the lowest layers of all, and not the highest of one. */
const LINK = { bps: 1_500_000, delayMs: 20, queueMs: 1_000 } as const;
/** How long the picture of each tile must go on, in steps of some seconds in each of which it has new frames. */
const STEPS = 2;
const STEP_MS = 5_000;

let stage: Stage;
let gavel: TestServer;
let relay: UdpRelay;

const join = (where: Stage, user: string) => ZegoTab.join(where, gavel.baseUrl, gavel.app.appId, 'lobby', user);

/** Shows the streams that follow in views of a size; all nine are visible at once. */
const useViews = (tab: ZegoTab, width: number, height: number) =>
  tab.page.evaluate(
    (size) => {
      Object.assign(document.body.style, { margin: '0', display: 'flex', flexWrap: 'wrap' });
      e2e.zego().viewSize = size;
    },
    { width, height },
  );

const publish = (tab: ZegoTab, id: string) =>
  tab.page.evaluate(([id, source]) => e2e.zego().publishSource(id, source), [id, SOURCE] as const);

/** How many frames of each tile were shown so far, by stream. */
async function countFrames(tab: ZegoTab): Promise<Map<string, number>> {
  const shown = await tab.page.evaluate(() => e2e.takeFrames());
  return new Map(Object.entries(shown).map(([stream, { count }]) => [stream, count]));
}

const shows = (tab: ZegoTab, stream: string) =>
  until(async () => ((await countFrames(tab)).get(stream) ?? 0) > 0, `a picture of ${stream}`, 60_000);

/** The layer that is sent of each stream; -1 for none, or for a stream whose video is paused. */
async function readLayers() {
  const { streams, peers } = await gavel.engine.dump();
  const layers = new Map(
    streams.map(({ stream, subscriptions: [subscription] }) => [
      stream,
      subscription?.isPaused ? -1 : (subscription?.layer ?? -1),
    ]),
  );
  return { layers: [...layers.values()].toSorted((one, other) => one - other), peers };
}

describe.skipIf(CHROMIUM === '')('nine tiles', () => {
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    relay = new UdpRelay(9);
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await Promise.all([gavel.close(), relay.close()]);
  });

  test('on 1.5 Mbit/s the large one has more than its lowest layer, the small ones have that, and none stands still (BWE-2)', async () => {
    relay.shape({ down: LINK, up: { delayMs: LINK.delayMs } });
    const [sender, viewer] = await Promise.all([join(stage, 'ann'), join(stage.through(relay), 'ben')]);
    await useViews(viewer, 640, 360);
    await publish(sender, LARGE);
    await shows(viewer, LARGE);
    await useViews(viewer, 160, 90);
    for (const id of SMALL) await publish(sender, id);
    for (const id of SMALL) await shows(viewer, id);
    await until(
      async () => {
        const { layers } = await readLayers();
        return layers.length === 9 && layers.slice(0, 8).every((layer) => layer === 0) && (layers[8] ?? 0) > 0;
      },
      'the lowest layers, and a better one of the large tile',
      90_000,
    );
    for (let step = 0; step < STEPS; step += 1) {
      const before = await countFrames(viewer);
      await pause(STEP_MS);
      const after = await countFrames(viewer);
      const still = [LARGE, ...SMALL].filter((id) => (after.get(id) ?? 0) === (before.get(id) ?? 0));
      expect(still).toEqual([]);
    }
    const { layers, peers } = await readLayers();
    expect(layers.slice(0, 8)).toEqual(Array(8).fill(0));
    const estimate = peers.find((peer) => peer.estimate !== undefined)?.estimate;
    expect(estimate?.allocatedBps).toBeLessThan(LINK.bps);
  }, 240_000);
});
