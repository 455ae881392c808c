/**
 * A copy through JSON, as everything gets it that crosses a bus (BUS-1).
 *
 * @module
 */

import { deepStrictEqual } from 'node:assert';

/** Returns a copy of a value, made through JSON. @throws AssertionError if the copy is not equal to the value */
export function throughJson<T>(value: T): T {
  const copy = JSON.parse(JSON.stringify(value)) as T;
  deepStrictEqual(copy, value);
  return copy;
}
