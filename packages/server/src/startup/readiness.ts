/**
 * What keeps a server from being ready (`/readyz`).
 *
 * @module
 */

import type { MediaEngine } from '@gavel/media';
import type { ClusterRooms } from '../cluster/cluster-rooms.ts';
import type { Store } from '../store/store.ts';
import type { Unready } from '../telemetry/health.ts';
import { findUnreadyWorkers } from './media-engine.ts';

/** Returns the parts that are not ready: media workers, the cluster, the store. */
export async function findUnready(
  engine: MediaEngine,
  store: Pick<Store, 'ping'>,
  cluster?: Pick<ClusterRooms, 'findUnready'>,
): Promise<Unready[]> {
  const unready = [...findUnreadyWorkers(engine), ...(cluster?.findUnready() ?? [])];
  await store.ping().catch((error: unknown) => unready.push({ part: 'store', problem: messageOf(error) }));
  return unready;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
