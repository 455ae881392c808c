/**
 * The main job in figures: how fast a stream is seen, what Chrome may send, how fast a kick holds.
 *
 *     npm run bench -- main-job
 *
 * Two real browser pages and the server share the machine; times are real, and so is their noise.
 *
 * @module
 */

import { cpus } from 'node:os';
import { startTestServer, type TestServer } from '@gavel/testkit';
import { now, pause } from '../tests/e2e/counting.ts';
import { openStage, type Stage, until, ZegoTab } from '../tests/e2e/harness.ts';

const ROOM = 'bench';
const FIRST_FRAME_ROUNDS = 20;
const KICK_ROUNDS = 50;
const BITRATE_AFTER_MS = 20_000;

const format = (ms: number): string => `${ms.toFixed(1)} ms`;

function summary(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return `median ${format(median)}, best ${format(sorted[0] ?? Number.NaN)}, worst ${format(sorted.at(-1) ?? Number.NaN)} of ${sorted.length}`;
}

const firstFrameOf = (tab: ZegoTab, streamId: string) =>
  tab.page.evaluate((id) => e2e.zego().firstFrames[id] ?? 0, streamId);

/** From the call that publishes to the first frame that another page shows. */
async function measureFirstFrame(publisher: ZegoTab, viewer: ZegoTab): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < FIRST_FRAME_ROUNDS; round += 1) {
    const streamId = `first-frame-${round}`;
    const clickedAtMs = await publisher.page.evaluate(async (id) => {
      const atMs = e2e.now();
      await e2e.zego().publish(id);
      return atMs;
    }, streamId);
    await until(async () => (await firstFrameOf(viewer, streamId)) > 0, 'the first frame');
    values.push((await firstFrameOf(viewer, streamId)) - clickedAtMs);
    await publisher.page.evaluate((id) => e2e.zego().engine.stopPublishingStream(id), streamId);
    await viewer.callback('roomStreamUpdate', 'DELETE', streamId);
  }
  return values;
}

interface KickTimes {
  readonly answer: number[];
  readonly event: number[];
  readonly lastPacket: number[];
}

/** From the HTTP request to its answer, to the victim's callback, and to the last RTP packet from or to the victim. */
async function measureKicks(gavel: TestServer, viewer: ZegoTab, victim: ZegoTab): Promise<KickTimes> {
  const times: KickTimes = { answer: [], event: [], lastPacket: [] };
  for (let round = 0; round < KICK_ROUNDS; round += 1) {
    const streamId = `victim-${round}`;
    await victim.publish(streamId);
    await viewer.callback('roomStreamUpdate', 'ADD', streamId);
    await Promise.all([viewer.seesFrames(5), victim.seesFrames(5)]);
    const before = (await gavel.engine.dump()).closed.length;
    const requestedAtMs = now();
    const answer = await gavel.call('KickoutUser', { RoomId: ROOM, 'UserId[]': ['victim'], CustomReason: `${round}` });
    times.answer.push(now() - requestedAtMs);
    if (answer.Code !== 0) throw new Error(`the kick was answered ${answer.Code}`);
    const kickout = await victim.callback('roomStateChanged', 'KICKOUT', `\\"${round}\\"`);
    times.event.push(kickout.atMs - requestedAtMs);
    await pause(200);
    const closed = (await gavel.engine.dump()).closed.slice(before);
    // A packet that came before the request does not make a kick faster than nothing.
    const last = Math.max(requestedAtMs, ...closed.map(({ counters }) => counters.lastPacketAtMs));
    times.lastPacket.push(last - requestedAtMs);
    await victim.page.evaluate((room) => {
      const user = e2e.zego();
      user.local = undefined;
      return user.join(room, 'victim');
    }, ROOM);
  }
  return times;
}

async function run(stage: Stage, gavel: TestServer): Promise<void> {
  const join = (user: string) => ZegoTab.join(stage, gavel.baseUrl, gavel.app.appId, ROOM, user);
  const [viewer, victim] = await Promise.all([join('viewer'), join('victim')]);
  const firstFrames = await measureFirstFrame(victim, viewer);
  console.log(`first frame after publish      ${summary(firstFrames)}`);

  await victim.publish('bitrate');
  await pause(BITRATE_AFTER_MS);
  const { outgoingBitrate } = await victim.totals();
  console.log(
    `Chrome's available outgoing bitrate after ${BITRATE_AFTER_MS / 1000} s   ${(outgoingBitrate / 1e6).toFixed(2)} Mbit/s`,
  );
  await victim.page.evaluate(() => e2e.zego().engine.stopPublishingStream('bitrate'));
  await viewer.publish('viewer');

  const kicks = await measureKicks(gavel, viewer, victim);
  console.log(`kick: request to answer        ${summary(kicks.answer)}`);
  console.log(`kick: request to victim's event ${summary(kicks.event)}`);
  console.log(`kick: request to last RTP      ${summary(kicks.lastPacket)}`);
}

console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
const stage = await openStage();
const gavel = await startTestServer({
  media: 'real',
  app: { rateLimits: { KickoutUser: { production: 1000, test: 1000 } } },
});
try {
  console.log(`Chromium ${stage.browser.version()}`);
  await run(stage, gavel);
} finally {
  await stage.close();
  await gavel.close();
}
