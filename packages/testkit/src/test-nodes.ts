/**
 * A test server that is several nodes in one process. They share a clock and a fake media engine; each connection and each call
 * goes to one of them at random.
 *
 * @module
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineDump, MediaEngine } from '@gavel/media';
import {
  type Config,
  type GavelServer,
  openSqliteStore,
  type ServerParts,
  type Store,
  startServer,
} from '@gavel/server';
import type { Delays } from './delayed-channels.ts';
import { Entrance } from './entrance.ts';
import { MemoryCluster } from './memory-cluster.ts';

/** How many nodes there are, and what joins them. */
export interface NodesSettings extends Delays {
  readonly size: number;
  /** `memory`: a network in memory, with delays, and one SQLite file. `services`: a NATS server and a PostgreSQL database. */
  readonly joinedBy: 'memory' | 'services';
}

/** What each node is started with, and what all of them share. */
export interface NodeGroup {
  readonly nodes: readonly { readonly config: Config; readonly parts: ServerParts }[];
  /** The store, if it is one for all; otherwise each node opens its own. */
  readonly store?: Store;
  /** Closes what the nodes share, after they have been closed. */
  close(): Promise<void>;
}

/** Several nodes, used like one server. */
export interface TestNodes extends GavelServer {
  /** The address of each node; that of the server leads to any of them. */
  readonly nodeUrls: readonly string[];
}

/**
 * Starts the nodes, those with stores of their own at the same time. What is asked of the result itself is asked of the first node, but its bus and its engine are those
 * of all nodes: a method of the bus or the store that a test replaces is replaced at each, and the engine's dump has the media of each.
 *
 * @param parts with an engine, all nodes use it; otherwise each starts its own
 */
export async function startNodes(config: Config, parts: ServerParts, settings: NodesSettings): Promise<TestNodes> {
  const entrance = await Entrance.open(config.port, settings.seed);
  const nodes: GavelServer[] = [];
  let group: NodeGroup | undefined;
  const close = async (): Promise<void> => {
    entrance.close();
    const results = await Promise.allSettled(nodes.map((node) => node.close()));
    await group?.close();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  };
  try {
    group = await joinNodes(config, parts, settings);
    const engine = parts.engine && shareEngine(parts.engine);
    const start = ({ config, parts: own }: NodeGroup['nodes'][number]): Promise<GavelServer> =>
      startServer(config, { ...parts, ...own, claim: entrance.claim(), ...(engine && { engine }) });
    const results: PromiseSettledResult<GavelServer>[] = [];
    // Nodes with one store between them have no leases: at the same time, each would end the sessions that were left.
    if (group.store) for (const node of group.nodes) results.push(...(await Promise.allSettled([start(node)])));
    else results.push(...(await Promise.allSettled(group.nodes.map(start))));
    nodes.push(...results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  } catch (error) {
    await close();
    throw error;
  }
  const [first] = nodes;
  if (!first) throw new Error('a cluster has at least one node');
  return {
    ...first,
    baseUrl: entrance.baseUrl,
    nodeUrls: entrance.nodeUrls,
    bus: patchAll(nodes.map(({ bus }) => bus)),
    store: group.store ?? mergeStores(nodes.map(({ store }) => store)),
    engine: parts.engine ?? mergeEngines(nodes.map(({ engine }) => engine)),
    async reload(read) {
      const [result] = await Promise.all(nodes.map((node) => node.reload(read)));
      return result ?? { reloaded: [], needRestart: [] };
    },
    close,
  };
}

async function joinNodes(config: Config, parts: ServerParts, settings: NodesSettings): Promise<NodeGroup> {
  if (settings.joinedBy === 'memory') return joinInMemory(config, parts, settings);
  // Needs the drivers of both services.
  const { joinByServices } = await import('./service-nodes.ts');
  return joinByServices(config, settings.size);
}

async function joinInMemory(
  config: Config,
  parts: ServerParts,
  { size, ...delays }: NodesSettings,
): Promise<NodeGroup> {
  mkdirSync(config.dataDir, { recursive: true });
  const store = parts.store ?? (await openSqliteStore(join(config.dataDir, 'gavel.db')));
  const cluster = new MemoryCluster(size, delays);
  const shared = { ...store, close: async () => {} };
  const members = Array.from({ length: size }, () => cluster.join());
  return {
    nodes: members.map((member) => ({
      config: { ...config, dataDir: join(config.dataDir, member.link.id) },
      parts: { store: shared, cluster: member },
    })),
    store,
    close: () => store.close(),
  };
}

/** Returns the first of some objects; a method that a test replaces is replaced at all of them. */
function patchAll<T extends object>(objects: readonly T[]): T {
  const [first] = objects;
  if (!first) throw new Error('a cluster has at least one node');
  return new Proxy(first, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' && !Object.hasOwn(target, name) ? value.bind(target) : value;
    },
    set: (_target, name, value) => objects.every((each) => Reflect.set(each, name, value)),
    defineProperty: (_target, name, descriptor) =>
      objects.every((each) => Reflect.defineProperty(each, name, descriptor)),
    deleteProperty: (_target, name) => objects.every((each) => Reflect.deleteProperty(each, name)),
  });
}

/** Returns the first of some stores on one database; a method that a test replaces is replaced at all of them. */
function mergeStores(stores: readonly Store[]): Store {
  const [first] = stores;
  if (!first) throw new Error('a cluster has at least one node');
  const names = Object.keys(first) as (keyof Store)[];
  const repositories = names.filter((name) => typeof first[name] === 'object');
  const merged = repositories.map((name) => [name, patchAll(stores.map((store) => store[name] as object))]);
  const close = async (): Promise<void> => void (await Promise.all(stores.map((store) => store.close())));
  return { ...first, ...Object.fromEntries(merged), close };
}

/** Returns an engine that is started once and closed once, however many nodes use it. */
function shareEngine(engine: MediaEngine): MediaEngine {
  const once = { started: undefined as Promise<void> | undefined, closed: undefined as Promise<void> | undefined };
  return replaceMethods(engine, {
    start: () => (once.started ??= engine.start()),
    close: () => (once.closed ??= engine.close()),
  });
}

/** Returns the first engine; its dump has the media of all of them. */
function mergeEngines(engines: readonly MediaEngine[]): MediaEngine {
  const [first] = engines;
  if (!first) throw new Error('a cluster has at least one node');
  return replaceMethods(first, {
    async dump(): Promise<EngineDump> {
      const dumps = await Promise.all(engines.map((engine) => engine.dump()));
      return {
        workers: dumps.flatMap(({ workers }) => workers),
        peers: dumps.flatMap(({ peers }) => peers),
        streams: dumps.flatMap(({ streams }) => streams),
        closed: dumps.flatMap(({ closed }) => closed),
      };
    },
  });
}

function replaceMethods<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const value = Reflect.get(Object.hasOwn(methods, name) ? methods : target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
