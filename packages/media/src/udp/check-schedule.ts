/**
 * When connectivity checks are read.
 *
 * @module
 */

/** The longest time that a check of a connected client waits, in milliseconds. */
export const MAX_CHECK_WAIT_MS = 20;
/** Few clients send few checks, which would be groups of one: a check waits so long for each client of the worker, in milliseconds. */
const WAIT_MS_PER_CLIENT = 0.02;
/** A timer for less than this costs more than the group saves, in milliseconds. */
const MIN_WAIT_MS = 2;
/** Packets of media wake the worker, which then reads the checks, too, after this share of their wait. */
const AWAKE_SHARE = 0.75;
/**
 * While packets of media wake the worker more often than checks are due, the timer waits so many times longer: it would wake the worker
 * once more for each group. The checks of the moment in which the media ends are the only ones that wait for it.
 */
const AWAKE_TIMER_FACTOR = 5;
/** For so long after an offer its client's checks are answered at once, in milliseconds. */
const PROMPT_MS = 2_000;

/** What a schedule decides about. */
export interface CheckSource {
  /** The number of clients that send checks. */
  readonly clients: number;
  /** Reads and answers all that wait; returns how many there were. */
  read(): number;
  /** Begins or ends that the event loop calls `handleReadable`. */
  poll(isOn: boolean): void;
}

/**
 * Reads the checks of connected clients in groups. Each client sends one every few seconds to show that it is there; if each woke the
 * worker, a thousand idle clients would cost more than the media of a room. Checks of clients that are about to connect are
 * read at once, and all checks while there are few clients: a client measures its round trip by them.
 *
 * After checks were read, the socket is not polled: a timer reads the next ones, or the next media packet does. A timer that finds none
 * begins polling again, so that an idle worker sleeps.
 */
export class CheckSchedule {
  readonly #source: CheckSource;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #awakeAtMs = Number.NEGATIVE_INFINITY;
  #promptUntilMs = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds of a monotonic clock */
  constructor(source: CheckSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /** Reads checks at once for the next two seconds: a client will connect, or connect anew. */
  expectClient(): void {
    this.#promptUntilMs = this.#now() + PROMPT_MS;
    if (this.#timer === undefined) return;
    this.close();
    this.#source.read();
    this.#source.poll(true);
  }

  /** Handles that the event loop found checks. */
  handleReadable(): void {
    this.#source.read();
    const nowMs = this.#now();
    const waitMs = this.#waitMs;
    if (nowMs < this.#promptUntilMs || waitMs < MIN_WAIT_MS) return;
    this.#readAtMs = nowMs;
    this.#source.poll(false);
    this.#startTimer(waitMs);
  }

  /** Handles that the worker is awake because of other packets. */
  handleAwake(): void {
    if (this.#timer === undefined) return;
    const nowMs = this.#now();
    const waitMs = this.#waitMs;
    const isFlowing = nowMs - this.#awakeAtMs < waitMs;
    this.#awakeAtMs = nowMs;
    if (nowMs - this.#readAtMs < waitMs * AWAKE_SHARE) return;
    this.#readAtMs = nowMs;
    this.#source.read();
    this.#startTimer(isFlowing ? waitMs * AWAKE_TIMER_FACTOR : waitMs);
  }

  /** Ends the timer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  get #waitMs(): number {
    return Math.min(MAX_CHECK_WAIT_MS, this.#source.clients * WAIT_MS_PER_CLIENT);
  }

  #startTimer(delayMs: number): void {
    if (this.#timer !== undefined && this.#timerMs === delayMs) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timerMs = delayMs;
    this.#timer = setTimeout(() => this.#handleTimer(), delayMs);
  }

  #handleTimer(): void {
    if (this.#source.read() > 0) {
      this.#readAtMs = this.#now();
      this.#startTimer(this.#waitMs);
      return;
    }
    this.#timer = undefined;
    this.#source.poll(true);
  }
}
