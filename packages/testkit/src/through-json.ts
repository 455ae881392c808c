/**
 * Rooms behind JSON: what crosses between a test server's doors and its rooms is copied through JSON, as by a bus (BUS-1).
 *
 * @module
 */

import { deepStrictEqual } from 'node:assert';
import type { GavelServer } from '@gavel/server';

/** Returns a copy of a value, made through JSON. @throws AssertionError if the copy is not equal to the value */
export function throughJson<T>(value: T): T {
  if (value === undefined) return value;
  const copy = JSON.parse(JSON.stringify(value)) as T;
  deepStrictEqual(copy, value);
  return copy;
}

/** The asynchronous methods of rooms: commands and queries. */
const METHODS = [
  'execute',
  'waiting',
  'visit',
  'snapshot',
  'summary',
  'chat',
  'findMember',
  'findOwnStream',
  'findStream',
  'roomOfStream',
  'streamState',
] as const satisfies readonly (keyof GavelServer['rooms'])[];

/** Sends the parameters and results of all commands and queries of a server through JSON from now on. */
export function putBehindJson(rooms: GavelServer['rooms']): void {
  for (const name of METHODS) {
    const method = rooms[name].bind(rooms) as (...args: unknown[]) => Promise<unknown>;
    const copying = async (...args: unknown[]) => throughJson(await method(...args.map(throughJson)));
    Object.assign(rooms, { [name]: copying });
  }
}
