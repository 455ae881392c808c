/**
 * Reads bodies: JSON, or nothing at all.
 *
 * @module
 */

import { type ApiError, badRequest } from './envelope.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Returns a JSON body, or undefined if it is empty. @throws ApiError 400 if it is no JSON, or no UTF-8 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw badRequest('"body" must be valid JSON');
  }
}

/** Creates the error of a body that says to be something else than JSON. */
export const otherType = (): ApiError => badRequest('"content-type" must be application/json');

/** Takes a body of another type than JSON, which must be empty. @throws ApiError 400 if it is not */
export function refuseOtherBody(bytes: Uint8Array): undefined {
  if (bytes.length > 0) throw otherType();
  return undefined;
}
