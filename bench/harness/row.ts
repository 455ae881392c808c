/**
 * A row of the table: one piece of work, done by Gavel and by others in turns.
 *
 * @module
 */

/** A figure that a row measures. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  /** Such as `ms` or `kicks/s`. */
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** What Gavel wants of itself: at most or at least so much. */
  readonly goal?: number;
  /** How many times better than the best of the others Gavel wants to be; under 1 is how much worse it may be. */
  readonly goalRatio?: number;
}

/** Something that does the work of a row. */
export interface Subject<Running> {
  readonly name: string;
  /** Whether it does but a part of the work, to show what that costs at the least: ratios leave it out. */
  readonly isFloor?: boolean;
  /** Why it cannot run here, or undefined. */
  findObstacle?(): string | undefined;
  start(): Promise<Running>;
}

/** What every started subject has. */
export interface RunningSubject {
  readonly version: string;
  /** The processes whose CPU time and memory count, where they are the subject's own. */
  pids?(): readonly number[];
  stop(): Promise<void>;
}

/** What one round gave: a value for each metric, or none where the subject cannot do that part. */
export type Values = Readonly<Record<string, number | undefined>>;

/** One row. */
export interface Row<Running extends RunningSubject = RunningSubject> {
  readonly name: string;
  /** One sentence: what is done. */
  readonly work: string;
  readonly metrics: readonly Metric[];
  /** Gavel is the first. */
  readonly subjects: readonly Subject<Running>[];
  /** Whether each round has a process of its own; otherwise one lives through all rounds. */
  readonly freshProcess?: boolean;
  /** Default 5. */
  readonly rounds?: number;
  /** One round. It may be called before the first one, to warm up. */
  measure(running: Running): Promise<Values>;
}

/** Gives a row whose subjects' type is known only to itself. */
export function defineRow<Running extends RunningSubject>(row: Row<Running>): Row {
  return row as unknown as Row;
}
