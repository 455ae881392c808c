/**
 * Reads bodies: JSON, or nothing at all.
 *
 * @module
 */

import { badRequest } from './envelope.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Gives a JSON body, or undefined where it is empty. @throws ApiError 400 where it is no JSON, or no UTF-8 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw badRequest('"body" must be valid JSON');
  }
}

/** Takes a body of another type than JSON, which must be empty. @throws ApiError 400 where it is not */
export function refuseOtherBody(bytes: Uint8Array): undefined {
  if (bytes.length > 0) throw badRequest('"content-type" must be application/json');
  return undefined;
}
