/**
 * Reads bodies: JSON, or none.
 *
 * @module
 */

import { type ApiError, badRequest } from './envelope.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses a JSON body; returns undefined if it is empty. @throws ApiError 400 if it is not JSON or not UTF-8 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw badRequest('"body" must be valid JSON');
  }
}

/** Creates the error for a body whose content type is not JSON. */
export const otherType = (): ApiError => badRequest('"content-type" must be application/json');

/** Checks that a body of another content type is empty. @throws ApiError 400 if it is not */
export function refuseOtherBody(bytes: Uint8Array): undefined {
  if (bytes.length > 0) throw otherType();
  return undefined;
}
