/**
 * The `OSSL_PARAM` of OpenSSL: a named value that an algorithm is given, or that it returns.
 *
 * @module
 */

import { allocatePermanent, copyCString } from './memory.ts';

/** Types of values. */
export const PARAMETER_TYPE = { utf8: 4n, octets: 5n } as const;

/** The word of a parameter that points to its value. */
export const PARAMETER_DATA_WORD = 2;
const WORDS = 5;

/** A list of parameters in native memory. */
export interface Parameter {
  readonly pointer: bigint;
  /** Its 64-bit words: key, type, data, size, return size. */
  readonly words: BigUint64Array;
}

/** Creates a list of one parameter in permanent memory. @param size bytes of the value */
export function createParameter(key: string, type: bigint, data: bigint, size: bigint): Parameter {
  // The entry behind the last parameter has no key.
  const memory = allocatePermanent(2 * WORDS * 8);
  const words = new BigUint64Array(memory.bytes.buffer, memory.bytes.byteOffset, WORDS);
  words.set([copyCString(key), type, data, size]);
  return { pointer: memory.pointer, words };
}
