/**
 * Metrics of the media workers' ports.
 *
 * @module
 */

import type { EngineDump } from '@gavel/media';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The metrics of transports. libdatachannel counts nothing, and has none of them. */
export class TransportMetrics {
  readonly #datagrams: Counter;
  readonly #tcp: Counter;
  readonly #tcpConnections: Gauge;
  readonly #buffers: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['worker', 'outcome'];
    this.#datagrams = new Counter({
      name: 'gavel_media_datagrams_total',
      help: 'Datagrams at the media ports, by worker and by what became of them. Not counted with libdatachannel.',
      labelNames,
      registers,
    });
    this.#tcp = new Counter({
      name: 'gavel_media_tcp_total',
      help: 'Connections (accepted, refused, expired, malformed) and packets (received, sent, blocked) at the TCP ports of media.',
      labelNames,
      registers,
    });
    this.#tcpConnections = new Gauge({
      name: 'gavel_media_tcp_connections',
      help: 'Open connections at the TCP ports of media.',
      labelNames: ['worker'],
      registers,
    });
    this.#buffers = new Gauge({
      name: 'gavel_media_socket_buffer_bytes',
      help: 'Sizes of the kernel buffers of the media ports, as the system granted them.',
      labelNames: ['worker', 'direction'],
      registers,
    });
  }

  /** Takes the values of a dump. */
  read({ workers }: EngineDump): void {
    for (const metric of [this.#datagrams, this.#tcp, this.#tcpConnections, this.#buffers]) metric.reset();
    for (const { worker, transport } of workers) {
      const { datagrams, tcp, buffers } = transport ?? {};
      for (const [outcome, count] of Object.entries<number>({ ...datagrams }))
        this.#datagrams.inc({ worker, outcome }, count);
      for (const [outcome, count] of Object.entries<number>({ ...tcp?.counts }))
        this.#tcp.inc({ worker, outcome }, count);
      if (tcp !== undefined) this.#tcpConnections.set({ worker }, tcp.connections);
      if (buffers === undefined) continue;
      this.#buffers.set({ worker, direction: 'receive' }, buffers.receive);
      this.#buffers.set({ worker, direction: 'send' }, buffers.send);
    }
  }
}
