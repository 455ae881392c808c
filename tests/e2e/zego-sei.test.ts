import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { MAX_FREEZE_MS, openStage, type Stage, until, ZegoTab } from './harness.ts';

let stage: Stage;
let gavel: TestServer;

/** Opens a page whose user plays streams with the options. */
async function join(user: string, isSEIStart: boolean, access: string): Promise<ZegoTab> {
  const tab = await ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, 'lobby', user);
  await tab.page.evaluate(
    ([isSEIStart, access]) => {
      if (access === 'createEncodedStreams') Reflect.deleteProperty(globalThis, 'RTCRtpScriptTransform');
      e2e.zego().playOptions = { isSEIStart };
    },
    [isSEIStart, access] as const,
  );
  return tab;
}

/** The colours of the published picture's quarters, as red, green and blue. */
const COLOURS = [
  [0xc0, 0x20, 0x20],
  [0x20, 0xc0, 0x20],
  [0x20, 0x20, 0xc0],
  [0xc0, 0xc0, 0x20],
];

const shownColours = (tab: ZegoTab) => tab.page.evaluate(() => e2e.shownColours());

/** Which of the published colours is meant: versions of Chromium show the colours of VP8 differently. */
function nearestOf(colour: readonly number[]): number[] | undefined {
  const distanceTo = (other: readonly number[]) =>
    Math.hypot(...other.map((value, index) => value - (colour[index] ?? 0)));
  return COLOURS.toSorted((one, other) => distanceTo(one) - distanceTo(other))[0];
}

const received = async (tab: ZegoTab): Promise<unknown[]> =>
  (await tab.callbacks('playerRecvSEI')).map(([, ...args]) => args);

describe.skipIf(CHROMIUM === '')('SEI in the frames of a stream', () => {
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

  test.each([
    ['VP8', 'RTCRtpScriptTransform'],
    ['H264', 'RTCRtpScriptTransform'],
  ] as const)('%s, by %s: it arrives, and a player without SEI sees the same picture', async (videoCodec, access) => {
    const ann = await join('ann', true, access);
    const ben = await join('ben', true, access);
    const cat = await join('cat', false, access);
    await ann.page.evaluate(
      (videoCodec) => e2e.zego().publishColours('ann-main', { videoCodec, isSEIStart: true }),
      videoCodec,
    );
    await Promise.all([ben.seesFrames(), cat.seesFrames()]);
    const before = await cat.page.evaluate(() => e2e.decoderTroubles());
    await cat.longestGapMs('ann-main');
    const texts = ['first', 'zeros \0\0\0\u0001\0\0\u0003', 'last'];
    const areSent = await ann.page.evaluate(
      (texts) => texts.map((text) => e2e.zego().engine.sendSEI('ann-main', new TextEncoder().encode(text))),
      texts,
    );
    expect(areSent).toEqual([true, true, true]);
    await until(async () => (await received(ben)).length >= 3, 'the messages');
    expect(await received(ben)).toEqual(texts.map((text) => ['ann-main', text]));

    // 20 messages a second of the greatest size, for 3 s.
    await ann.page.evaluate(async () => {
      for (let turn = 0; turn < 60; turn += 1) {
        e2e.zego().engine.sendSEI('ann-main', new Uint8Array(4_096).fill(turn + 65));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    await until(async () => (await received(ben)).length >= 60, 'most of the long messages');
    await cat.seesFrames(20);
    const [colours, others] = await Promise.all([shownColours(cat), shownColours(ben)]);
    expect(colours.map(nearestOf)).toEqual(COLOURS);
    expect(
      Math.max(...colours.flat().map((value, index) => Math.abs(value - (others.flat()[index] ?? 255)))),
    ).toBeLessThan(30);
    expect(await cat.page.evaluate(() => e2e.decoderTroubles())).toEqual(before);
    expect(await cat.longestGapMs('ann-main')).toBeLessThanOrEqual(MAX_FREEZE_MS);
    expect(await received(cat)).toEqual([]);
  });
});
