/**
 * Memory outside the garbage collector, for native functions that keep or fill it.
 *
 * Native code must never get a pointer into the JavaScript heap: the collector moves and frees what lies there. Every
 * buffer that crosses the border is allocated here instead.
 *
 * @module
 */

import { toBuffer } from 'node:ffi';
import { libc } from './libc.ts';

/** A native buffer: its bytes as JavaScript sees them, and their address as native code gets it. */
export interface NativeBuffer {
  readonly bytes: Buffer;
  readonly pointer: bigint;
}

/**
 * Allocates zeroed memory that is never freed or moved. For buffers that live as long as the process.
 *
 * @throws Error when the system has no memory left
 */
export function allocatePermanent(bytes: number): NativeBuffer {
  const pointer = libc.calloc(1n, BigInt(bytes));
  if (pointer === 0n) throw new Error(`calloc(${bytes}) failed`);
  return { bytes: toBuffer(pointer, bytes, false), pointer };
}

/** Copies bytes into permanent memory, for constants that native code reads. */
export function copyPermanent(bytes: Uint8Array): NativeBuffer {
  const memory = allocatePermanent(bytes.length);
  memory.bytes.set(bytes);
  return memory;
}

/** Copies a text into permanent memory, with the zero byte that ends a C string. */
export function copyCString(text: string): bigint {
  return copyPermanent(Buffer.from(`${text}\0`)).pointer;
}

/** The largest offset that `addOffset` takes. */
const MAX_OFFSET = 2_048;
/** Creating a bigint of a number costs more than reading it from a table. */
const OFFSETS: readonly bigint[] = Array.from({ length: MAX_OFFSET + 1 }, (_, offset) => BigInt(offset));

/**
 * Adds an offset to a pointer.
 *
 * @param offset 0 to 2,048
 */
export function addOffset(pointer: bigint, offset: number): bigint {
  return pointer + (OFFSETS[offset] as bigint);
}

/** Views native memory as words in the machine's byte order. The pointer must be aligned to 4 bytes. */
export function viewWords({ bytes }: NativeBuffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
