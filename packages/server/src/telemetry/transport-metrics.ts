/**
 * Metrics of the media workers' ports.
 *
 * @module
 */

import type { EngineDump, TransportDump } from '@gavel/media';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Adds the metrics of transports. libdatachannel counts nothing, and has none of them. */
export function observeTransports(registry: Registry, dump: () => Promise<EngineDump> | undefined): void {
  const registers = [registry];
  const listTransports = async (): Promise<{ worker: number; transport: TransportDump }[]> =>
    ((await dump())?.workers ?? []).flatMap(({ worker, transport }) => (transport ? [{ worker, transport }] : []));
  const count = (name: string, help: string, read: (transport: TransportDump) => object | undefined): void => {
    new Counter({
      name,
      help,
      labelNames: ['worker', 'outcome'],
      registers,
      async collect() {
        this.reset();
        for (const { worker, transport } of await listTransports()) {
          for (const [outcome, value] of Object.entries(read(transport) ?? {})) this.inc({ worker, outcome }, value);
        }
      },
    });
  };
  count(
    'gavel_media_datagrams_total',
    'Datagrams at the media ports, by worker and by what became of them. Not counted with libdatachannel.',
    (transport) => transport.datagrams,
  );
  count(
    'gavel_media_tcp_total',
    'Connections (accepted, refused, expired, malformed) and packets (received, sent, blocked) at the TCP ports of media.',
    (transport) => transport.tcp?.counts,
  );
  new Gauge({
    name: 'gavel_media_tcp_connections',
    help: 'Open connections at the TCP ports of media.',
    labelNames: ['worker'],
    registers,
    async collect() {
      this.reset();
      for (const { worker, transport } of await listTransports()) {
        if (transport.tcp !== undefined) this.set({ worker }, transport.tcp.connections);
      }
    },
  });
  new Gauge({
    name: 'gavel_media_socket_buffer_bytes',
    help: 'Sizes of the kernel buffers of the media ports, as the system granted them.',
    labelNames: ['worker', 'direction'],
    registers,
    async collect() {
      this.reset();
      for (const { worker, transport } of await listTransports()) {
        if (transport.buffers === undefined) continue;
        this.set({ worker, direction: 'receive' }, transport.buffers.receive);
        this.set({ worker, direction: 'send' }, transport.buffers.send);
      }
    },
  });
}
