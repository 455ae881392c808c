/**
 * A viewer whose link becomes narrow and wide again, beside two whose links stay wide.
 *
 * @module
 */

import { UdpRelay } from '@gavel/testkit/udp-relay';
import {
  concealedShare,
  differenceOf,
  frameRate,
  type LinkSample,
  longestQueueMs,
  NARROW_LINK,
  runPhase,
  secondsUntil,
  skipSeconds,
  TINY_LINK,
  type ViewerSample,
  WIDE_LINK,
} from '../harness/link-script.ts';
import { numberRooms } from '../harness/media-load.ts';
import { defineRow } from '../harness/row.ts';
import type { RunningBrowserServer } from '../peers/browser-server.ts';
import { gavelBrowser } from '../peers/gavel-browser.ts';
import { janusBrowser } from '../peers/janus-browser.ts';

const SOURCE = { width: 960, height: 540, framesPerSecond: 15 };
const WIDE_SECONDS = 10;
const NARROW_SECONDS = 30;
const TINY_SECONDS = 20;
const MAX_BACK_SECONDS = 30;
const START_SECONDS = 30;
const REACTION_SECONDS = 5;

/** Three viewers, one of them behind a relay: 5 Mbit/s, 300 kbit/s, 5 Mbit/s, 80 kbit/s, 5 Mbit/s. */
export const narrowLink = defineRow<RunningBrowserServer>({
  name: 'narrow-link',
  work: `In Chromium, one of three viewers of a publisher with three layers (${SOURCE.width} × ${SOURCE.height}) is behind a relay of 5 Mbit/s, of 300 kbit/s for ${NARROW_SECONDS} s, of 5 Mbit/s until its picture is the best again, of 80 kbit/s for ${TINY_SECONDS} s, and of 5 Mbit/s; the relay's queue is 1 s long.`,
  metrics: [
    {
      key: 'queue',
      label: `longest queue ${REACTION_SECONDS} s after 300 kbit/s`,
      unit: 'ms',
      better: 'lower',
      goal: 300,
    },
    { key: 'back', label: 'best picture after 300 kbit/s', unit: 's', better: 'lower', goal: 15 },
    {
      key: 'frozen',
      label: 'its picture stands still, from 5 Mbit/s to 5 Mbit/s',
      unit: 'ms',
      better: 'lower',
      goal: 3_000,
    },
    { key: 'rate', label: 'its frames at 300 kbit/s', unit: '1/s', better: 'higher' },
    { key: 'others', label: "others' frames meanwhile, of those before", unit: '%', better: 'higher', goal: 95 },
    {
      key: 'concealed',
      label: `sound made up ${REACTION_SECONDS} s after 80 kbit/s`,
      unit: '%',
      better: 'lower',
      goal: 3,
    },
    { key: 'resumed', label: 'picture after 80 kbit/s', unit: 's', better: 'lower', goal: 15 },
  ],
  subjects: [gavelBrowser, janusBrowser],
  rounds: 1,
  freshProcess: true,
  async measure(server) {
    const [room = 0] = numberRooms(1);
    const relay = new UdpRelay(room + 1);
    relay.shape({ down: WIDE_LINK, up: { delayMs: WIDE_LINK.delayMs } });
    const [sender, slow, ...others] = await Promise.all([
      server.publish(room, SOURCE),
      server.play(room, relay),
      server.play(room),
      server.play(room),
    ]);
    const cast = { relay, slow, others };
    try {
      await runPhase(cast, WIDE_LINK, START_SECONDS, isBest);
      const before = await runPhase(cast, WIDE_LINK, WIDE_SECONDS);
      const narrow = await runPhase(cast, NARROW_LINK, NARROW_SECONDS);
      const isBack = isBestAfter(narrow);
      const back = await runPhase(cast, WIDE_LINK, MAX_BACK_SECONDS, isBack);
      const tiny = await runPhase(cast, TINY_LINK, TINY_SECONDS);
      const isResumed = ({ slow: { frames } }: LinkSample): boolean => frames > (tiny.at(-1)?.slow.frames ?? 0);
      const resumed = await runPhase(cast, WIDE_LINK, MAX_BACK_SECONDS, isResumed);
      const shares = others.flatMap((_, index) => {
        const read = ({ others: all }: LinkSample): ViewerSample => all[index] as ViewerSample;
        return [narrow, back].map((phase) => frameRate(phase, read) / frameRate(before, read));
      });
      return {
        queue: longestQueueMs(narrow, REACTION_SECONDS),
        back: secondsUntil(back, isBack),
        frozen: differenceOf([...before, ...narrow, ...back], ({ slow: { frozenMs } }) => frozenMs),
        rate: frameRate(narrow, (sample) => sample.slow),
        others: 100 * Math.min(...shares),
        concealed: 100 * concealedShare(skipSeconds(tiny, REACTION_SECONDS)),
        resumed: secondsUntil(resumed, isResumed),
      };
    } finally {
      await Promise.all([...[sender, slow, ...others].map((page) => page.context().close()), relay.close()]);
    }
  },
});

/** Whether the slow viewer has the best picture. */
function isBest({ slow }: LinkSample): boolean {
  return Object.values(slow.shown).some(({ width }) => width === SOURCE.width);
}

/** Tells whether the slow viewer has the best picture again: a picture that stands still keeps its size. */
function isBestAfter(phase: readonly LinkSample[]): (sample: LinkSample) => boolean {
  const frames = phase.at(-1)?.slow.frames ?? 0;
  return (sample) => isBest(sample) && sample.slow.frames > frames;
}
