/**
 * Maps errors of PostgreSQL and of connections to it to those of the store.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';

/**
 * SQLSTATE codes, and classes of them, of a database that cannot serve a query now, with what they mean. The query itself is
 * sound: it may succeed later (PostgreSQL documentation, appendix A).
 */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  '08': 'the connection failed',
  '25006': 'it accepts no changes, because it is a standby or read-only',
  '25P03': 'a transaction was idle for too long',
  '28': 'it refused the login',
  '3D000': 'it has no database of that name',
  '40001': 'transactions collided',
  '40P01': 'transactions waited for each other',
  '53': 'it has no resources left, such as connections, memory or disk space',
  '55P03': 'a row or table was locked for too long',
  '57014': 'a statement took too long',
  '57P': 'it is starting, stopping or restarting',
  '58': 'its system reported an error',
};

/** An error that the server reported, unlike one of the connection. */
interface ServerError extends Error {
  readonly severity: string;
  /** The SQLSTATE code. */
  readonly code: string;
}

const isServerError = (error: unknown): error is ServerError =>
  error instanceof Error && 'severity' in error && 'code' in error;

/**
 * Returns the error to throw for one of a query or of a connection: GavelError `server.store-unavailable` where the database
 * cannot serve the query now, otherwise the error itself. The message names neither address nor user: callers of the API
 * read it. `cause` has them, for the log.
 */
export function storeErrorOf(error: unknown): unknown {
  if (error instanceof GavelError) return error;
  const reason = isServerError(error) ? reasonOf(error.code) : describeConnection(error);
  if (reason === undefined) return error;
  const unavailable = new GavelError('server.store-unavailable', `The database is not available: ${reason}.`);
  unavailable.cause = error;
  return unavailable;
}

/** Returns whether a connection must not be used again: its state is unknown after this error. */
export function breaksConnection(error: unknown): boolean {
  return !isServerError(error) || error.code.startsWith('08') || error.code.startsWith('57P') || error.code === '25P03';
}

function reasonOf(code: string): string | undefined {
  const found = [code, code.slice(0, 3), code.slice(0, 2)].find((prefix) => UNAVAILABLE[prefix] !== undefined);
  return found === undefined ? undefined : `${UNAVAILABLE[found]} (${code})`;
}

/** `pg` reports failures of the network with a code, and an answer or a free connection that did not come in time without one. */
function describeConnection(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? `the connection failed (${code})` : 'it did not answer in time';
}
