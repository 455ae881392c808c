/**
 * Runs one row: warm-up, then rounds in which the subjects take turns.
 *
 * @module
 */

import { settle } from './processes.ts';
import type { Metric, Row, RunningSubject, Subject, Values } from './row.ts';

/** A figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What a row found. */
export interface RowResult {
  readonly name: string;
  readonly work: string;
  readonly metrics: readonly Metric[];
  readonly rounds: number;
  /** The load's own use of its core over the rounds, from 0 to 1. */
  readonly loadBusy: number;
  /** How long it took. */
  readonly seconds: number;
  readonly subjects: readonly {
    readonly name: string;
    readonly version: string;
    readonly isFloor: boolean;
    readonly figures: Readonly<Record<string, Spread>>;
  }[];
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function spreadOf(values: readonly number[]): Spread {
  return { median: quantile(values, 0.5), min: Math.min(...values), max: Math.max(...values) };
}

/** For so long at least each subject works before it is measured: what is compiled as it runs is slow at first. */
const WARM_UP_MS = 5_000;

interface Candidate {
  readonly subject: Subject<RunningSubject>;
  readonly values: Map<string, number[]>;
  running: RunningSubject | undefined;
  version: string;
}

function note(candidate: Candidate, values: Values): void {
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const known = candidate.values.get(key) ?? [];
    candidate.values.set(key, known);
    known.push(value);
  }
}

/** Runs a row. @param roundCount how many rounds instead of the row's own number */
export async function runRow(row: Row, roundCount?: number): Promise<RowResult> {
  const rounds = roundCount ?? row.rounds ?? 5;
  const skipped: { name: string; why: string }[] = [];
  const candidates: Candidate[] = [];
  for (const subject of row.subjects) {
    const why = subject.findObstacle?.();
    if (why === undefined) candidates.push({ subject, values: new Map(), running: undefined, version: '' });
    else skipped.push({ name: subject.name, why });
  }
  const ensure = async (candidate: Candidate): Promise<RunningSubject> => {
    candidate.running ??= await candidate.subject.start();
    candidate.version = candidate.running.version;
    return candidate.running;
  };
  const end = async (candidate: Candidate): Promise<void> => {
    const { running } = candidate;
    candidate.running = undefined;
    await running?.stop();
  };
  const failed = new Set<Candidate>();
  const measure = async (candidate: Candidate): Promise<Values> => {
    if (failed.has(candidate)) return {};
    try {
      const running = await ensure(candidate);
      const values = await row.measure(running);
      if (!row.freshProcess) await settle(running.pids?.() ?? []);
      return values;
    } catch (error) {
      // Gavel may not fail. Another is left out from here on, and the row says so.
      if (candidate === candidates[0]) throw error;
      failed.add(candidate);
      skipped.push({ name: candidate.subject.name, why: `failed: ${error instanceof Error ? error.message : error}` });
      await end(candidate);
      return {};
    }
  };
  const warmUp = async (candidate: Candidate): Promise<void> => {
    const began = performance.now();
    do await measure(candidate);
    while (performance.now() - began < WARM_UP_MS && !failed.has(candidate));
  };
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  try {
    if (!row.freshProcess) for (const candidate of candidates) await warmUp(candidate);
    for (let round = 0; round < rounds; round += 1) {
      // The order turns round, so that none is always the one after the noisiest.
      for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) {
        note(candidate, await measure(candidate));
        if (row.freshProcess) await end(candidate);
      }
    }
  } finally {
    await Promise.all(candidates.map(end));
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - began) / 1000;
  return {
    name: row.name,
    work: row.work,
    metrics: row.metrics,
    rounds,
    loadBusy: (user + system) / 1e6 / seconds,
    seconds,
    subjects: candidates
      .filter((candidate) => !failed.has(candidate))
      .map(({ subject, version, values }) => ({
        name: subject.name,
        version,
        isFloor: subject.isFloor ?? false,
        figures: Object.fromEntries([...values].map(([key, all]) => [key, spreadOf(all)])),
      })),
    skipped,
  };
}
