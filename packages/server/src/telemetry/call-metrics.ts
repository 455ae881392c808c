/**
 * The metrics of calls: requests of clients, and calls of the HTTP APIs.
 *
 * @module
 */

import { Counter, Histogram, type Registry } from 'prom-client';

/** An answered call. */
export interface AnsweredCall {
  readonly door: 'signalling' | 'zego' | 'realtimekit' | 'admin';
  /** The App, if the call named one that exists. */
  readonly appId?: number | undefined;
  /** What the call does. It is one of a fixed set of names, never a text of the caller: each name is kept in memory. */
  readonly operation: string;
  /** The code of the answer in the words of the door. */
  readonly code: string | number;
  readonly durationMs: number;
}

/** Counts an answered call. */
export type CountCall = (call: AnsweredCall) => void;

/** The name of an operation that does not exist. */
export const UNKNOWN_OPERATION = 'unknown';

/** Upper limits of the groups that durations are counted in, in seconds. A kick takes less than a millisecond. */
export const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Counts calls and their durations. */
export class CallMetrics {
  readonly #calls: Counter<'door' | 'app' | 'code'>;
  readonly #durations: Histogram<'door' | 'operation'>;
  readonly #removals: Histogram<'command'>;

  constructor(registry: Registry) {
    this.#calls = new Counter({
      name: 'gavel_calls_total',
      help: "Answered calls and requests of clients, by door, App and the door's code; without an App if it is not known.",
      labelNames: ['door', 'app', 'code'],
      registers: [registry],
    });
    this.#durations = new Histogram({
      name: 'gavel_call_duration_seconds',
      help: 'Time from the arrival of a call to its answer, by door and operation.',
      labelNames: ['door', 'operation'],
      buckets: [...DURATION_BUCKETS],
      registers: [registry],
    });
    this.#removals = new Histogram({
      name: 'gavel_removal_duration_seconds',
      help: 'Time until a kick, a close or the deletion of a stream has taken effect: the media is closed, and the callbacks are stored.',
      labelNames: ['command'],
      buckets: [...DURATION_BUCKETS],
      registers: [registry],
    });
  }

  /** Records how long a command took that removed somebody or something. */
  recordRemoval(command: string, durationMs: number): void {
    this.#removals.observe({ command }, durationMs / 1000);
  }

  /** Counts a call. */
  count({ door, appId, operation, code, durationMs }: AnsweredCall): void {
    this.#calls.inc({ door, app: appId === undefined ? '' : String(appId), code: String(code) });
    this.#durations.observe({ door, operation }, durationMs / 1000);
  }
}
