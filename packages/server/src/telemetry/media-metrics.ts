/**
 * The metrics of media, from the engine's dump and its events.
 *
 * @module
 */

import type { EngineDump, PacketCounters } from '@gavel/media';
import { Counter, Gauge, type Registry } from 'prom-client';
import { TransportMetrics } from './transport-metrics.ts';

/** A current value by worker. */
interface WorkerGauge {
  readonly name: string;
  readonly help: string;
  /** A label besides `worker`. */
  readonly label?: string;
  /** Returns the worker of each counted thing, and the value of the label. */
  readonly list: (dump: EngineDump) => Iterable<readonly [worker: number, value?: string]>;
}

const GAUGES: readonly WorkerGauge[] = [
  {
    name: 'gavel_media_peers',
    help: 'Current peer connections, by worker and state.',
    label: 'state',
    list: ({ peers }) => peers.map(({ worker, state }) => [worker, state]),
  },
  {
    name: 'gavel_media_streams',
    help: 'Current streams at the media engine, by worker.',
    list: ({ streams }) => streams.map(({ worker }) => [worker]),
  },
  {
    name: 'gavel_media_subscriptions',
    help: 'Current subscriptions to streams, by worker.',
    list: ({ streams }) => streams.flatMap(({ worker, subscriptions }) => subscriptions.map(() => [worker] as const)),
  },
  {
    name: 'gavel_media_subscribed_layers',
    help: 'Subscriptions that are sent video now, by worker and layer (0 is the lowest).',
    label: 'layer',
    list: ({ streams }) =>
      streams.flatMap(({ worker, subscriptions }) =>
        subscriptions.flatMap(({ layer }) => (layer === undefined ? [] : [[worker, `${layer}`] as const])),
      ),
  },
  {
    name: 'gavel_media_paused_videos',
    help: 'Subscriptions whose video is paused for want of bandwidth, by worker.',
    list: ({ streams }) =>
      streams.flatMap(({ worker, subscriptions }) =>
        subscriptions.flatMap(({ isPaused }) => (isPaused ? [[worker] as const] : [])),
      ),
  },
  {
    name: 'gavel_media_estimated_peers',
    help: 'Peers whose bandwidth is estimated, by worker and bandwidth: at least so many bits per second (0, 100000, 300000, 1000000, 3000000).',
    label: 'bandwidth',
    list: ({ peers }) =>
      peers.flatMap(({ worker, estimate }) => (estimate ? [[worker, findBandwidth(estimate.bps)] as const] : [])),
  },
];

/** The least bandwidths of the groups that viewers are counted in, in bits per second. */
const BANDWIDTHS = [3_000_000, 1_000_000, 300_000, 100_000, 0] as const;

/** The counters of packets that are summed by worker and direction. */
const PACKET_COUNTERS: Readonly<Record<'packets' | 'bytes' | 'lost' | 'retransmitted' | 'keyframeRequests', string>> = {
  packets: 'RTP packets',
  bytes: 'Bytes of RTP packets',
  lost: 'Packets that were missing when received, or requested again by a client',
  retransmitted: 'Packets that were received late after a request, or sent again',
  keyframeRequests: 'Requests for keyframes that were sent to publishers (received), or came from viewers (sent)',
};

type CounterName = keyof typeof PACKET_COUNTERS;
const COUNTER_NAMES = Object.keys(PACKET_COUNTERS) as CounterName[];

/** What became of a peer connection: `failed` if it ended before it had connected. */
export type ConnectionOutcome = 'connected' | 'failed' | 'lost';

/** Registers and reads the metrics of media. */
export class MediaMetrics {
  readonly #gauges: readonly (readonly [WorkerGauge, Gauge])[];
  readonly #packets: Readonly<Record<CounterName, Counter>>;
  readonly #transports: TransportMetrics;
  readonly #connections: Counter<'outcome'>;
  readonly #unconnected: Counter<'role'>;
  readonly #droppedFrames: Counter<'worker'>;
  readonly #probes: Counter<'worker'>;
  readonly #paddingBytes: Counter<'worker'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#transports = new TransportMetrics(registry);
    this.#gauges = GAUGES.map((gauge) => {
      const { name, help, label } = gauge;
      const labelNames = ['worker', ...(label === undefined ? [] : [label])];
      return [gauge, new Gauge({ name, help, labelNames, registers })] as const;
    });
    const packets = COUNTER_NAMES.map((counter) => {
      const name = `gavel_media_${counter === 'keyframeRequests' ? 'keyframe_requests' : counter}_total`;
      const help = `${PACKET_COUNTERS[counter]}, by worker and direction, since the start of the worker.`;
      return [counter, new Counter({ name, help, labelNames: ['worker', 'direction'], registers })] as const;
    });
    this.#packets = Object.fromEntries(packets) as Record<CounterName, Counter>;
    this.#droppedFrames = new Counter({
      name: 'gavel_media_pipe_dropped_total',
      help: 'Packets to other workers that were dropped because those do not read fast enough, by worker.',
      labelNames: ['worker'],
      registers,
    });
    this.#probes = new Counter({
      name: 'gavel_media_probes_total',
      help: 'Probes of what viewers’ networks can take, by worker.',
      labelNames: ['worker'],
      registers,
    });
    this.#paddingBytes = new Counter({
      name: 'gavel_media_probe_padding_bytes_total',
      help: 'Bytes of padding that were sent for probes, by worker.',
      labelNames: ['worker'],
      registers,
    });
    this.#connections = new Counter({
      name: 'gavel_media_connections_total',
      help: 'Peer connections that connected, that failed before they connected, and that were lost later.',
      labelNames: ['outcome'],
      registers,
    });
    this.#unconnected = new Counter({
      name: 'gavel_media_unconnected_total',
      help: 'Publishes and plays that ended before their media connected, by role.',
      labelNames: ['role'],
      registers,
    });
  }

  /** Counts a peer connection. */
  countConnection(outcome: ConnectionOutcome): void {
    this.#connections.inc({ outcome });
  }

  /** Counts media that never connected (CONN-4). */
  countUnconnected(role: 'publish' | 'play'): void {
    this.#unconnected.inc({ role });
  }

  /** Takes the values of a dump. */
  read(dump: EngineDump): void {
    for (const [{ label, list }, gauge] of this.#gauges) {
      gauge.reset();
      for (const { worker } of dump.workers) if (label === undefined) gauge.set({ worker }, 0);
      for (const [worker, value] of list(dump)) gauge.inc({ worker, ...(label !== undefined && { [label]: value }) });
    }
    this.#readPackets(dump);
    this.#transports.read(dump);
  }

  #readPackets({ workers }: EngineDump): void {
    for (const counter of [this.#droppedFrames, this.#probes, this.#paddingBytes, ...Object.values(this.#packets)])
      counter.reset();
    for (const { worker, totals, droppedPipeFrames, probes } of workers) {
      if (probes !== undefined) {
        this.#probes.inc({ worker }, probes.probes);
        this.#paddingBytes.inc({ worker }, probes.paddingBytes);
      }
      if (droppedPipeFrames !== undefined) this.#droppedFrames.inc({ worker }, droppedPipeFrames);
      for (const [direction, counters] of Object.entries<PacketCounters>({ ...totals })) {
        for (const name of COUNTER_NAMES) this.#packets[name].inc({ worker, direction }, counters[name]);
      }
    }
  }
}

function findBandwidth(bps: number): string {
  return `${BANDWIDTHS.find((least) => bps >= least) ?? 0}`;
}
