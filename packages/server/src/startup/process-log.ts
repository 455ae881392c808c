/**
 * What Node itself says about the process goes to the log, so that everything on standard output is a JSON line.
 *
 * @module
 */

import type { Logger } from '../telemetry/log.ts';

/** The events and properties of a process that are used. */
export type ObservedProcess = Pick<NodeJS.Process, 'on' | 'removeAllListeners'> & { exit(code: number): void };

/**
 * Logs Node's warnings and an uncaught error, which ends the process with code 1.
 *
 * @param observed the process; another one in tests
 */
export function logProcessTo(log: Logger, observed: ObservedProcess = process): void {
  // Node's own listener prints a warning as text.
  observed.removeAllListeners('warning');
  observed.on('warning', ({ name, message }: Error) => log.warn({ name }, message));
  // Also called for a rejected promise that nothing handles.
  observed.on('uncaughtException', (error: Error) => {
    log.fatal({ err: error }, 'uncaught error; the process ends');
    observed.exit(1);
  });
}
