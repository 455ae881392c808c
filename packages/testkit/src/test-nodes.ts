/**
 * A test server that is several nodes in one process: they share a store, a clock and a media engine, and each connection and
 * each call goes to one of them at random.
 *
 * @module
 */

import { join } from 'node:path';
import type { MediaEngine } from '@gavel/media';
import { type Bus, type Config, type GavelServer, openSqliteStore, type ServerParts, startServer } from '@gavel/server';
import type { Delays } from './delayed-channels.ts';
import { Entrance } from './entrance.ts';
import { MemoryCluster } from './memory-cluster.ts';

/** How many nodes there are, and how messages between them are delayed. */
export interface NodesSettings extends Delays {
  readonly size: number;
}

/**
 * Starts the nodes. What is asked of the result itself is asked of the first node.
 *
 * @param parts an engine is required: all nodes use it
 */
export async function startNodes(
  config: Config,
  parts: ServerParts & { readonly engine: MediaEngine },
  { size, ...delays }: NodesSettings,
): Promise<GavelServer> {
  const entrance = await Entrance.open(config.port, delays.seed);
  const store = parts.store ?? (await openSqliteStore(join(config.dataDir, 'gavel.db')));
  const cluster = new MemoryCluster(size, delays);
  const shared = { ...parts, engine: shareEngine(parts.engine), store: { ...store, close: async () => {} } };
  const members = Array.from({ length: size }, () => cluster.join());
  const nodes: GavelServer[] = [];
  const close = async (): Promise<void> => {
    entrance.close();
    await Promise.all(nodes.map((node) => node.close()));
    await store.close();
  };
  try {
    for (const member of members) {
      nodes.push(await startServer(config, { ...shared, cluster: member, claim: entrance.claim() }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [first] = nodes;
  if (!first) throw new Error('a cluster has at least one node');
  return {
    ...first,
    baseUrl: entrance.baseUrl,
    bus: patchAll(nodes.map(({ bus }) => bus)),
    engine: parts.engine,
    store,
    async reload(read) {
      const [result] = await Promise.all(nodes.map((node) => node.reload(read)));
      return result ?? { reloaded: [], needRestart: [] };
    },
    close,
  };
}

/** Returns the first bus; a method that a test replaces is replaced at all buses. */
function patchAll(buses: readonly Bus[]): Bus {
  const [first] = buses;
  if (!first) throw new Error('a cluster has at least one node');
  return new Proxy(first, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' && !Object.hasOwn(target, name) ? value.bind(target) : value;
    },
    set: (_target, name, value) => buses.every((bus) => Reflect.set(bus, name, value)),
    defineProperty: (_target, name, descriptor) => buses.every((bus) => Reflect.defineProperty(bus, name, descriptor)),
    deleteProperty: (_target, name) => buses.every((bus) => Reflect.deleteProperty(bus, name)),
  });
}

/** Returns an engine that is started once and closed once, however many nodes use it. */
function shareEngine(engine: MediaEngine): MediaEngine {
  const once = { started: undefined as Promise<void> | undefined, closed: undefined as Promise<void> | undefined };
  return new Proxy(engine, {
    get(target, name) {
      if (name === 'start') return () => (once.started ??= target.start());
      if (name === 'close') return () => (once.closed ??= target.close());
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
