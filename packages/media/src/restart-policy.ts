/**
 * Decides when a worker that died is restarted, and when its deaths are reported as a problem.
 *
 * @module
 */

/** Deaths within this time count together, in milliseconds. */
const WINDOW_MS = 30_000;
/** Number of deaths within the window that count as a problem. */
const PROBLEM_DEATHS = 3;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** The deaths of one worker. Times are milliseconds of a clock that only goes forward. */
export class RestartPolicy {
  #deathsAtMs: number[] = [];
  #lastReason = '';

  /**
   * Records a death.
   *
   * @returns how long to wait before the next start, in milliseconds: 0 after the first death in 30 s, then 100, 200 and
   *   so on up to 5,000
   */
  recordDeath(nowMs: number, reason: string): number {
    this.#deathsAtMs = [...this.#recent(nowMs), nowMs];
    this.#lastReason = reason;
    const earlier = this.#deathsAtMs.length - 1;
    return earlier === 0 ? 0 : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (earlier - 1));
  }

  /** Describes the problem of a worker that died at least three times within the last 30 s; undefined when there is none. */
  findProblem(nowMs: number): string | undefined {
    const deaths = this.#recent(nowMs).length;
    if (deaths < PROBLEM_DEATHS) return undefined;
    return `died ${deaths} times in ${WINDOW_MS / 1000} s: ${this.#lastReason}`;
  }

  #recent(nowMs: number): number[] {
    return this.#deathsAtMs.filter((atMs) => nowMs - atMs < WINDOW_MS);
  }
}
