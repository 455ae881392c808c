/**
 * The metrics of callbacks.
 *
 * @module
 */

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Callbacks that are not delivered yet. */
export interface PendingCallbacks {
  countPending(): Promise<number>;
  /** Returns the age of the oldest one in milliseconds; 0 if there is none. */
  findOldestAgeMs(): Promise<number>;
}

/** Upper limits of the groups of ages, in seconds: retries take up to hours. */
const AGE_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800, 7200, 86_400];

/** Counts callbacks, by App. */
export class CallbackMetrics {
  readonly #registry: Registry;
  readonly #delivered: Counter<'app'>;
  readonly #failed: Counter<'app'>;
  readonly #age: Histogram;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const counter = (name: string, help: string) =>
      new Counter({ name, help, labelNames: ['app'] as const, registers });
    this.#delivered = counter('gavel_callbacks_delivered_total', 'Callbacks that an endpoint accepted, by App.');
    this.#failed = counter('gavel_callbacks_failed_total', 'Callbacks that failed permanently, by App.');
    this.#age = new Histogram({
      name: 'gavel_callback_delivery_seconds',
      help: 'Time from the event to the delivery of its callback.',
      buckets: AGE_BUCKETS,
      registers,
    });
  }

  /** Counts a callback that was delivered. */
  countDelivered(appId: number, ageMs: number): void {
    this.#delivered.inc({ app: String(appId) });
    this.#age.observe(ageMs / 1000);
  }

  /** Counts a callback that failed permanently. */
  countFailed(appId: number): void {
    this.#failed.inc({ app: String(appId) });
  }

  /** Adds the gauges of pending callbacks, whose values are read when metrics are collected. */
  observe(pending: PendingCallbacks): void {
    const gauge = (name: string, help: string, read: () => Promise<number>) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        async collect() {
          this.set(await read());
        },
      });
    gauge('gavel_callbacks_pending', 'Callbacks that are not delivered yet.', () => pending.countPending());
    gauge(
      'gavel_callbacks_oldest_pending_seconds',
      'Age of the oldest callback that is not delivered yet; 0 if there is none.',
      async () => (await pending.findOldestAgeMs()) / 1000,
    );
  }
}
