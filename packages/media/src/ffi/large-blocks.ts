/**
 * How the C library frees large blocks of memory.
 *
 * @module
 */

import { dlopen } from 'node:ffi';

/** `M_MMAP_THRESHOLD` of glibc. */
const MMAP_THRESHOLD = -3;
/** Above what OpenSSL allocates for a session, and below a layer's packets. */
const LARGE_BYTES = 256 << 10;

/**
 * Has the C library return blocks of 256 kB and more to the system when they are freed. By default, glibc takes blocks as large as
 * one that was freed before from its heap: the packets of a layer lie between small blocks there, and the memory of peers that
 * are gone stays with the process.
 *
 * @returns `false` where the C library has no such setting (musl)
 */
export function returnLargeBlocks(): boolean {
  try {
    const { functions } = dlopen(null, { mallopt: { arguments: ['int32', 'int32'], return: 'int32' } });
    return functions.mallopt(MMAP_THRESHOLD, LARGE_BYTES) === 1;
  } catch {
    return false;
  }
}
