/**
 * Cursors: the place after which the next page of a list begins, as text that callers pass back unchanged.
 *
 * @module
 */

import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { AdminError } from './errors.ts';

/** Writes a place as a cursor; undefined becomes null. */
export function writeCursor(place: object | undefined): string | null {
  return place === undefined ? null : Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** Reads a cursor. @throws AdminError `invalid-request` if it is not a cursor of this list */
export function readCursor<T extends TSchema>(schema: T, cursor: string | undefined): Static<T> | undefined {
  if (cursor === undefined) return undefined;
  const place = parse(Buffer.from(cursor, 'base64url').toString());
  if (Value.Check(schema, place)) return place as Static<T>;
  throw new AdminError('invalid-request', 'cursor: is not the "next" value of this list');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
