/**
 * A worker process's entry. It lives on the IPC channel alone: its environment has next to nothing, and it ends with its parent.
 *
 * @module
 */

import { flushCompileCache } from 'node:module';
import type { WorkerCall, WorkerConfig, WorkerMessage } from '../ipc.ts';
import { ClosedRing } from './closed-ring.ts';
import { MediaPorts } from './media-ports.ts';
import { findErrorCode, Worker } from './worker.ts';

let worker: Worker | undefined;

function send(message: WorkerMessage): void {
  // Without a callback a vanished parent would be an 'error' event, and that an uncaught exception.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function reportError(where: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  send({ type: 'log', level: 'error', message: `Unexpected error in ${where}`, detail });
}

function createWorker(config: WorkerConfig): Worker {
  const now = (): number => performance.now();
  const ports = new MediaPorts(config, now);
  ports.open();
  return new Worker({
    config,
    ports,
    closed: new ClosedRing(),
    now,
    notify: send,
    reportError,
  });
}

async function handleCall(call: WorkerCall): Promise<unknown> {
  if (call.method === 'configure') {
    worker ??= createWorker(call.params);
    // Node writes what it compiled when a process exits, which this one never does: it is killed.
    setImmediate(flushCompileCache);
    return undefined;
  }
  if (call.method === 'ping') return undefined;
  if (worker === undefined) throw new Error('The worker is not configured yet');
  switch (call.method) {
    case 'publish':
      return worker.publish(call.params);
    case 'play':
      return worker.play(call.params);
    case 'closeStream':
      return worker.closeStream(call.params);
    case 'closePlayer':
      return worker.closePlayer(call.params);
    case 'restrict':
      return worker.restrict(call.params);
    case 'dump':
      return worker.dump();
  }
}

process.on('message', (message) => {
  // Only the parent can write to the channel.
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

// The binding's threads keep a process alive and its exit handlers wait for them: end without ceremony.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// Signals meant for the whole process group (Ctrl-C) are the parent's to act on.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('uncaughtException', (error) => reportError('the worker', error));
process.on('unhandledRejection', (error) => reportError('a promise of the worker', error));
