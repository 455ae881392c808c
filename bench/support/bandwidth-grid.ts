/**
 * The estimator of a viewer's bandwidth over a grid of simulated links, in virtual time: steady links, two viewers on one
 * link, and links that change.
 *
 * @module
 */

import { createRandom } from '../../packages/media/tests/random.ts';
import { type Sample, type SenderOptions, simulateCall } from '../../packages/media/tests/simulated-call.ts';

export const RATES_BPS = [100_000, 300_000, 1_000_000, 2_500_000, 5_000_000] as const;
export const ROUND_TRIPS_MS = [10, 75, 300] as const;
export const LOSSES = [0, 0.01, 0.05, 0.1] as const;
/** The longest queue of the bottleneck, in milliseconds. */
export const QUEUES_MS = [100, 300, 1_000] as const;
/** Each figure is the worst of these runs. */
export const SEEDS = [7, 8, 9] as const;

/** What must be reached (issue "Media II"). */
export const GOALS = { utilisation: 0.75, queueMs: 150, convergenceS: 10, minFairness: 0.7, maxFairness: 1.4 } as const;

/** The estimate has found a link when it is within these shares of it. */
const FOUND = { min: 0.8, max: 1.25 };
const JITTER_MS = 2;
const STEADY = { lengthMs: 60_000, fromMs: 20_000 };
const SHARED = { lengthMs: 120_000, fromMs: 60_000, laterMs: 10_000 };
/** More than any link of the grid takes. */
const EVERYTHING: SenderOptions = { wantedBps: () => 20_000_000 };

/** A link of the grid. */
export interface GridLink {
  readonly bps: number | ((timeMs: number) => number);
  readonly roundTripMs: number;
  readonly queueMs: number;
  readonly loss?: number;
}

/** The figures of one sender on a steady link; those of several runs are the worst of each. */
export interface LinkFigures {
  /** The share of the link that media used. */
  readonly utilisation: number;
  /** The 95th percentile of the time in the queue, in milliseconds. */
  readonly queueMs: number;
  /** When the estimate first was within 80 % and 125 % of the link, in seconds. */
  readonly convergenceS: number;
}

function simulate(link: GridLink, senders: readonly SenderOptions[], lengthMs: number, seed: number): Sample[][] {
  const { bps, roundTripMs, queueMs, loss = 0 } = link;
  const rate = typeof bps === 'number' ? () => bps : bps;
  const rest = { delayMs: roundTripMs / 2, jitterMs: JITTER_MS, queueMs, loss, random: createRandom(seed) };
  return simulateCall({ bps: rate, ...rest }, senders, lengthMs);
}

const between = (samples: readonly Sample[], fromMs: number, toMs = Number.POSITIVE_INFINITY): Sample[] =>
  samples.filter(({ timeMs }) => timeMs > fromMs && timeMs <= toMs);

function averageBps(samples: readonly Sample[]): number {
  return samples.reduce((sum, { arrivedBps }) => sum + arrivedBps, 0) / samples.length;
}

