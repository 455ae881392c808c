/**
 * The messages between the store's thread and the main thread.
 *
 * @module
 */

import { type ErrorCode, type ErrorDetails, GavelError } from '@gavel/protocol/errors';

/** What a store is opened with. */
export interface ThreadOptions {
  readonly path: string;
  readonly busyLimitMs?: number;
  /** As of `openSqliteStore`. */
  readonly node?: string;
  /** The folder of the journal's files; absent if there are none. */
  readonly journalFolder?: string;
}

/** To the thread. */
export type Request =
  /** Opens a store; the thread has none. It is answered by `Opened`. */
  | { readonly kind: 'open'; readonly options: ThreadOptions }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly repository: string;
      readonly method: string;
      /** A function is replaced by `null`: the thread asks for its result with `change`. */
      readonly args: readonly unknown[];
      /** The index of the argument that is a function. */
      readonly changeIndex?: number;
    }
  /** The result of the function; absent if it threw, which ends the call. */
  | { readonly kind: 'changed'; readonly id: number; readonly value?: unknown };

/** From the thread. */
export type Response =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: ErrorMessage }
  /** Asks for the result of the call's function. */
  | { readonly kind: 'change'; readonly id: number; readonly record: unknown };

/** The answer to `open`: the store is open, or could not be opened. */
export type Opened = { readonly kind: 'open' } | { readonly kind: 'failed'; readonly error: ErrorMessage };

/** An error as it crosses between threads. */
export type ErrorMessage =
  | { readonly code: ErrorCode; readonly message: string; readonly details: ErrorDetails | undefined }
  | { readonly code?: never; readonly error: unknown };

/** Writes an error. */
export function errorMessageOf(error: unknown): ErrorMessage {
  if (!(error instanceof GavelError)) return { error };
  return { code: error.code, message: error.message, details: error.details };
}

/** Reads an error. */
export function errorOf(message: ErrorMessage): unknown {
  if (message.code === undefined) return message.error;
  return new GavelError(message.code, message.message, message.details);
}
