/**
 * A viewer behind a relay whose link changes, and others whose links do not: what each of them receives, twice per second.
 *
 * @module
 */

import type { LinkConditions, UdpRelay } from '@gavel/testkit';
import type { Page } from 'playwright-core';

const SAMPLE_MS = 500;

/** A link that carries the best picture. */
export const WIDE_LINK = { bps: 5_000_000, delayMs: 20, queueMs: 1_000 } as const;
/** A link that carries the lowest picture, and sound. */
export const NARROW_LINK = { ...WIDE_LINK, bps: 300_000 } as const;
/** A link that carries sound only. */
export const TINY_LINK = { ...WIDE_LINK, bps: 80_000 } as const;

/** What one viewer has received so far, over all of its streams. */
export interface ViewerSample {
  /** Frames decoded. */
  readonly frames: number;
  /** For how long pictures have stood still, as the browser counts it, in milliseconds. */
  readonly frozenMs: number;
  readonly pictureBytes: number;
  readonly soundSamples: number;
  readonly concealedSamples: number;
  /** The width of the picture that is shown now of each stream, by its id, and the longest time without a new frame since the last sample. */
  readonly shown: Readonly<Record<string, { readonly width: number; readonly longestGapMs: number }>>;
}

/** One moment. */
export interface LinkSample {
  /** Milliseconds of a monotonic clock. */
  readonly atMs: number;
  /** The longest wait in the queue of the relay since the last sample, in milliseconds. */
  readonly queueMs: number;
  readonly slow: ViewerSample;
  readonly others: readonly ViewerSample[];
}

/** Reads what a page has received. */
export async function readViewer(page: Page): Promise<ViewerSample> {
  const { reception, shown } = await page.evaluate(async () => ({
    reception: await e2e.reception(),
    shown: e2e.takeFrames(),
  }));
  const sum = (read: (picture: (typeof reception.pictures)[number]) => number): number =>
    reception.pictures.reduce((total, picture) => total + read(picture), 0);
  return {
    frames: sum(({ frames }) => frames),
    frozenMs: sum(({ frozenMs }) => frozenMs),
    pictureBytes: sum(({ bytes }) => bytes),
    soundSamples: reception.sound.samples,
    concealedSamples: reception.sound.concealed,
    shown,
  };
}

/** The viewers, and the relay of the slow one. */
export interface LinkCast {
  readonly relay: UdpRelay;
  readonly slow: Page;
  readonly others: readonly Page[];
}

async function sampleAll({ relay, slow, others }: LinkCast): Promise<LinkSample> {
  const [first, ...rest] = await Promise.all([slow, ...others].map(readViewer));
  if (!first) throw new Error('there is no viewer');
  return { atMs: performance.now(), queueMs: relay.takeLongestQueueMs(), slow: first, others: rest };
}

/**
 * Sets the link to the slow viewer, and samples all viewers for some time, or until a sample is as wanted. The first sample
 * is from the moment of the change.
 */
export async function runPhase(
  cast: LinkCast,
  down: LinkConditions,
  seconds: number,
  isEnough: (sample: LinkSample) => boolean = () => false,
): Promise<LinkSample[]> {
  const samples = [await sampleAll(cast)];
  cast.relay.shape({ down });
  const endMs = performance.now() + seconds * 1_000;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    const sample = await sampleAll(cast);
    samples.push(sample);
    if (isEnough(sample)) break;
  }
  return samples;
}

/** The samples from some seconds after the beginning on. */
export function skipSeconds(samples: readonly LinkSample[], seconds: number): LinkSample[] {
  const fromMs = (samples[0]?.atMs ?? 0) + seconds * 1_000;
  return samples.filter(({ atMs }) => atMs >= fromMs);
}

/** The difference of a counter of one viewer between the first and the last sample. */
export function differenceOf(samples: readonly LinkSample[], read: (sample: LinkSample) => number): number {
  const [first, last] = [samples[0], samples.at(-1)];
  return first && last ? read(last) - read(first) : 0;
}

/** The share of the slow viewer's sound that was made up because none had come, from 0 to 1; silence made up is not counted. */
export function concealedShare(samples: readonly LinkSample[]): number {
  const played = differenceOf(samples, ({ slow }) => slow.soundSamples);
  return differenceOf(samples, ({ slow }) => slow.concealedSamples) / Math.max(1, played);
}

/** Frames per second that a viewer decoded. */
export function frameRate(samples: readonly LinkSample[], read: (sample: LinkSample) => ViewerSample): number {
  const seconds = differenceOf(samples, ({ atMs }) => atMs) / 1_000;
  return differenceOf(samples, (sample) => read(sample).frames) / Math.max(0.001, seconds);
}

/** The longest queue from some seconds after the beginning on, in milliseconds. */
export function longestQueueMs(samples: readonly LinkSample[], fromSeconds: number): number {
  // A sample tells of the time before it.
  const later = skipSeconds(samples, fromSeconds + SAMPLE_MS / 1_000);
  return Math.max(0, ...later.map(({ queueMs }) => queueMs));
}

/** Seconds from the beginning until a sample is as wanted; infinite if none is. */
export function secondsUntil(samples: readonly LinkSample[], isSo: (sample: LinkSample) => boolean): number {
  const found = samples.find(isSo);
  return found ? (found.atMs - (samples[0]?.atMs ?? 0)) / 1_000 : Number.POSITIVE_INFINITY;
}
