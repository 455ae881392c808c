/**
 * Metrics in the Prometheus text format.
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { EventBatch, EventSink } from '../rooms/rooms.ts';
import { MediaMetrics } from './media-metrics.ts';

/** Interval at which the delay of the event loop is sampled, in milliseconds. Each sample wakes the process. */
const EVENT_LOOP_SAMPLE_MS = 100;

/** Sources of the gauges. */
export interface MetricsSources {
  readonly engine: MediaEngine;
  readonly roomCount: () => number;
  readonly connectionCount: () => number;
}

/** Numbers of callbacks. */
export interface CallbackFigures {
  /** Since the start. */
  readonly counts: { readonly delivered: number; readonly failed: number };
  readonly countPending: () => Promise<number>;
}

/** Counts what happens in all rooms. */
export class Metrics implements EventSink {
  readonly #registry = new Registry();
  readonly #logins: Counter;
  readonly #exits: Counter<'cause'>;
  readonly #streams: Counter<'cause'>;
  readonly #messages: Counter<'kind'>;
  readonly #members: Gauge;
  /** The metrics of media. */
  readonly media = new MediaMetrics(this.#registry);
  #engine: MediaEngine | undefined;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
    this.#logins = new Counter({ name: 'gavel_logins_total', help: 'Members that joined a room.', registers });
    this.#exits = new Counter({
      name: 'gavel_exits_total',
      help: 'Members that left, by cause.',
      labelNames: ['cause'],
      registers,
    });
    this.#streams = new Counter({
      name: 'gavel_streams_ended_total',
      help: 'Streams that ended, by cause.',
      labelNames: ['cause'],
      registers,
    });
    this.#messages = new Counter({
      name: 'gavel_messages_total',
      help: 'Messages sent to rooms, by kind.',
      labelNames: ['kind'],
      registers,
    });
    this.#members = new Gauge({ name: 'gavel_members', help: 'Current members in all rooms.', registers });
  }

  /** Adds the gauges whose values are read when metrics are collected. */
  observe({ engine, roomCount, connectionCount }: MetricsSources): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read());
        },
      });
    gauge('gavel_rooms', 'Current rooms.', roomCount);
    gauge('gavel_connections', 'Current signalling connections.', connectionCount);
    this.#engine = engine;
  }

  /** Adds the metrics of callbacks, whose values are read when metrics are collected. */
  observeCallbacks(callbacks: CallbackFigures): void {
    const registers = [this.#registry];
    const counter = (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    counter(
      'gavel_callbacks_delivered_total',
      'Callbacks that an endpoint accepted.',
      () => callbacks.counts.delivered,
    );
    counter('gavel_callbacks_failed_total', 'Callbacks that failed permanently.', () => callbacks.counts.failed);
    new Gauge({
      name: 'gavel_callbacks_pending',
      help: 'Callbacks that are not delivered yet.',
      registers,
      async collect() {
        this.set(await callbacks.countPending());
      },
    });
  }

  handle({ events }: EventBatch): void {
    for (const event of events) {
      if (event.type === 'memberJoined') {
        this.#logins.inc();
        this.#members.inc();
      } else if (event.type === 'memberLeft') {
        this.#exits.inc({ cause: event.cause });
        this.#members.dec();
      } else if (event.type === 'streamRemoved') this.#streams.inc({ cause: event.cause });
      else if (event.type === 'message') this.#messages.inc({ kind: event.kind });
    }
  }

  /** All metrics as text. */
  async text(): Promise<string> {
    // One dump for all metrics of media: a dump queries every worker.
    if (this.#engine) this.media.read(await this.#engine.dump());
    return this.#registry.metrics();
  }

  /** The text's content type. */
  get contentType(): string {
    return this.#registry.contentType;
  }
}
