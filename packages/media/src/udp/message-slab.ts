/**
 * The memory of a batch of datagrams, as `recvmmsg` and `sendmmsg` take it.
 *
 * @module
 */

import { allocatePermanent, type NativeBuffer, viewWords } from '../ffi/memory.ts';
import { ADDRESS_BYTES, ADDRESS_WORDS, type SocketAddress } from './socket-address.ts';

/** Bytes of one datagram's slot: a full Ethernet frame and what encryption adds. Longer datagrams are cut by the kernel. */
export const SLOT_BYTES = 2_048;

// `struct mmsghdr` and `struct iovec` of Linux on 64-bit machines: offsets in words of 4 bytes.
const HEADER_WORDS = 16;
const HEADER = { name: 0, nameLength: 2, vector: 4, vectorCount: 6, flags: 12, length: 14 } as const;
const VECTOR_WORDS = 4;
const VECTOR = { base: 0, length: 2 } as const;

/** A number of datagrams, each with a slot of memory and an address. */
export class MessageSlab {
  readonly count: number;
  /** The datagrams' memory. */
  readonly slots: readonly NativeBuffer[];
  /** The addresses, `ADDRESS_WORDS` each. */
  readonly addressWords: Uint32Array;
  readonly #headers: NativeBuffer;
  readonly #headerPointers: readonly bigint[];
  readonly #headerWords: Uint32Array;
  readonly #vectorWords: Uint32Array;

  constructor(count: number) {
    this.count = count;
    const indices = Array.from({ length: count }, (_, index) => index);
    this.slots = indices.map(() => allocatePermanent(SLOT_BYTES));
    const addresses = allocatePermanent(count * ADDRESS_WORDS * 4);
    const vectors = allocatePermanent(count * VECTOR_WORDS * 4);
    this.#headers = allocatePermanent(count * HEADER_WORDS * 4);
    this.addressWords = viewWords(addresses);
    this.#vectorWords = viewWords(vectors);
    this.#headerWords = viewWords(this.#headers);
    this.#headerPointers = indices.map((index) => this.#headers.pointer + BigInt(index * HEADER_WORDS * 4));
    for (const [index, slot] of this.slots.entries()) {
      const header = index * HEADER_WORDS * 4;
      const { bytes } = this.#headers;
      bytes.writeBigUInt64LE(addresses.pointer + BigInt(index * ADDRESS_WORDS * 4), header + HEADER.name * 4);
      bytes.writeUInt32LE(ADDRESS_BYTES.ipv6, header + HEADER.nameLength * 4);
      bytes.writeBigUInt64LE(vectors.pointer + BigInt(index * VECTOR_WORDS * 4), header + HEADER.vector * 4);
      bytes.writeBigUInt64LE(1n, header + HEADER.vectorCount * 4);
      vectors.bytes.writeBigUInt64LE(slot.pointer, (index * VECTOR_WORDS + VECTOR.base) * 4);
      vectors.bytes.writeBigUInt64LE(BigInt(SLOT_BYTES), (index * VECTOR_WORDS + VECTOR.length) * 4);
    }
  }

  /** The header of a datagram, where a call begins. */
  pointerOf(index: number): bigint {
    return this.#headerPointers[index] as bigint;
  }

  /** The bytes that were received into a slot. */
  lengthOf(index: number): number {
    return this.#headerWords[index * HEADER_WORDS + HEADER.length] as number;
  }

  /** Whether the kernel has cut a datagram that was longer than its slot. */
  isTruncated(index: number): boolean {
    const MSG_TRUNC = 0x20;
    return ((this.#headerWords[index * HEADER_WORDS + HEADER.flags] as number) & MSG_TRUNC) !== 0;
  }

  /** Sets what is to be sent of a slot, and where to. */
  address(index: number, length: number, address: SocketAddress): void {
    this.#vectorWords[index * VECTOR_WORDS + VECTOR.length] = length;
    this.#headerWords[index * HEADER_WORDS + HEADER.nameLength] = address.length;
    const at = index * ADDRESS_WORDS;
    for (let word = 0; word < ADDRESS_WORDS; word += 1) this.addressWords[at + word] = address.words[word] as number;
  }
}
