/**
 * Errors of the admin API: `{"error": {"code", "message"}}`.
 *
 * @module
 */

/** The error codes with their HTTP status. */
export const ADMIN_ERRORS = {
  'invalid-request': 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  limited: 429,
  internal: 500,
  unavailable: 503,
} as const;

/** An error code. */
export type AdminErrorCode = keyof typeof ADMIN_ERRORS;

/** An error response. Its message is for the caller and contains no secret. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Returns an error's body. */
export function adminErrorBody(code: AdminErrorCode, message: string) {
  return { error: { code, message } };
}
