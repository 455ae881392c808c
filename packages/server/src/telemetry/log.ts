/**
 * The log: one JSON line per entry, with secrets redacted.
 *
 * @module
 */

import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Property names whose values are redacted in the log. */
const SECRET_NAMES = [
  'token',
  'ticket',
  'serverSecret',
  'callbackSecret',
  'authorization',
  'Signature',
  'apiToken',
  'adminKey',
  'secret',
  'credential',
];

/** The logs that were derived from a log. A part of the server derives one when it is made, not for each call. */
const DERIVED = new WeakMap<Logger, Set<Logger>>();

/** Creates the server's log. `silent` writes nothing. @param node the id of this node, which every line then has */
export function createLog(level: string, node?: string): Logger {
  const derived = new Set<Logger>();
  const log = pino({
    level,
    base: node === undefined ? null : { node },
    onChild: (child) => derived.add(child),
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
  });
  DERIVED.set(log, derived);
  return log;
}

/** Changes the lowest level of a log and of the logs that were derived from it. */
export function setLogLevel(log: Logger, level: string): void {
  for (const each of [log, ...(DERIVED.get(log) ?? [])]) each.level = level;
}
