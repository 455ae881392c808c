/**
 * Start-up time: from the start of the process to readiness, and to the effect of the first kick.
 *
 * @module
 */

import manifest from '../../packages/server/package.json' with { type: 'json' };
import { Latch } from '../harness/load.ts';
import { defineRow, OWN_NAME, type RunningSubject } from '../harness/row.ts';
import { quantile } from '../harness/run-row.ts';
import { startGavel } from '../peers/gavel.ts';

/** Starts in one round. */
const STARTS = 3;

interface Startable extends RunningSubject {
  /** Starts a server, has a user log in and kicks it; the times are from the start on. */
  run(): Promise<{ readonly readyMs: number; readonly kickedMs: number }>;
}

/** A process is started, and serves. */
export const start = defineRow<Startable>({
  name: 'start',
  work: `A server is started with an empty data directory, a user logs in and is kicked at once; median of ${STARTS} starts.`,
  metrics: [
    { key: 'ready', label: 'start of the process to ready', unit: 'ms', better: 'lower', goal: 1000 },
    { key: 'kicked', label: 'start of the process to the first kick’s event', unit: 'ms', better: 'lower', goal: 1000 },
  ],
  subjects: [{ name: OWN_NAME, start: async () => ({ version: manifest.version, run, stop: async () => {} }) }],
  async measure(server) {
    const runs: { readyMs: number; kickedMs: number }[] = [];
    for (let index = 0; index < STARTS; index += 1) runs.push(await server.run());
    return {
      ready: medianOf(runs.map(({ readyMs }) => readyMs)),
      kicked: medianOf(runs.map(({ kickedMs }) => kickedMs)),
    };
  },
});

const medianOf = (values: readonly number[]): number => quantile(values, 0.5);

async function run() {
  const beganAtMs = performance.now();
  const server = await startGavel({ quiet: true });
  const readyMs = performance.now() - beganAtMs;
  const out = new Latch(1);
  const user = await server.join('user', 'room', { onOut: () => out.count() });
  await server.kick('user', 'room');
  await out.within(5000, 'the kick’s event');
  const kickedMs = performance.now() - beganAtMs;
  user.drop();
  await server.stop();
  return { readyMs, kickedMs };
}
