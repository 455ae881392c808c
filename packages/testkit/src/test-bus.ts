/**
 * The bus of test servers, which the environment variable `GAVEL_TEST_BUS` chooses (BUS-4).
 *
 * - absent: one node; everything is copied through JSON, and nothing is delayed
 * - `delayed`, or `delayed:SEED`: one node; every message takes up to 2 ms
 * - `nodes`, or `nodes:SEED`: two nodes; as `delayed`, and so does every message between them
 * - `cluster`, or `cluster:SEED`: three nodes, joined by a NATS server and a PostgreSQL database
 * - `postgres`: one node, as without the variable, with its data in PostgreSQL
 *
 * @module
 */

import type { Bus } from '@gavel/server';
import { SerialisingBus } from './serialising-bus.ts';
import type { NodesSettings } from './test-nodes.ts';

const MAX_DELAY_MS = 2;
const KINDS = ['', 'delayed', 'nodes', 'cluster', 'postgres'] as const;

interface TestBus {
  readonly kind: (typeof KINDS)[number];
  readonly seed: number;
}

/** @throws Error if `GAVEL_TEST_BUS` is something else than documented above */
function readTestBus(): TestBus {
  const [name = '', seed = '1'] = (process.env.GAVEL_TEST_BUS ?? '').split(':');
  const kind = KINDS.find((each) => each === name);
  if (kind === undefined) throw new Error(`GAVEL_TEST_BUS: unknown bus "${name}"`);
  return { kind, seed: Number(seed) };
}

/** Puts the bus that is tested in front of a server's own. */
export function wrapTestBus(bus: Bus): Bus {
  const { kind, seed } = readTestBus();
  return new SerialisingBus(bus, { seed, maxMs: kind === 'delayed' || kind === 'nodes' ? MAX_DELAY_MS : 0 });
}

/** Returns the nodes that a test server has; undefined if it is one process without a cluster. */
export function readTestNodes(): NodesSettings | undefined {
  const { kind, seed } = readTestBus();
  if (kind === 'nodes') return { size: 2, joinedBy: 'memory', seed, maxMs: MAX_DELAY_MS };
  return kind === 'cluster' ? { size: 3, joinedBy: 'services', seed, maxMs: 0 } : undefined;
}

/** Whether a test server is one process with its data in PostgreSQL. */
export const IS_ON_POSTGRES: boolean = readTestBus().kind === 'postgres';

/** Whether test servers have their data in PostgreSQL, as one process or as several nodes. */
export const USES_POSTGRES: boolean = IS_ON_POSTGRES || readTestBus().kind === 'cluster';

/**
 * Whether a test server is one process. Skip a test otherwise only if what it tests belongs to a process, and say why:
 *
 * ```ts
 * // The lock is that of a process on its folder.
 * test.runIf(IS_ONE_PROCESS)('a folder in use is refused (START-1)', async () => {});
 * ```
 */
export const IS_ONE_PROCESS: boolean = readTestNodes() === undefined;
