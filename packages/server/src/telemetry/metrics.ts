/**
 * Metrics in the Prometheus text format.
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { NodeStatus } from '../cluster/node-status.ts';
import { CallMetrics } from './call-metrics.ts';
import { CallbackMetrics } from './callback-metrics.ts';
import { ClusterMetrics } from './cluster-metrics.ts';
import { MediaMetrics } from './media-metrics.ts';
import { RoomMetrics } from './room-metrics.ts';

/** Interval at which the delay of the event loop is sampled, in milliseconds. Each sample wakes the process. */
const EVENT_LOOP_SAMPLE_MS = 100;

/** Sources of the gauges. */
export interface MetricsSources {
  readonly engine: MediaEngine;
  readonly connectionCount: () => number;
  /** The version of the server. */
  readonly version: string;
  /** Returns when the certificate of HTTPS expires, in milliseconds since the Unix epoch. Absent without HTTPS. */
  readonly certificateExpiresAtMs?: (() => number) | undefined;
  /** Reads the state of this node. Absent outside a cluster. */
  readonly cluster?: { readonly readStatus: () => Promise<NodeStatus>; readonly liveNodes: () => number } | undefined;
}

/** All metrics of the server. */
export class Metrics {
  readonly #registry = new Registry();
  readonly rooms = new RoomMetrics(this.#registry);
  readonly calls = new CallMetrics(this.#registry);
  readonly callbacks = new CallbackMetrics(this.#registry);
  readonly media = new MediaMetrics(this.#registry);
  #engine: MediaEngine | undefined;
  #readCluster: (() => Promise<void>) | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  }

  /** Adds the gauges whose values are read when metrics are collected. */
  observe({ engine, connectionCount, version, certificateExpiresAtMs, cluster }: MetricsSources): void {
    const registers = [this.#registry];
    if (cluster) {
      const metrics = new ClusterMetrics(this.#registry);
      this.#readCluster = async () => metrics.set(await cluster.readStatus(), cluster.liveNodes());
    }
    new Gauge({
      name: 'gavel_connections',
      help: 'Current signalling connections.',
      registers,
      collect() {
        this.set(connectionCount());
      },
    });
    new Gauge({
      name: 'gavel_build_info',
      help: 'The running version: always 1, with the versions of Gavel and of Node as labels.',
      labelNames: ['version', 'node'],
      registers,
    }).set({ version, node: process.version }, 1);
    this.#engine = engine;
    if (!certificateExpiresAtMs) return;
    new Gauge({
      name: 'gavel_tls_certificate_expiry_timestamp_seconds',
      help: 'When the certificate of HTTPS expires, as Unix time. Only with HTTPS.',
      registers,
      collect() {
        this.set(certificateExpiresAtMs() / 1000);
      },
    });
  }

  /** All metrics as text. */
  async text(): Promise<string> {
    // One dump for all metrics of media: a dump queries every worker.
    if (this.#engine) this.media.read(await this.#engine.dump());
    await this.#readCluster?.();
    return this.#registry.metrics();
  }

  /** The text's content type. */
  get contentType(): string {
    return this.#registry.contentType;
  }
}
