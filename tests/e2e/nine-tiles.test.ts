import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const LARGE = 'large';
const SMALL = Array.from({ length: 8 }, (_, index) => `small-${index}`);
/** So small and slow that a busy machine encodes nine of them; the highest layer is the size of the picture. */
const SOURCE = { width: 960, height: 540, framesPerSecond: 5, hasSound: false };
const LOWEST_WIDTH = SOURCE.width / 4;
/** The link carries the lowest layers of all, and the middle layer of one, but not the highest. */
const LINK = { bps: 1_500_000, delayMs: 20, queueMs: 1_000 } as const;
/** Every tile must have new frames within this time, in milliseconds. */
const MOVING_MS = 3_000;
/** A busy machine delays packets as a narrow link does, and video is paused for a while. */
const MAX_WAIT_MS = 150_000;

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

const readTiles = (tab: ZegoTab) => tab.page.evaluate(() => e2e.takeFrames());

const shows = (tab: ZegoTab, id: string) =>
  until(async () => ((await readTiles(tab))[id]?.count ?? 0) > 0, `a picture of ${id}`, MAX_WAIT_MS);

/** Watches the tiles for some seconds: which have no new frame, and which have the lowest layer afterwards. */
async function watch(tab: ZegoTab) {
  const before = await readTiles(tab);
  await pause(MOVING_MS);
  const after = await readTiles(tab);
  const tiles = [LARGE, ...SMALL];
  return {
    still: tiles.filter((id) => before[id]?.count === after[id]?.count),
    lowest: tiles.filter((id) => after[id]?.width === LOWEST_WIDTH),
  };
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

  test('on 1.5 Mbit/s the large one has a better layer than the lowest, the small ones the lowest, and none stands still (BWE-2)', async () => {
    relay.shape({ down: LINK, up: { delayMs: LINK.delayMs } });
    const [sender, viewer] = await Promise.all([join(stage, 'ann'), join(stage.through(relay), 'ben')]);
    await useViews(viewer, 640, 360);
    await publish(sender, LARGE);
    await shows(viewer, LARGE);
    await useViews(viewer, 160, 90);
    for (const id of SMALL) await publish(sender, id);
    for (const id of SMALL) await shows(viewer, id);
    const expected = { still: [], lowest: SMALL };
    let seen = await watch(viewer);
    for (const endMs = performance.now() + MAX_WAIT_MS; !isDeepStrictEqual(seen, expected); ) {
      if (performance.now() > endMs) break;
      seen = await watch(viewer);
    }
    expect(seen).toEqual(expected);
    const estimate = (await gavel.engine.dump()).peers.find((peer) => peer.estimate !== undefined)?.estimate;
    expect(estimate?.allocatedBps).toBeLessThan(LINK.bps);
  }, 500_000);
});
