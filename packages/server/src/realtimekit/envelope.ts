/**
 * The envelopes of the RealtimeKit API: the format of every answer (RTK-2, reference 2.1 to 2.4).
 *
 * @module
 */

/** An error that is answered to the caller as it is: an invalid call, or a record that does not exist. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status, and the `code` in the body. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Creates the error of an invalid call. @param problem such as `"name" is required` */
export const badRequest = (problem: string): ApiError => new ApiError(400, `BAD_REQUEST: ${problem}`);

/** Creates the error of a missing record. @param kind such as `meeting` */
export const notFound = (kind: string, id: string): ApiError => new ApiError(404, `No ${kind} found with id ${id}`);

/** Returns a record that was looked up. @throws ApiError 404 if there is none */
export function requireFound<T>(record: T | undefined, kind: string, id: string): T {
  if (record === undefined) throw notFound(kind, id);
  return record;
}

/** Creates the error of a meeting without an active session. */
export const noActiveSession = (meetingId: string): ApiError =>
  new ApiError(404, `No active session found for meeting_id ${meetingId}`);

/** The part of a list that an answer contains: counted from 1, both ends included; 0 and 0 if it is empty. */
export interface Paging {
  readonly total_count: number;
  readonly start_offset: number;
  readonly end_offset: number;
}

/** The result of a handler. */
export interface Answer {
  readonly data: unknown;
  readonly paging?: Paging;
}

/** Returns the body of a success. */
export function successBody(answer: Answer) {
  return { success: true, ...answer };
}

/** Returns the body of an error. */
export function errorBody(status: number, message: string) {
  return { success: false, error: { code: status, message } };
}

/** The gateway's code for every refused token. */
const AUTHENTICATION_ERROR = 10000;

/** Returns the body for a refused token. It combines both envelopes, since clients read either (RTK-1). */
export function authErrorBody(status: 401 | 403, message: string) {
  return {
    ...errorBody(status, message),
    errors: [{ code: AUTHENTICATION_ERROR, message: 'Authentication error' }],
    messages: [],
    result: null,
  };
}

/** Formats a time for the API. */
export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString();
