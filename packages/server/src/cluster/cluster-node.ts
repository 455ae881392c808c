/**
 * This process as a node of a cluster: its lease and its connection to the other nodes.
 *
 * @module
 */

import type { Clock } from '../base/clock.ts';
import type { Config } from '../config.ts';
import type { Unready } from '../telemetry/health.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ClusterParts } from './cluster-rooms.ts';
import { NodeLeases } from './leases/node-leases.ts';
import { openLeaseTable } from './leases/postgres-lease-table.ts';
import { NatsClient } from './nats/nats-client.ts';
import { NatsLink } from './nats/nats-link.ts';

/** A node that has joined its cluster. */
export interface ClusterNode extends ClusterParts {
  /** Ends the lease, so that others take the rooms over at once, and disconnects. */
  close(): Promise<void>;
}

/**
 * Connects to NATS, and begins the lease of this node. Resolves when the other live nodes know it.
 *
 * @throws Error that names the configuration key: NATS refuses or cannot be reached, or another process has this node's id
 */
export async function joinCluster(
  { cluster, store, media, publicUrl }: Config,
  clock: Clock,
  log: Logger,
): Promise<ClusterNode | undefined> {
  if (!cluster || store.url === undefined) return undefined;
  const { node: id, name: prefix = 'gavel' } = cluster;
  const client = await NatsClient.open(cluster.nats, `${prefix} ${id}`, log);
  const onConnectionLost = (error: Error): void =>
    log.warn({ reason: error.message }, 'a connection for the lease was lost');
  const opened = await openLeaseTable({ url: store.url, onConnectionLost }).catch(async (error: unknown) => {
    await client.close();
    throw error;
  });
  const closeConnections = async (): Promise<void> => {
    await client.close();
    await opened.close();
  };
  try {
    const addresses = [publicUrl, media.announcedAddress].flatMap((address) => address ?? []);
    const mayTakeOver = (): boolean => client.isConnected;
    const leases = await NodeLeases.start({ table: opened.table, clock, node: { id, addresses }, mayTakeOver, log });
    const link = await NatsLink.open({ client, membership: leases, clock, id, prefix });
    await link.announce();
    return {
      link,
      ownership: leases,
      lease: leases,
      isFenced: true,
      async readStatus() {
        const natsRoundTripMs = client.isConnected
          ? await client.measureRoundTripMs().catch(() => undefined)
          : undefined;
        return {
          incarnation: leases.incarnation,
          leaseRemainingMs: Math.round(leases.remainingMs),
          ownedRooms: leases.ownedRooms().length,
          ...(natsRoundTripMs !== undefined && { natsRoundTripMs }),
        };
      },
      findUnready: () => describeProblems(client.isConnected, leases.isValid),
      async close() {
        await leases.close();
        link.announceEnd();
        link.close();
        await closeConnections();
      },
    };
  } catch (error) {
    await closeConnections();
    throw error;
  }
}

function describeProblems(isConnected: boolean, isLeaseValid: boolean): readonly Unready[] {
  const problems = [
    ...(isConnected ? [] : ['it is not connected to NATS']),
    ...(isLeaseValid ? [] : ['its lease is over']),
  ];
  return problems.length > 0 ? [{ part: 'cluster', problem: problems.join('; ') }] : [];
}
