/**
 * The bus of test servers, which the environment variable `GAVEL_TEST_BUS` chooses (BUS-4).
 *
 * - absent: one node; everything is copied through JSON, and nothing is delayed
 * - `delayed`, or `delayed:SEED`: one node; every message takes up to 2 ms
 * - `nodes`, or `nodes:SEED`: two nodes; every message between them takes up to 2 ms
 *
 * @module
 */

import type { Bus } from '@gavel/server';
import { SerialisingBus } from './serialising-bus.ts';
import type { NodesSettings } from './test-nodes.ts';

const MAX_DELAY_MS = 2;

interface TestBus {
  readonly kind: '' | 'delayed' | 'nodes';
  readonly seed: number;
}

/** @throws Error if `GAVEL_TEST_BUS` is something else than documented above */
function readTestBus(): TestBus {
  const [kind, seed = '1'] = (process.env.GAVEL_TEST_BUS ?? '').split(':');
  if (kind !== '' && kind !== 'delayed' && kind !== 'nodes') throw new Error(`GAVEL_TEST_BUS: unknown bus "${kind}"`);
  return { kind, seed: Number(seed) };
}

/** Puts the bus that is tested in front of a server's own. */
export function wrapTestBus(bus: Bus): Bus {
  const { kind, seed } = readTestBus();
  return new SerialisingBus(bus, { seed, maxMs: kind === '' ? 0 : MAX_DELAY_MS });
}

/** Returns the nodes that a test server has; undefined if it is one process without a cluster. */
export function readTestNodes(): NodesSettings | undefined {
  const { kind, seed } = readTestBus();
  return kind === 'nodes' ? { size: 2, seed, maxMs: MAX_DELAY_MS } : undefined;
}
