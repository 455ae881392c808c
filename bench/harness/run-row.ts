/**
 * Runs one row: warm-up, then rounds in which the subjects take turns.
 *
 * @module
 */

import { within } from './load.ts';
import { settle } from './processes.ts';
import type { Metric, Row, RunningSubject, Subject, Values } from './row.ts';

/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A subject's figures over all rounds; a metric without a figure in any round is not in it. */
export interface SubjectResult {
  readonly name: string;
  readonly version: string;
  readonly isFloor: boolean;
  readonly figures: Readonly<Record<string, Spread>>;
}

/** A subject without figures. */
export interface SkippedSubject {
  readonly name: string;
  readonly why: string;
  /** Whether it was started and failed; otherwise it cannot do the row or is not installed. */
  readonly hasFailed: boolean;
}

/** The result of a row. */
export interface RowResult {
  readonly name: string;
  readonly work: string;
  readonly metrics: readonly Metric[];
  readonly rounds: number;
  /** The load's own use of its core over the rounds, from 0 to 1. */
  readonly loadBusy: number;
  /** Duration of the row. */
  readonly seconds: number;
  readonly subjects: readonly SubjectResult[];
  readonly skipped: readonly SkippedSubject[];
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** The shortest warm-up of each subject: code that is compiled as it runs is slow at first. */
const WARM_UP_MS = 5_000;
/** The longest round. A subject that hangs fails; it does not stop the run. */
const MAX_ROUND_MS = 300_000;

interface Candidate {
  readonly subject: Subject<RunningSubject>;
  readonly values: Map<string, number[]>;
  running: RunningSubject | undefined;
  version: string;
  /** Why it failed, or undefined. */
  failure: string | undefined;
}

function addValues(candidate: Candidate, values: Values): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || !Number.isFinite(value)) continue;
    const known = candidate.values.get(key) ?? [];
    candidate.values.set(key, known);
    known.push(value);
  }
}

/**
 * Runs a row. A subject that fails, Gavel too, is left out from there on and named as failed in the result.
 *
 * @param roundCount the number of rounds instead of the row's own
 */
export async function runRow(row: Row, roundCount?: number): Promise<RowResult> {
  const rounds = roundCount ?? row.rounds ?? 5;
  const obstacles: SkippedSubject[] = [];
  const candidates: Candidate[] = [];
  for (const subject of row.subjects) {
    const why = subject.findObstacle?.();
    if (why !== undefined) obstacles.push({ name: subject.name, why, hasFailed: false });
    else candidates.push({ subject, values: new Map(), running: undefined, version: '', failure: undefined });
  }
  const fail = (candidate: Candidate, error: unknown): void => {
    candidate.failure ??= error instanceof Error ? error.message : String(error);
  };
  const ensure = async (candidate: Candidate): Promise<RunningSubject> => {
    candidate.running ??= await candidate.subject.start();
    candidate.version = candidate.running.version;
    return candidate.running;
  };
  const end = async (candidate: Candidate): Promise<void> => {
    const { running } = candidate;
    candidate.running = undefined;
    await running?.stop().catch((error: unknown) => fail(candidate, error));
  };
  const measure = async (candidate: Candidate): Promise<Values> => {
    if (candidate.failure !== undefined) return {};
    try {
      const running = await ensure(candidate);
      const describe = () => `a round had no result after ${MAX_ROUND_MS / 1000} s`;
      const values = await within(row.measure(running), MAX_ROUND_MS, describe);
      if (!row.freshProcess) await settle(running.pids?.() ?? []);
      return values;
    } catch (error) {
      fail(candidate, error);
      await end(candidate);
      return {};
    }
  };
  const warmUp = async (candidate: Candidate): Promise<void> => {
    const beganAtMs = performance.now();
    do await measure(candidate);
    while (performance.now() - beganAtMs < WARM_UP_MS && candidate.failure === undefined);
  };
  const beganAtMs = performance.now();
  const cpuBefore = process.cpuUsage();
  try {
    if (!row.freshProcess) for (const candidate of candidates) await warmUp(candidate);
    for (let round = 0; round < rounds; round += 1) {
      // The order alternates, so that no subject always follows the noisiest one.
      for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) {
        addValues(candidate, await measure(candidate));
        if (row.freshProcess) await end(candidate);
      }
    }
  } finally {
    await Promise.all(candidates.map(end));
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - beganAtMs) / 1000;
  return {
    name: row.name,
    work: row.work,
    metrics: row.metrics,
    rounds,
    loadBusy: (user + system) / 1e6 / seconds,
    seconds,
    subjects: candidates
      .filter(({ failure }) => failure === undefined)
      .map(({ subject, version, values }) => ({
        name: subject.name,
        version,
        isFloor: subject.isFloor ?? false,
        figures: Object.fromEntries([...values].map(([key, all]) => [key, spreadOf(all)])),
      })),
    skipped: [
      ...obstacles,
      ...candidates.flatMap(({ subject: { name }, failure: why }) =>
        why === undefined ? [] : { name, why, hasFailed: true },
      ),
    ],
  };
}
