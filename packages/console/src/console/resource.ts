/**
 * Data of the server that a view shows, and loads again while it is shown.
 *
 * @module
 */

import { Store } from '../store.ts';
import { AdminApiError, describeError } from './api/admin-client.ts';

/** The shortest time from the end of one load to the begin of the next one that an event causes, in milliseconds. */
export const REFRESH_INTERVAL_MS = 1000;

/** What is known of the data. */
export interface ResourceState<Data> {
  /** The latest data; kept when a later load fails, so that the view does not become empty. */
  readonly data: Data | undefined;
  /** Why the latest load failed; empty if it did not. */
  readonly error: string;
  /** The code of that error, such as `not-found`; empty if there is none. */
  readonly code: string;
  readonly isLoading: boolean;
}

/** Timers, for tests. */
export interface Timers {
  readonly set: (callback: () => void, delayMs: number) => unknown;
  readonly clear: (timer: never) => void;
}

const TIMERS: Timers = {
  set: (callback, delayMs) => setTimeout(callback, delayMs),
  clear: (timer) => clearTimeout(timer),
};

/**
 * Loads data, at most one load at a time. Events that arrive in quick succession cause one load per second: a view of a busy
 * server costs it no more than that.
 */
export class Resource<Data> extends Store<ResourceState<Data>> {
  readonly #load: () => Promise<Data>;
  readonly #timers: Timers;
  #timer: unknown;
  #isAgain = false;
  #isClosed = false;

  constructor(load: () => Promise<Data>, timers: Timers = TIMERS) {
    super({ data: undefined, error: '', code: '', isLoading: false });
    this.#load = load;
    this.#timers = timers;
  }

  /** Loads now; after the load that is under way, if there is one. */
  async reload(): Promise<void> {
    if (this.#isClosed) return;
    if (this.state.isLoading) {
      this.#isAgain = true;
      return;
    }
    this.#clearTimer();
    this.set({ isLoading: true });
    const change = await this.#load().then(
      (data) => ({ data, error: '', code: '' }),
      (error: unknown) => ({
        error: describeError(error),
        code: error instanceof AdminApiError ? error.code : 'internal',
      }),
    );
    if (this.#isClosed) return;
    this.set({ ...change, isLoading: false });
    if (!this.#isAgain) return;
    this.#isAgain = false;
    this.refresh();
  }

  /** Loads soon, once for all calls until then. */
  refresh(): void {
    if (this.state.isLoading) this.#isAgain = true;
    else if (!this.#isClosed) {
      this.#timer ??= this.#timers.set(() => {
        this.#timer = undefined;
        void this.reload();
      }, REFRESH_INTERVAL_MS);
    }
  }

  /** Ends all loading: a result that arrives later is ignored. */
  close(): void {
    this.#isClosed = true;
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.#timers.clear(this.#timer as never);
    this.#timer = undefined;
  }
}
