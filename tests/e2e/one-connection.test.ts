import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
const TILES = 25;

let stage: Stage;
let gavel: TestServer;

const join = (user: string) => ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, user);
const counts = (tab: ZegoTab) => tab.page.evaluate(() => e2e.connectionCounts());

/** Publishes moving pictures of 160 x 90 pixels, one after another. */
function publishDrawings(tab: ZegoTab, ids: readonly string[]): Promise<void> {
  return tab.page.evaluate(async (ids) => {
    for (const [index, id] of ids.entries()) {
      const canvas = Object.assign(document.createElement('canvas'), { width: 160, height: 90 });
      const context = canvas.getContext('2d');
      let frame = 0;
      setInterval(() => {
        frame += 7;
        if (context) context.fillStyle = `hsl(${index * 14}, 80%, ${frame % 100}%)`;
        context?.fillRect(0, 0, 160, 90);
      }, 200);
      const source = canvas.captureStream(5);
      e2e.zego().engine.startPublishingStream(id, source);
    }
  }, ids);
}

describe.skipIf(CHROMIUM === '')('one peer connection per member', () => {
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

  test('25 tiles are played, and sent, over one peer connection each (CONN-1)', async () => {
    const [ann, ben, viewer] = await Promise.all([join('ann'), join('ben'), join('cem')]);
    const ids = Array.from({ length: TILES }, (_, index) => `tile-${index}`);
    // A member publishes at most 20 streams (LIM-7).
    await publishDrawings(ann, ids.slice(0, 13));
    await publishDrawings(ben, ids.slice(13));
    const shown = () => viewer.page.evaluate(() => Object.keys(e2e.zego().firstFrames).length);
    await until(async () => (await shown()) === TILES, 'all tiles');
    for (const tab of [ann, ben, viewer]) expect(await counts(tab)).toEqual({ made: 1, open: 1 });
    expect((await gavel.engine.dump()).peers).toHaveLength(3);
  });

  test('ICE restarts on the same peer connection, and streams go on (CONN-3)', async () => {
    const [sender, viewer] = await Promise.all([join('ann'), join('ben')]);
    await sender.publish('ann-cam');
    await viewer.seesFrames();
    const streams = async () => (await gavel.engine.dump()).streams.map(({ stream, state }) => [stream, state]);
    const before = await streams();
    for (const tab of [sender, viewer]) {
      const user = await tab.page.evaluate(() => e2e.iceUser());
      await tab.page.evaluate(() => void dispatchEvent(new Event('online')));
      await until(async () => (await tab.page.evaluate(() => e2e.iceUser())) !== user, 'new credentials');
      await viewer.seesFrames(20);
      expect(await counts(tab)).toEqual({ made: 1, open: 1 });
    }
    expect(await streams()).toEqual(before);
    const states = await sender.callbacks('publisherStateUpdate');
    expect(states.map(([, update]) => (update as { state: string }).state)).toEqual([
      'PUBLISH_REQUESTING',
      'PUBLISHING',
    ]);
  });
});
