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

let clusters = 0;

/**
 * Joins nodes to a cluster of their own. Leases and messages use the real time, whatever clock the servers have.
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
  const members: NonNullable<Awaited<ReturnType<typeof joinCluster>>>[] = [];
  const close = async (): Promise<void> => void (await Promise.all(members.map((member) => member.close())));
  const nodes: NodeGroup['nodes'][number][] = [];
  try {
    for (const id of ids) {
      const own: Config = {
        ...config,
        dataDir: join(dataDir, id),
        store: { ...config.store, url, maxConnections: MAX_CONNECTIONS_PER_NODE },
      };
      const cluster = { node: id, name, nats: { url: nats.url } };
      const member = await joinCluster({ ...own, cluster }, systemClock, log);
      if (!member) throw new Error('the configuration has no cluster');
      members.push(member);
      nodes.push({ config: own, parts: { cluster: member } });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { nodes, close };
}
