/**
 * A check of `gavel doctor`.
 *
 * @module
 */

/** What a check has found: `ok`; `warn`, which may be intended; `fail`, with which the server does not work. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  /** A sentence for operators, with what to do. */
  readonly detail: string;
}

/** Returns the finders of one check. */
export function findingsOf(check: string) {
  return {
    ok: (detail: string): Finding => ({ check, status: 'ok', detail }),
    warn: (detail: string): Finding => ({ check, status: 'warn', detail }),
    fail: (detail: string): Finding => ({ check, status: 'fail', detail }),
  };
}

/** Returns the text of an error. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
