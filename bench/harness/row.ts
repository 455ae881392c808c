/**
 * A row of the table: one piece of work, done by Gavel and by other servers in turns.
 *
 * @module
 */

/** The subject whose goals are judged. */
export const OWN_NAME = 'Gavel';
/** The Gavel of another checkout, named by `GAVEL_BENCH_BASELINE`. It has a ratio of its own. */
export const BASELINE_NAME = 'Gavel before';

/** A figure that a row measures. */
export interface Metric {
  readonly key: string;
  readonly label: string;
  /** Such as `ms` or `kicks/s`. */
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** The project's goal for Gavel: at most or at least this value. */
  readonly goal?: number;
  /** The goal for Gavel against the best other server: at least this many times better; below 1 is how much worse it may be. */
  readonly goalRatio?: number;
  /**
   * For a count of what was lost: a subject whose median is above this did not do the row's work. Its other figures are
   * neither compared nor judged.
   */
  readonly faultAbove?: number;
}

/** A server that does the work of a row. */
export interface Subject<Running> {
  readonly name: string;
  /** Whether it does only a part of the work, to show the least that this part costs: ratios leave it out. */
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

/**
 * The result of one round: a value for each metric. A value that is missing or not finite is no figure: the subject
 * cannot do that part, or delivered nothing.
 */
export type Values = Readonly<Record<string, number | undefined>>;

/** One row. */
export interface Row<Running extends RunningSubject = RunningSubject> {
  readonly name: string;
  /** One sentence: what is done. */
  readonly work: string;
  readonly metrics: readonly Metric[];
  /** Gavel is the first. */
  readonly subjects: readonly Subject<Running>[];
  /** Whether each round has a process of its own; otherwise one process serves all rounds. */
  readonly freshProcess?: boolean;
  /** Default 5. */
  readonly rounds?: number;
  /** One round. It may be called before the first one, to warm up. */
  measure(running: Running): Promise<Values>;
}

/** Defines a row; hides the type of its subjects, which is known only to the row itself. */
export function defineRow<Running extends RunningSubject>(row: Row<Running>): Row {
  return row as unknown as Row;
}
