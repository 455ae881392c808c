import { startTestServer, type TestServer } from '@gavel/testkit';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pause } from './counting.ts';
import { openStage, type Stage, until, ZegoTab } from './harness.ts';

const ROOM = 'lobby';
const STREAM = 'alice-cam';

let stage: Stage;
let gavel: TestServer;
let sequence = 0;

/** Alice publishes, Bob sees her. */
async function openPair(): Promise<{ a: ZegoTab; b: ZegoTab }> {
  const [a, b] = await Promise.all([
    ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, 'alice'),
    ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, 'bob'),
  ]);
  await a.publish(STREAM);
  await b.callback('roomStreamUpdate', 'ADD', STREAM);
  await b.seesFrames();
  return { a, b };
}

/** The media that a viewer receives in a second. */
async function receivedBy(tab: ZegoTab): Promise<{ packets: number; frames: number }> {
  // Time for data that the browser has already received. Its statistics may be 50 ms old.
  await pause(500);
  const before = await tab.totals();
  await pause(1000);
  const after = await tab.totals();
  return {
    packets: after.packetsReceived - before.packetsReceived,
    frames: after.framesDecoded - before.framesDecoded,
  };
}

/** The error of playing the stream once more. */
function playOutcome(tab: ZegoTab): Promise<unknown> {
  return tab.page.evaluate(
    (id) =>
      e2e
        .zego()
        .engine.startPlayingStream(id)
        .then(
          () => 'playing',
          (error) => error,
        ),
    STREAM,
  );
}

function control(action: string) {
  sequence += 1;
  return gavel.call(action, { StreamId: STREAM, Sequence: String(sequence) });
}

describe.skipIf(CHROMIUM === '')('rules about a stream with real media', () => {
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

  test('DisableVideo stops the picture at the viewer while the sound goes on; without the rule the picture is back (RULE-1, RULE-3, RULE-4)', async () => {
    const { b } = await openPair();
    const rule = { RoomId: ROOM, StreamId: STREAM };
    expect(await gavel.call('SetForbidStreamRule', { ...rule, DisableVideo: '1' })).toMatchObject({ Code: 0 });
    const blocked = await receivedBy(b);
    expect(blocked.frames).toBe(0);
    // Opus sends 50 packets in a second; video alone would add at least as many.
    expect(blocked.packets).toBeGreaterThan(30);
    expect(blocked.packets).toBeLessThan(70);
    await b.callback('remoteCameraStatusUpdate', STREAM, 'MUTE');

    expect(await gavel.call('DelForbidStreamRule', rule)).toMatchObject({ Code: 0 });
    await b.seesFrames();
    await b.callback('remoteCameraStatusUpdate', STREAM, 'OPEN');
    expect((await b.callbacks('playerStateUpdate')).at(-1)).toMatchObject([
      'playerStateUpdate',
      { streamID: STREAM, state: 'PLAYING', errorCode: 0 },
    ]);
  });

  test('DisableAudio and DisableVideo together let no packet through (RULE-1)', async () => {
    const { b } = await openPair();
    const rule = { RoomId: ROOM, StreamId: STREAM, DisableAudio: '1', DisableVideo: '1' };
    await gavel.call('SetForbidStreamRule', rule);
    const forwarded = async () => (await gavel.engine.dump()).streams[0]?.forwardedPackets;
    const before = await forwarded();
    expect((await receivedBy(b)).packets).toBe(0);
    expect(await forwarded()).toBe(before);
  });

  test('ForbidRTCStream ends the stream with 1003025 at its publisher and 1004025 at its player, until it is resumed (FORB-1, FORB-2, FORB-3)', async () => {
    const { a, b } = await openPair();
    expect(await control('ForbidRTCStream')).toMatchObject({ Code: 0, Message: 'ok', Data: null });
    await a.callback('publisherStateUpdate', 'NO_PUBLISH', '1003025');
    await b.callback('playerStateUpdate', 'NO_PLAY', '1004025');
    expect((await b.callback('roomStreamUpdate', 'DELETE', STREAM)).args[3]).toContain('"code":6');
    expect((await gavel.engine.dump()).streams).toEqual([]);
    expect((await receivedBy(b)).packets).toBe(0);

    const refused = (await a.callbacks('publisherStateUpdate')).length;
    await a.publish(STREAM).catch(() => false);
    await until(async () => {
      const callbacks = await a.callbacks('publisherStateUpdate');
      return callbacks.slice(refused).some((callback) => JSON.stringify(callback).includes('1003025'));
    }, 'the refusal of a forbidden stream');

    expect(await playOutcome(b)).toMatchObject({ errorCode: 1004025 });

    expect(await control('ResumeRTCStream')).toMatchObject({ Code: 0 });
    await a.publish(STREAM);
    await b.seesFrames();
    expect((await a.callbacks('roomStateChanged')).at(-1)).toEqual(['roomStateChanged', ROOM, 'LOGINED', 0, null]);
  });
});
