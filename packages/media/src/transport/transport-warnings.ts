import type { TransportDump } from '../engine.ts';
import type { WorkerConfig } from '../ipc.ts';

/** A line for the log. */
export interface TransportWarning {
  readonly message: string;
  readonly detail: string;
}

/** Returns what a worker's transport does not have although it is wanted. */
export function listTransportWarnings(
  { tcpPort }: Pick<WorkerConfig, 'tcpPort'>,
  { kind, buffers, tcp }: TransportDump,
): TransportWarning[] {
  const warnings: TransportWarning[] = [];
  if (buffers !== undefined && Math.min(buffers.receive, buffers.send) < buffers.wanted) {
    const { wanted, receive, send } = buffers;
    warnings.push({
      message: 'The system grants smaller buffers for the media port than wanted: bursts of packets may be lost',
      detail: `receive ${receive}, send ${send}, wanted ${wanted} bytes; raise net.core.rmem_max and net.core.wmem_max`,
    });
  }
  if (tcpPort !== undefined && tcp === undefined) {
    warnings.push({ message: 'media.tcpPort has no effect', detail: `${kind} has no TCP port` });
  }
  return warnings;
}
