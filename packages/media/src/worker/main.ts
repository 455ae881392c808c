/**
 * The entry point of a worker process. It gets all input over the IPC channel, and it ends when its parent ends.
 *
 * @module
 */

import { flushCompileCache } from 'node:module';
import type { WorkerCall, WorkerConfig, WorkerMessage } from '../ipc.ts';
import { systemMonotonicMs } from '../system-clock.ts';
import { createTransportFactory } from '../transport/create-transport-factory.ts';
import { listTransportWarnings } from '../transport/transport-warnings.ts';
import { ALLOCATION_INTERVAL_MS } from './allocation/allocator.ts';
import { DemandReports } from './allocation/demand-reports.ts';
import { ClosedRing } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import { PROBE_INTERVAL_MS } from './peer-bandwidth.ts';
import { Piping } from './piping.ts';
import { SOUND_INTERVAL_MS, SoundLevels } from './sound-levels.ts';
import { TimedTickSet } from './tick-set.ts';
import { findErrorCode, TICK_INTERVAL_MS, Worker } from './worker.ts';

/** Set by the first call, `configure`. Calls that arrive before it is done wait for it, and take effect in their order. */
let starting: Promise<Worker> | undefined;
let worker: Worker | undefined;
let ending: NodeJS.Timeout | undefined;

function send(message: WorkerMessage): void {
  // Without a callback, a parent that has ended would cause an 'error' event and thus an uncaught exception.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function reportError(where: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  send({ type: 'log', level: 'error', message: `Unexpected error in ${where}`, detail });
}

async function createWorker(config: WorkerConfig): Promise<Worker> {
  const now = (): number => performance.now();
  const { factory, obstacle } = await createTransportFactory({ config, now, reportError });
  const detail = obstacle === undefined ? factory.kind : `${factory.kind}, because ${obstacle}`;
  send({ type: 'log', level: 'info', message: 'Media transport chosen', detail });
  for (const warning of listTransportWarnings(config, factory.dump())) send({ type: 'log', level: 'warn', ...warning });
  const { pipeFolder } = config;
  const piping = pipeFolder === undefined ? undefined : new Piping(pipeFolder, config.worker, now, reportError);
  await piping?.listen();
  const closed = new ClosedRing();
  const ended = { received: createCounters(), sent: createCounters() };
  const ticking = new TimedTickSet(TICK_INTERVAL_MS, now, reportError);
  const soundLevels = new SoundLevels(new TimedTickSet(SOUND_INTERVAL_MS, now, reportError), (levels) => {
    send({ type: 'sound-levels', levels });
  });
  const probing = {
    ticks: new TimedTickSet(PROBE_INTERVAL_MS, now, reportError),
    counters: { probes: 0, paddingBytes: 0 },
  };
  const allocating = new TimedTickSet(ALLOCATION_INTERVAL_MS, now, reportError);
  const demandReports = new DemandReports((reports) => send({ type: 'demand', reports }));
  const parts = {
    transports: factory,
    demandReports,
    closed,
    ended,
    ticking,
    allocating,
    soundLevels,
    probing,
    piping,
  };
  return new Worker({ ...parts, config, now, notify: send, reportError });
}

async function handleCall(call: WorkerCall): Promise<unknown> {
  if (call.method === 'configure') {
    starting ??= createWorker(call.params);
    worker = await starting;
    // Node writes its compile cache at the exit of a process, but this process is killed and never exits.
    setImmediate(flushCompileCache);
    return undefined;
  }
  if (call.method === 'ping') return readCpuMs();
  if (call.method === 'endAt') return endAt(call.params.monotonicMs);
  worker ??= await starting;
  if (worker === undefined) throw new Error('The worker is not configured yet');
  switch (call.method) {
    case 'negotiate':
      return worker.negotiate(call.params);
    case 'closePeer':
      return worker.closePeer(call.params);
    case 'closeStream':
      return worker.closeStream(call.params);
    case 'unsubscribe':
      return worker.unsubscribe(call.params);
    case 'restrict':
      return worker.restrict(call.params);
    case 'preferVideo':
      return worker.preferVideo(call.params);
    case 'openPipe':
      return worker.openPipe(call.params);
    case 'limitPipe':
      return worker.limitPipe(call.params);
    case 'closePipe':
      return worker.closePipe(call.params);
    case 'acceptPipe':
      return worker.acceptPipe(call.params);
    case 'dump':
      return worker.dump();
  }
}

/** Ends this process at a moment, in place of an earlier one: its parent may stand still, and no longer know who may be heard. */
function endAt(monotonicMs: number | undefined): void {
  clearTimeout(ending);
  if (monotonicMs !== undefined) ending = setTimeout(kill, Math.max(0, monotonicMs - systemMonotonicMs()));
}

/** The binding's threads keep the process alive and its exit handlers wait for them, so the process kills itself. */
const kill = (): void => void process.kill(process.pid, 'SIGKILL');

/** The CPU time of this process, in milliseconds. */
function readCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

process.on('message', (message) => {
  // Only the parent can write to the channel, so messages are not validated.
  const call = message as WorkerCall;
  handleCall(call).then(
    (result) => send({ type: 'result', id: call.id, result }),
    (error: unknown) => {
      const code = findErrorCode(error);
      if (code === undefined) reportError(call.method, error);
      send({ type: 'error', id: call.id, code, message: error instanceof Error ? error.message : String(error) });
    },
  );
});

process.on('disconnect', kill);
// Signals to the whole process group (Ctrl-C) are handled by the parent.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('uncaughtException', (error) => reportError('the worker', error));
process.on('unhandledRejection', (error) => reportError('a promise of the worker', error));
