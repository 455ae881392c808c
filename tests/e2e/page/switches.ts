/**
 * Changes of the layer that a page receives, again and again: how long they take, and what is seen meanwhile.
 *
 * @module
 */

import { MarkReader } from './frame-marks.ts';
import type { ShownFrames } from './reception.ts';

/** How long the frames after a switch are watched: what it broke would show in them, in milliseconds. */
const WATCHED_MS = 150;
const POLL_MS = 50;

/** What is switched. */
export interface SwitchTask {
  readonly video: HTMLVideoElement;
  /** Chooses the lowest layer, or the highest. */
  choose(quality: 'lowest' | 'highest'): Promise<unknown>;
  /** Returns the frames since the previous call. */
  drainFrames(): ShownFrames;
  /** Widths of the picture in the lowest layer and in the highest. */
  readonly widths: Readonly<Record<'lowest' | 'highest', number>>;
  readonly count: number;
  /** How long a switch may take, in milliseconds. */
  readonly maxMs: number;
}

/** One switch. */
export interface SwitchResult {
  /** From the choice to the first frame of the new size, in milliseconds; infinite if it took too long. */
  readonly tookMs: number;
  /** The longest time from one frame to the next, in milliseconds. */
  readonly longestGapMs: number;
}

/** All switches. */
export interface SwitchReport {
  readonly switches: readonly SwitchResult[];
  /** Frames whose marks were read, and those that were not whole. The source must be marked. */
  readonly examined: number;
  readonly broken: number;
}

/** Switches between the lowest layer and the highest one. */
export async function measureSwitches(task: SwitchTask): Promise<SwitchReport> {
  const { video, drainFrames, widths, count, maxMs } = task;
  const reader = new MarkReader(video);
  const marks = { examined: 0, broken: 0 };
  let isWatching = true;
  const examine = (): void => {
    if (!isWatching) return;
    marks.examined += 1;
    if (!reader.isWhole()) marks.broken += 1;
    video.requestVideoFrameCallback(examine);
  };
  video.requestVideoFrameCallback(examine);
  const switches: SwitchResult[] = [];
  drainFrames();
  for (let index = 0; index < count; index += 1) {
    const quality = index % 2 === 0 ? 'lowest' : 'highest';
    const startMs = performance.timeOrigin + performance.now();
    await task.choose(quality);
    let [tookMs, longestGapMs] = [Number.POSITIVE_INFINITY, 0];
    const endMs = performance.now() + maxMs;
    while (tookMs > maxMs && performance.now() < endMs) {
      await pause(POLL_MS);
      const frames = drainFrames();
      longestGapMs = Math.max(longestGapMs, frames.longestGapMs);
      if (frames.width === widths[quality]) tookMs = frames.widthSinceMs - startMs;
    }
    await pause(WATCHED_MS);
    switches.push({ tookMs, longestGapMs: Math.max(longestGapMs, drainFrames().longestGapMs) });
  }
  isWatching = false;
  return { switches, ...marks };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
