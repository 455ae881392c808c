/**
 * Keeps the video of a subscription from going up and down again and again.
 *
 * @module
 */

/** There are at most four switches within this time, in milliseconds. */
const MEMORY_MS = 30_000;
/** A rise that leaves room for two falls. */
const MAX_SWITCHES_BEFORE_RISE = 1;
/** A fall within this time after a rise shows that the rise was a mistake, in milliseconds. */
const FAILED_WITHIN_MS = 15_000;
/** No rise for this time after a fall, and after a mistake, in milliseconds. */
const REST_MS = 5_000;
const FAILED_REST_MS = 30_000;
/** With this multiple of the bandwidth that did not suffice, the link is another one. */
const OTHER_LINK = 1.5;

interface Fall {
  readonly atMs: number;
  /** Bits per second that did not suffice. */
  readonly bps: number;
  /** Whether nothing is sent after it. */
  readonly isPause: boolean;
}

/** Remembers the switches of one video. Times are milliseconds of the worker's clock. */
export class RiseGuard {
  readonly #maxSwitches: number;
  #rises: number[] = [];
  #falls: Fall[] = [];
  #roseBps = 0;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  /** @param maxSwitches no rise after more switches than this in the last 30 s */
  constructor(maxSwitches = MAX_SWITCHES_BEFORE_RISE) {
    this.#maxSwitches = maxSwitches;
  }

  /** @param budgetBps the peer's bandwidth at this moment */
  handleRise(budgetBps: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#rises.push(nowMs);
    this.#roseBps = budgetBps;
  }

  /** @param budgetBps the peer's bandwidth at this moment */
  handleFall(budgetBps: number, isPause: boolean, nowMs: number): void {
    this.#forget(nowMs);
    const isFailed = nowMs - (this.#rises.at(-1) ?? Number.NEGATIVE_INFINITY) <= FAILED_WITHIN_MS;
    this.#falls.push({ atMs: nowMs, bps: isFailed ? this.#roseBps : budgetBps, isPause });
    this.#restUntilMs = Math.max(this.#restUntilMs, nowMs + (isFailed ? FAILED_REST_MS : REST_MS));
  }

  /** Whether it may rise. @param budgetBps what the peer's bandwidth was at least in the last seconds */
  permits(budgetBps: number, nowMs: number): boolean {
    if (budgetBps >= this.readOtherLinkBps(nowMs)) return true;
    return nowMs >= this.#restUntilMs && this.#rises.length + this.#falls.length <= this.#maxSwitches;
  }

  /** Returns the bits per second with which it may rise in spite of what happened before. */
  readOtherLinkBps(nowMs: number): number {
    this.#forget(nowMs);
    let insufficientBps = 0;
    for (const { bps } of this.#falls) insufficientBps = Math.max(insufficientBps, bps);
    return insufficientBps * OTHER_LINK;
  }

  /** Whether a paused video may be resumed: a mistake with a better picture says nothing of the lowest. */
  permitsResume(nowMs: number): boolean {
    this.#forget(nowMs);
    const latestFallMs = this.#falls.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    const isQuiet = this.#falls.filter(({ isPause }) => isPause).length <= 1;
    return isQuiet && nowMs - latestFallMs >= REST_MS;
  }

  #forget(nowMs: number): void {
    const startMs = nowMs - MEMORY_MS;
    if ((this.#rises[0] ?? nowMs) <= startMs) this.#rises = this.#rises.filter((atMs) => atMs > startMs);
    if ((this.#falls[0]?.atMs ?? nowMs) <= startMs) this.#falls = this.#falls.filter(({ atMs }) => atMs > startMs);
  }
}
