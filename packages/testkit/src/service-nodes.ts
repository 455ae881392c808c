/**
 * Nodes in one process that are joined as those on several machines are: by a NATS server and a PostgreSQL database.
 *
 * @module
 */

import { join } from 'node:path';
import { type Config, systemClock } from '@gavel/server';
import { joinCluster } from '@gavel/server/cluster-node';
import { pino } from 'pino';
import { sharedNats } from './nats-server.ts';
import { databaseFor } from './postgres.ts';
import type { NodeGroup } from './test-nodes.ts';

/** All servers of a process share one database server, which permits 60 connections. */
const MAX_CONNECTIONS_PER_NODE = 3;

interface Member {
  readonly config: Config;
  readonly cluster: NonNullable<Awaited<ReturnType<typeof joinCluster>>>;
}

let clusters = 0;

/**
 * Joins nodes to a cluster of their own, all at the same time. Leases and messages use the real time, whatever clock the servers have.
 *
 * @throws Error if a service does not start
 */
export async function joinByServices(config: Config, size: number): Promise<NodeGroup> {
  const { dataDir } = config;
  const [url, nats] = await Promise.all([databaseFor(dataDir), sharedNats()]);
  clusters += 1;
  const name = `test-${process.pid}-${clusters}`;
  const ids = Array.from({ length: size }, (_, index) => `node-${index}`);
  const log = pino({ level: 'silent' });
  const joinAs = async (node: string): Promise<Member> => {
    const own: Config = {
      ...config,
      dataDir: join(dataDir, node),
      store: { ...config.store, url, maxConnections: MAX_CONNECTIONS_PER_NODE },
    };
    const cluster = await joinCluster({ ...own, cluster: { node, name, nats: { url: nats.url } } }, systemClock, log);
    if (!cluster) throw new Error('the configuration has no cluster');
    return { config: own, cluster };
  };
  const results = await Promise.allSettled(ids.map(joinAs));
  const members = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const close = async (): Promise<void> => void (await Promise.all(members.map(({ cluster }) => cluster.close())));
  const failure = results.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (failure) {
    await close();
    throw failure.reason;
  }
  return { nodes: members.map(({ config, cluster }) => ({ config, parts: { cluster } })), close };
}
