/**
 * The main job in figures, with real browsers: how fast a stream is seen, what Chromium may send, how fast a kick holds.
 *
 * @module
 */

import type { TestServer } from '@gavel/testkit';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { findChromium } from '../../scripts/find-programs.mjs';
import { now, pause } from '../../tests/e2e/counting.ts';
import type { Stage, ZegoTab } from '../../tests/e2e/harness.ts';
import { onAllCores } from '../harness/processes.ts';
import { defineRow, OWN_NAME, type RunningSubject } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';

const ROOM = 'bench';
const FIRST_FRAMES = 5;
const KICKS = 10;
const BITRATE_AFTER_MS = 10_000;
/** After so long a packet that was on its way has come. */
const LAST_PACKET_MS = 200;
const KICK_RATE = { production: 1000, test: 1000 };

interface MainJob extends RunningSubject {
  readonly gavel: TestServer;
  readonly viewer: ZegoTab;
  readonly victim: ZegoTab;
}

/** Two browser pages in a room. */
export const mainJob = defineRow<MainJob>({
  name: 'main-job',
  work: `Two pages of Chromium in a room: ${FIRST_FRAMES} streams are published and seen, one for ${BITRATE_AFTER_MS / 1000} s, and ${KICKS} publishing users are kicked. The browser shares all cores with the server.`,
  metrics: [
    { key: 'firstFrame', label: 'publish to the first frame at another, median', unit: 'ms', better: 'lower' },
    { key: 'bitrate', label: 'bitrate that Chromium allows itself', unit: 'Mbit/s', better: 'higher' },
    { key: 'answer', label: 'kick to its answer, median', unit: 'ms', better: 'lower' },
    { key: 'event', label: 'kick to the victim’s callback, median', unit: 'ms', better: 'lower' },
    { key: 'lastPacket', label: 'kick to the last RTP packet, median', unit: 'ms', better: 'lower' },
    { key: 'lastPacketMax', label: 'kick to the last RTP packet, the longest', unit: 'ms', better: 'lower' },
  ],
  subjects: [
    {
      name: OWN_NAME,
      findObstacle: () => (findChromium() === undefined ? 'there is no Chromium' : undefined),
      start: () => onAllCores(start),
    },
  ],
  rounds: 3,
  async measure({ gavel, viewer, victim }) {
    const firstFrames = await timeFirstFrames(victim, viewer);
    const bitrate = await measureBitrate(victim);
    await viewer.publish('viewer');
    const { answers, events, lastPackets } = await timeKicks(gavel, viewer, victim);
    await viewer.page.evaluate(() => e2e.zego().engine.stopPublishingStream('viewer'));
    return {
      firstFrame: quantile(firstFrames, 0.5),
      bitrate,
      answer: quantile(answers, 0.5),
      event: quantile(events, 0.5),
      lastPacket: quantile(lastPackets, 0.5),
      lastPacketMax: Math.max(...lastPackets),
    };
  },
});

async function start(): Promise<MainJob> {
  // The harness reads it when it is loaded.
  process.env.GAVEL_TEST_CHROMIUM ??= findChromium() ?? '';
  const harness = await import('../../tests/e2e/harness.ts');
  const { startTestServer } = await import('@gavel/testkit');
  const stage: Stage = await harness.openStage();
  const gavel = await startTestServer({ media: 'real', app: { rateLimits: { KickoutUser: KICK_RATE } } });
  const join = (user: string) => harness.ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, user);
  const [viewer, victim] = await Promise.all([join('viewer'), join('victim')]);
  return {
    version: `${manifest.version} (Chromium ${stage.browser.version()})`,
    gavel,
    viewer,
    victim,
    async stop() {
      await stage.close();
      await gavel.close();
    },
  };
}

let lastStream = 0;

/** From the call that publishes to the first frame that another page shows. */
async function timeFirstFrames(publisher: ZegoTab, viewer: ZegoTab): Promise<number[]> {
  const timesMs: number[] = [];
  for (let round = 0; round < FIRST_FRAMES; round += 1) {
    lastStream += 1;
    const streamId = `first-frame-${lastStream}`;
    const calledAtMs = await publisher.page.evaluate(async (id) => {
      const atMs = e2e.now();
      await e2e.zego().publish(id);
      return atMs;
    }, streamId);
    const seen = await viewer.page.waitForFunction((id) => e2e.zego().firstFrames[id], streamId, { polling: 5 });
    timesMs.push(Number(await seen.jsonValue()) - calledAtMs);
    await publisher.page.evaluate((id) => e2e.zego().engine.stopPublishingStream(id), streamId);
    await viewer.callback('roomStreamUpdate', 'DELETE', streamId);
  }
  return timesMs;
}

async function measureBitrate(publisher: ZegoTab): Promise<number> {
  await publisher.publish('bitrate');
  await pause(BITRATE_AFTER_MS);
  const { outgoingBitrate } = await publisher.totals();
  await publisher.page.evaluate(() => e2e.zego().engine.stopPublishingStream('bitrate'));
  return outgoingBitrate / 1e6;
}

/** From the HTTP request to its answer, to the victim's callback, and to the last RTP packet from or to the victim. */
async function timeKicks(gavel: TestServer, viewer: ZegoTab, victim: ZegoTab) {
  const [answers, events, lastPackets]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < KICKS; round += 1) {
    lastStream += 1;
    const streamId = `victim-${lastStream}`;
    await victim.publish(streamId);
    await viewer.callback('roomStreamUpdate', 'ADD', streamId);
    await Promise.all([viewer.seesFrames(5), victim.seesFrames(5)]);
    const before = (await gavel.engine.dump()).closed.length;
    const calledAtMs = now();
    const params = { RoomId: ROOM, 'UserId[]': ['victim'], CustomReason: streamId };
    const { Code } = await gavel.call('KickoutUser', params);
    answers.push(now() - calledAtMs);
    if (Code !== 0) throw new Error(`the kick was answered ${Code}`);
    const { atMs } = await victim.callback('roomStateChanged', 'KICKOUT', `\\"${streamId}\\"`);
    events.push(atMs - calledAtMs);
    await pause(LAST_PACKET_MS);
    const closed = (await gavel.engine.dump()).closed.slice(before);
    // A packet that came before the call does not make a kick faster than nothing.
    const lastAtMs = Math.max(calledAtMs, ...closed.map(({ counters }) => counters.lastPacketAtMs));
    lastPackets.push(lastAtMs - calledAtMs);
    await victim.page.evaluate((room) => {
      const user = e2e.zego();
      user.local = undefined;
      return user.join(room, 'victim');
    }, ROOM);
  }
  return { answers, events, lastPackets };
}
