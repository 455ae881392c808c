/**
 * The metrics of a node of a cluster. A process that is no part of a cluster has none of them.
 *
 * @module
 */

import { Counter, Gauge, type Registry } from 'prom-client';
import type { NodeStatus } from '../cluster/node-status.ts';

/** Shows the state of this node. */
export class ClusterMetrics {
  readonly #lease: Gauge;
  readonly #rooms: Gauge;
  readonly #roundTrip: Gauge;
  readonly #liveNodes: Gauge;
  readonly #takeovers: Counter;
  #counted = 0;

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
    this.#liveNodes = gauge('gavel_cluster_live_nodes', 'Nodes with a valid lease, as far as this one knows.');
    this.#lease = gauge(
      'gavel_cluster_lease_remaining_seconds',
      'How long the lease of this node still lasts; at 0 or below it decides nothing.',
    );
    this.#rooms = gauge('gavel_cluster_owned_rooms', 'Rooms that belong to this node.');
    this.#roundTrip = gauge(
      'gavel_cluster_nats_round_trip_seconds',
      'Time to the NATS server and back; -1 while this node is not connected.',
    );
    this.#takeovers = new Counter({
      name: 'gavel_cluster_takeovers_total',
      help: 'Rooms that this node has taken over from nodes that were gone.',
      registers,
    });
  }

  /** Sets the values for the next collection. */
  set(status: NodeStatus, liveNodes: number): void {
    const { leaseRemainingMs, ownedRooms, takeovers, natsRoundTripMs } = status;
    this.#liveNodes.set(liveNodes);
    this.#lease.set(leaseRemainingMs / 1000);
    this.#rooms.set(ownedRooms);
    this.#roundTrip.set(natsRoundTripMs === undefined ? -1 : natsRoundTripMs / 1000);
    this.#takeovers.inc(takeovers - this.#counted);
    this.#counted = takeovers;
  }
}
