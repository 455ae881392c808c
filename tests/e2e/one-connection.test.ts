import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
/** `GAVEL_SEQUENCES=50` runs many more than the suite does. */
const SEQUENCES = Number(process.env.GAVEL_SEQUENCES ?? 15);
const OWN = ['own-1', 'own-2'] as const;
const OTHERS = ['tile-0', 'tile-1', 'tile-2'] as const;
const TILES = 25;

let stage: Stage;
let gavel: TestServer;

const step = fc.oneof(
  fc.record({ do: fc.constantFrom('publish' as const, 'unpublish' as const), id: fc.constantFrom(...OWN) }),
  fc.record({ do: fc.constantFrom('play' as const, 'play' as const, 'stop' as const), id: fc.constantFrom(...OTHERS) }),
  fc.record({ do: fc.constantFrom('mute' as const, 'replace' as const, 'restart' as const), id: fc.constant(OWN[0]) }),
  fc.record({ do: fc.constant('wait' as const), id: fc.constantFrom('0', '20', '150') }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does the steps, then returns what is published and played. */
function runSteps(tab: ZegoTab, steps: readonly Step[]): Promise<{ published: string[]; played: string[] }> {
  return tab.page.evaluate(async (steps) => {
    const { engine, local } = e2e.zego();
    if (!local) throw new Error('there is no camera');
    const wanted = { published: new Set<string>(), played: new Set<string>() };
    for (const { do: call, id } of steps) {
      if (call === 'publish' && !wanted.published.has(id)) {
        engine.startPublishingStream(id, local);
        wanted.published.add(id);
      } else if (call === 'unpublish') {
        engine.stopPublishingStream(id);
        wanted.published.delete(id);
      } else if (call === 'play') {
        void e2e
          .zego()
          .play(id)
          .catch(() => {});
        wanted.played.add(id);
      } else if (call === 'stop') {
        engine.stopPlayingStream(id);
        wanted.played.delete(id);
      } else if (call === 'mute') {
        void engine.mutePublishStreamVideo(local, !local.getVideoTracks()[0]?.enabled);
      } else if (call === 'replace') {
        const [track] = (await navigator.mediaDevices.getUserMedia({ video: true })).getVideoTracks();
        if (track) void engine.replaceTrack(local, track);
      } else if (call === 'restart') {
        dispatchEvent(new Event('online'));
      } else if (call === 'wait') {
        await new Promise((resolve) => setTimeout(resolve, Number(id)));
      }
    }
    return { published: [...wanted.published], played: [...wanted.played] };
  }, steps);
}

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

  test('after random sequences of calls the server has what is wanted, over one peer connection (CONN-1, CONN-2)', async () => {
    const [ann, ben] = await Promise.all([join('ann'), join('ben')]);
    await publishDrawings(ben, OTHERS);
    await ann.publish(OWN[0]);
    await until(async () => (await gavel.engine.dump()).streams.length === 1 + OTHERS.length, 'all streams');
    await runSteps(ann, [{ do: 'unpublish', id: OWN[0] }, ...OTHERS.map((id): Step => ({ do: 'stop', id }))]);
    const sequences = fc.sample(fc.array(step, { minLength: 4, maxLength: 10 }), { numRuns: SEQUENCES, seed: 13 });
    for (const steps of sequences) {
      const { published, played } = await runSteps(ann, steps);
      const has = async () => {
        const { peers, streams } = await gavel.engine.dump();
        const own = streams.filter(({ subscriptions }) => subscriptions.length > 0).length;
        const isEnough = streams.length === OTHERS.length + published.length && peers.length === 2;
        // Ben plays what Ann publishes.
        return (
          isEnough && own === played.length + published.length && streams.every(({ state }) => state === 'connected')
        );
      };
      await until(has, `the streams after ${JSON.stringify(steps)}`);
      if (played.length > 0) await ann.seesFrames(3);
      await runSteps(ann, [
        ...OWN.map((id): Step => ({ do: 'unpublish', id })),
        ...OTHERS.map((id): Step => ({ do: 'stop', id })),
      ]);
    }
    for (const tab of [ann, ben]) expect(await counts(tab)).toEqual({ made: 1, open: 1 });
  }, 300_000);
});
