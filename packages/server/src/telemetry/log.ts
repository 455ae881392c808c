/**
 * The log: one JSON line per entry, with secrets cut out.
 *
 * @module
 */

import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Names whose values never reach the log, wherever they stand. */
const SECRET_NAMES = [
  'token',
  'ticket',
  'serverSecret',
  'callbackSecret',
  'authorization',
  'Signature',
  'apiToken',
  'adminKey',
];

/** Makes the server's log. `silent` writes nothing. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
  });
}
