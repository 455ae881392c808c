/**
 * The bus of test servers, which the environment variable `GAVEL_TEST_BUS` chooses (BUS-4).
 *
 * - absent: everything is copied through JSON, and nothing is delayed
 * - `delayed`, or `delayed:SEED`: every message takes up to 2 ms
 *
 * @module
 */

import type { Bus } from '@gavel/server';
import { SerialisingBus } from './serialising-bus.ts';

const MAX_DELAY_MS = 2;

/** Puts the bus that is tested in front of a server's own. @throws Error if `GAVEL_TEST_BUS` is something else */
export function wrapTestBus(bus: Bus): Bus {
  const [kind, seed = '1'] = (process.env.GAVEL_TEST_BUS ?? '').split(':');
  if (kind !== '' && kind !== 'delayed') throw new Error(`GAVEL_TEST_BUS: unknown bus "${kind}"`);
  return new SerialisingBus(bus, { seed: Number(seed), maxMs: kind === 'delayed' ? MAX_DELAY_MS : 0 });
}
