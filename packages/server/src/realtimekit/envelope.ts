/**
 * The envelopes of the RealtimeKit API: what every answer looks like (RTK-2, reference 2.1 to 2.4).
 *
 * @module
 */

/** What the caller did wrong, or what it asked for and is not there: thrown by handlers, answered as it stands. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status, and the `code` in the body. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Creates the error of a call that is not as the API wants it. @param problem as in `"name" is required` */
export const badRequest = (problem: string): ApiError => new ApiError(400, `BAD_REQUEST: ${problem}`);

/** Creates the error of a thing that is not there. @param kind as in `meeting` */
export const notFound = (kind: string, id: string): ApiError => new ApiError(404, `No ${kind} found with id ${id}`);

/** Returns a record that was looked up. @throws ApiError 404 if there is none */
export function requireFound<T>(record: T | undefined, kind: string, id: string): T {
  if (record === undefined) throw notFound(kind, id);
  return record;
}

/** Creates the error of a meeting in which nobody is. */
export const noActiveSession = (meetingId: string): ApiError =>
  new ApiError(404, `No active session found for meeting_id ${meetingId}`);

/** Which part of a list an answer holds: counted from 1, both ends included; 0 and 0 where it holds nothing. */
export interface Paging {
  readonly total_count: number;
  readonly start_offset: number;
  readonly end_offset: number;
}

/** What a handler answers. */
export interface Answer {
  readonly data: unknown;
  readonly paging?: Paging;
}

/** The body of a success. */
export function successBody(answer: Answer) {
  return { success: true, ...answer };
}

/** The body of an error. */
export function errorBody(status: number, message: string) {
  return { success: false, error: { code: status, message } };
}

/** The gateway's code for every fault of a token. */
const AUTHENTICATION_ERROR = 10000;

/** The body of a refused token: both envelopes, since clients read the one or the other (RTK-1). */
export function authErrorBody(status: 401 | 403, message: string) {
  return {
    ...errorBody(status, message),
    errors: [{ code: AUTHENTICATION_ERROR, message: 'Authentication error' }],
    messages: [],
    result: null,
  };
}

/** Returns a time as the API writes it. */
export const isoTime = (timeMs: number): string => new Date(timeMs).toISOString();
