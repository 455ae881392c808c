/**
 * Errors of the admin API: `{"error": {"code", "message"}}`.
 *
 * @module
 */

/** The codes, each with its HTTP status. */
export const ADMIN_ERRORS = {
  'invalid-request': 400,
  unauthorized: 401,
  'not-found': 404,
  conflict: 409,
  internal: 500,
} as const;

/** A code of an error. */
export type AdminErrorCode = keyof typeof ADMIN_ERRORS;

/** Refuses a call. Its message is for the caller and holds no secret. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;

  constructor(code: AdminErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Gives an error's body. */
export function adminErrorBody(code: AdminErrorCode, message: string) {
  return { error: { code, message } };
}
