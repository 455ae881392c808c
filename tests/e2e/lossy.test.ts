import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const SOURCE = { width: 320, height: 180, framesPerSecond: 10 };

let stage: Stage;
let gavel: TestServer;
let relay: UdpRelay;

const join = (where: Stage, user: string) => ZegoTab.join(where, gavel.baseUrl, gavel.app.appId, 'lobby', user);
const soundOf = async (tab: ZegoTab) => (await tab.page.evaluate(() => e2e.reception())).sound;

/** A publisher, and a viewer behind the relay who receives its sound. */
async function meet(): Promise<{ readonly sender: ZegoTab; readonly viewer: ZegoTab }> {
  const [sender, viewer] = await Promise.all([join(stage, 'ann'), join(stage.through(relay), 'ben')]);
  await sender.page.evaluate((source) => e2e.zego().publishSource('talk', source), SOURCE);
  await until(async () => (await soundOf(viewer)).packets > 50, 'sound');
  return { sender, viewer };
}

describe.skipIf(CHROMIUM === '')('a viewer', () => {
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.close());
  beforeEach(async () => {
    relay = new UdpRelay(5);
    gavel = await startTestServer({ media: 'real' });
  });
  afterEach(async () => {
    for (const context of stage.browser.contexts()) await context.close();
    await Promise.all([gavel.close(), relay.close()]);
  });

  test('whose network loses packets asks for lost sound, which is sent again, and each packet has a copy of the one before (MED-4)', async () => {
    const { viewer } = await meet();
    const before = await soundOf(viewer);
    relay.shape({ down: { loss: 0.1, delayMs: 20 }, up: { delayMs: 20 } });
    await until(async () => (await soundOf(viewer)).packets > before.packets + 300, 'sound over a lossy path');
    const after = await soundOf(viewer);
    expect(relay.counts.down.lost).toBeGreaterThan(20);
    expect(after.nacks - before.nacks).toBeGreaterThan(10);
    // Nearly every packet that was lost has come again.
    expect(after.lost - before.lost).toBeLessThan(6);
    expect(after.copies - before.copies).toBeGreaterThan(150);
    const [stream] = (await gavel.engine.dump()).streams;
    expect(stream?.subscriptions[0]?.counters.retransmitted).toBeGreaterThan(10);
  });

  test('whose network changes keeps its streams on the same peer connection (CONN-3)', async () => {
    const { sender, viewer } = await meet();
    await viewer.publish('answer');
    await sender.seesFrames();
    const streams = async () => (await gavel.engine.dump()).streams.map(({ stream }) => stream);
    const before = await streams();
    const packets = relay.counts.down.passed;
    await relay.move();
    await viewer.seesFrames(20);
    await sender.seesFrames(20);
    expect(relay.counts.down.passed).toBeGreaterThan(packets);
    for (const tab of [sender, viewer]) {
      expect(await tab.page.evaluate(() => e2e.connectionCounts())).toEqual({ made: 1, open: 1 });
    }
    expect(await streams()).toEqual(before);
    const states = await viewer.callbacks('publisherStateUpdate');
    expect(states.map(([, update]) => (update as { state: string }).state)).toEqual([
      'PUBLISH_REQUESTING',
      'PUBLISHING',
    ]);
  });

  test('whose address changes in the eyes of the server gets its streams further without a new offer (CONN-3)', async () => {
    const { viewer } = await meet();
    const user = await viewer.page.evaluate(() => e2e.iceUser());
    for (let change = 0; change < 2; change += 1) {
      await relay.rebind();
      await viewer.seesFrames(20);
    }
    expect(await viewer.page.evaluate(() => e2e.iceUser())).toBe(user);
    expect(await viewer.page.evaluate(() => e2e.connectionCounts())).toEqual({ made: 1, open: 1 });
  });
});