function findQueueMs(samples: readonly Sample[], share: number): number {
  const sorted = samples.map(({ queuedMs }) => queuedMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Measures one sender on a link that does not change. */
export function measureSteady(link: GridLink & { readonly bps: number }): LinkFigures {
  const runs = SEEDS.map((seed) => {
    const [samples = []] = simulate(link, [EVERYTHING], STEADY.lengthMs, seed);
    const found = samples.find(
      ({ estimateBps }) => estimateBps >= FOUND.min * link.bps && estimateBps <= FOUND.max * link.bps,
    );
    const steady = between(samples, STEADY.fromMs);
    return {
      utilisation: averageBps(steady) / link.bps,
      queueMs: findQueueMs(steady, 0.95),
      convergenceS: (found?.timeMs ?? Number.POSITIVE_INFINITY) / 1_000,
    };
  });
  return {
    utilisation: Math.min(...runs.map(({ utilisation }) => utilisation)),
    queueMs: Math.max(...runs.map(({ queueMs }) => queueMs)),
    convergenceS: Math.max(...runs.map(({ convergenceS }) => convergenceS)),
  };
}

/** Lists what a link's figures miss; utilisation is judged without loss. */
export function listMissed({ utilisation, queueMs, convergenceS }: LinkFigures, loss: number): string[] {
  const missed: string[] = [];
  if (loss === 0 && utilisation < GOALS.utilisation) missed.push('utilisation');
  if (queueMs >= GOALS.queueMs) missed.push('queue');
  if (convergenceS > GOALS.convergenceS) missed.push('convergence');
  return missed;
}

/** Returns the rates of the first of two senders relative to the second, of each run; the second may begin 10 s later. */
export function measureFairness(link: GridLink, isLater: boolean): number[] {
  const second = isLater ? { ...EVERYTHING, startMs: SHARED.laterMs } : EVERYTHING;
  return SEEDS.map((seed) => {
    const [first = [], other = []] = simulate(link, [EVERYTHING, second], SHARED.lengthMs, seed);
    return averageBps(between(first, SHARED.fromMs)) / averageBps(between(other, SHARED.fromMs));
  });
}

/** The figures of a link that falls from 5 Mbit/s to 300 kbit/s for 30 s (BWE-1); the sender wants 2.5 Mbit/s. */
export interface StepFigures {
  /** The longest queue later than 5 s after the fall, in milliseconds. */
  readonly queueMs: number;
  /** The share of 300 kbit/s that media used from then on. */
  readonly utilisation: number;
  /** When the estimate was at 2.3 Mbit/s again, in seconds after the link was free. */
  readonly backS: number;
}

/** Measures the fall and the recovery. */
export function measureStep(roundTripMs: number, queueMs: number): StepFigures {
  const [fallMs, freeMs, lengthMs] = [20_000, 50_000, 80_000];
  const bps = (timeMs: number): number => (timeMs > fallMs && timeMs <= freeMs ? 300_000 : 5_000_000);
  const runs = SEEDS.map((seed) => {
    const wanted = { wantedBps: () => 2_500_000 };
    const [samples = []] = simulate({ bps, roundTripMs, queueMs }, [wanted], lengthMs, seed);
    const slow = between(samples, fallMs + 5_000, freeMs);
    const back = between(samples, freeMs).find(({ estimateBps }) => estimateBps >= 2_300_000);
    const backS = ((back?.timeMs ?? Number.POSITIVE_INFINITY) - freeMs) / 1_000;
    return { queueMs: findQueueMs(slow, 1), utilisation: averageBps(slow) / 300_000, backS };
  });
  return {
    queueMs: Math.max(...runs.map((run) => run.queueMs)),
    utilisation: Math.min(...runs.map(({ utilisation }) => utilisation)),
    backS: Math.max(...runs.map(({ backS }) => backS)),
  };
}

/** Measures a link that rises from 0.5 to 2 Mbit/s in 20 s, falls at once, and rises again: utilisation and queue. */
export function measureSawtooth(roundTripMs: number, queueMs: number): Omit<LinkFigures, 'convergenceS'> {
  const [lowBps, highBps, periodMs] = [500_000, 2_000_000, 20_000];
  const bps = (timeMs: number): number => lowBps + ((highBps - lowBps) * (timeMs % periodMs)) / periodMs;
  const runs = SEEDS.map((seed) => {
    const [samples = []] = simulate({ bps, roundTripMs, queueMs }, [EVERYTHING], 5 * periodMs, seed);
    const steady = between(samples, periodMs);
    return { utilisation: (averageBps(steady) * 2) / (lowBps + highBps), queueMs: findQueueMs(steady, 0.95) };
  });
  return {
    utilisation: Math.min(...runs.map(({ utilisation }) => utilisation)),
    queueMs: Math.max(...runs.map((run) => run.queueMs)),
  };
}
