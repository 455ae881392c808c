/**
 * Changes of the layer that a viewer receives, measured by the times of the frames that its page shows.
 *
 * @module
 */

import { numberRooms } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import { type RunningBrowserServer, STREAM } from '../peers/browser-server.ts';
import { gavelBrowser } from '../peers/gavel-browser.ts';

const SOURCE = { width: 960, height: 540, framesPerSecond: 15, hasSound: false, isMarked: true };
const SWITCHES = 50;
const MAX_SWITCH_MS = 1_000;
const MAX_GAP_MS = 500;
const MAX_START_MS = 30_000;

/** A viewer switches between the lowest and the highest of three layers. */
export const layerSwitches = defineRow<RunningBrowserServer>({
  name: 'layer-switches',
  work: `In Chromium, a viewer switches ${SWITCHES} times between the lowest and the highest of three layers (${SOURCE.width} × ${SOURCE.height}, ${SOURCE.framesPerSecond} frames/s); each frame has a mark at the top and at the bottom that shows whether it is whole.`,
  metrics: [
    { key: 'took', label: 'choice to the first frame of the new size, median', unit: 'ms', better: 'lower' },
    { key: 'took95', label: 'choice to the first frame of the new size, p95', unit: 'ms', better: 'lower' },
    {
      key: 'tookMax',
      label: 'choice to the first frame of the new size, the longest',
      unit: 'ms',
      better: 'lower',
      goal: MAX_SWITCH_MS,
    },
    { key: 'gap', label: 'longest time from frame to frame at a switch, median', unit: 'ms', better: 'lower' },
    { key: 'gap95', label: 'longest time from frame to frame at a switch, p95', unit: 'ms', better: 'lower' },
    {
      key: 'gapMax',
      label: 'longest time from frame to frame at a switch, the longest',
      unit: 'ms',
      better: 'lower',
      goal: MAX_GAP_MS,
    },
    { key: 'broken', label: 'frames that were not whole', unit: '', better: 'lower', goal: 0 },
  ],
  subjects: [gavelBrowser],
  rounds: 3,
  freshProcess: true,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const sender = await server.publish(room, SOURCE);
    const viewer = await server.play(room);
    try {
      await viewer.waitForFunction(
        (width) => [...document.querySelectorAll('video')].at(-1)?.videoWidth === width,
        SOURCE.width,
        { timeout: MAX_START_MS },
      );
      const { switches, broken } = await viewer.evaluate((args) => e2e.switchLayers(...args), [
        `${STREAM}-${room}`,
        SOURCE.width,
        SWITCHES,
        MAX_SWITCH_MS,
      ] as [string, number, number, number]);
      const took = switches.map(({ tookMs }) => tookMs);
      const gaps = switches.map(({ longestGapMs }) => longestGapMs);
      return {
        took: quantile(took, 0.5),
        took95: quantile(took, 0.95),
        tookMax: Math.max(...took),
        gap: quantile(gaps, 0.5),
        gap95: quantile(gaps, 0.95),
        gapMax: Math.max(...gaps),
        broken,
      };
    } finally {
      await Promise.all([sender, viewer].map((page) => page.context().close()));
    }
  },
});
