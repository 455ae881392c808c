/**
 * Sound over a network that loses packets: how much of it the viewer has to make up.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import { readViewer } from '../harness/link-script.ts';
import { numberRooms } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import type { RunningBrowserServer } from '../peers/browser-server.ts';
import { gavelBrowser } from '../peers/gavel-browser.ts';

/** A small picture, because the sound is measured. */
const SOURCE = { width: 320, height: 180, framesPerSecond: 10 };
const DELAY_MS = 20;
const SECONDS = 15;
/** The browser needs a moment to make its buffer longer, as at the beginning of every loss. */
const SETTLE_SECONDS = 5;
/** Shares of lost packets in percent, each with the goal for the share of sound that is made up, in percent. */
const STEPS = [
  { loss: 5, goal: 1 },
  { loss: 10, goal: 2 },
  { loss: 20, goal: 5 },
];

/** One publisher and one viewer, whose network loses 5, 10 and 20 % of what comes to it. */
export const concealment = defineRow<RunningBrowserServer>({
  name: 'concealment',
  work: `In Chromium, a viewer hears a publisher for ${SECONDS} s behind a relay with ${DELAY_MS} ms each way that loses a share of the packets to the viewer at random, from ${SETTLE_SECONDS} s after the beginning of the loss.`,
  metrics: STEPS.map(({ loss, goal }) => ({
    key: `loss${loss}`,
    label: `sound made up at ${loss} % loss`,
    unit: '%',
    better: 'lower' as const,
    goal,
  })),
  subjects: [gavelBrowser],
  rounds: 3,
  freshProcess: true,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const relay = new UdpRelay(room + 1);
    const [sender, viewer] = await Promise.all([server.publish(room, SOURCE), server.play(room, relay)]);
    const values: Record<string, number> = {};
    try {
      for (const { loss } of STEPS) {
        relay.shape({ up: { delayMs: DELAY_MS }, down: { delayMs: DELAY_MS, loss: loss / 100 } });
        await sleep(SETTLE_SECONDS * 1_000);
        const before = await readViewer(viewer);
        await sleep(SECONDS * 1_000);
        const after = await readViewer(viewer);
        const played = after.soundSamples - before.soundSamples;
        values[`loss${loss}`] = (100 * (after.concealedSamples - before.concealedSamples)) / played;
      }
    } finally {
      await Promise.all([sender.context().close(), viewer.context().close(), relay.close()]);
    }
    return values;
  },
});
