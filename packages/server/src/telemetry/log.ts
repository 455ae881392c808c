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

/** Creates the server's log. `silent` writes nothing. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
  });
}
