/**
 * Periodic work, done only for those that have some: a worker with a thousand silent publishers must not call each of them
 * all the time.
 *
 * @module
 */

/** Something that has periodic work now and then. */
export interface Ticking {
  /** Does the work that is due. */
  tick(nowMs: number): void;
  /** Whether there may be work later on; if not, it is not called until it is added again. */
  hasWork(nowMs: number): boolean;
}

/** Those that have periodic work. */
export class TickSet {
  readonly #members = new Set<Ticking>();
  readonly #reportError: (where: string, error: unknown) => void;

  constructor(reportError: (where: string, error: unknown) => void) {
    this.#reportError = reportError;
  }

  /** The number of members. */
  get size(): number {
    return this.#members.size;
  }

  /** Adds a member that has work from now on. */
  add(member: Ticking): void {
    this.#members.add(member);
  }

  /** Removes a member that was closed. */
  delete(member: Ticking): void {
    this.#members.delete(member);
  }

  /** Calls every member, and removes those without further work. An error in one does not affect the others. */
  tick(nowMs: number): void {
    for (const member of this.#members) {
      try {
        member.tick(nowMs);
        if (!member.hasWork(nowMs)) this.#members.delete(member);
      } catch (error) {
        this.#reportError('tick', error);
      }
    }
  }
}

/** A set with a timer of its own, which runs only while there are members. */
export class TimedTickSet {
  readonly #set: TickSet;
  readonly #intervalMs: number;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  /** @param intervalMs the time between two calls of a member */
  constructor(intervalMs: number, now: () => number, reportError: (where: string, error: unknown) => void) {
    this.#set = new TickSet(reportError);
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /** Adds a member that has work from now on; it is called for the first time after the interval. */
  add(member: Ticking): void {
    this.#set.add(member);
    this.#timer ??= setInterval(() => this.#tick(), this.#intervalMs);
  }

  /** Removes a member that was closed. */
  delete(member: Ticking): void {
    this.#set.delete(member);
  }

  #tick(): void {
    this.#set.tick(this.#now());
    if (this.#set.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
