/**
 * The address of a peer as the kernel writes it, without conversion to text.
 *
 * @module
 */

/** Words of 4 bytes of a `sockaddr_in6`, the larger of the two forms. */
export const ADDRESS_WORDS = 8;
/** Bytes of a `sockaddr_in` and of a `sockaddr_in6`. */
export const ADDRESS_BYTES = { ipv4: 16, ipv6: 28 } as const;
/** Address families of Linux. */
export const FAMILY = { ipv4: 2, ipv6: 10 } as const;

/** The first words of an IPv4 address in IPv6 form: ten zero bytes and two of 255, in little-endian order. */
const MAPPED_WORD = 0xffff_0000;
const PORTS = 0x1_0000;

/** Identifies an address and port; a number for IPv4, because maps look numbers up faster. */
export type AddressKey = number | string;

/**
 * Computes the key of an address.
 *
 * @param words memory of one or more `sockaddr` structures
 * @param at the index of the structure's first word
 */
export function readAddressKey(words: Uint32Array, at: number): AddressKey {
  const first = words[at] as number;
  const port = first >>> 16;
  if ((first & 0xffff) === FAMILY.ipv4) return (words[at + 1] as number) * PORTS + port;
  const [a, b, c, d] = [words[at + 2], words[at + 3], words[at + 4], words[at + 5]] as [number, number, number, number];
  if (a === 0 && b === 0 && c === MAPPED_WORD) return d * PORTS + port;
  return `${a}.${b}.${c}.${d}.${port}`;
}

/** A copy of a `sockaddr` structure. */
export class SocketAddress {
  readonly words = new Uint32Array(ADDRESS_WORDS);
  readonly key: AddressKey;
  /** Bytes of the structure. */
  readonly length: number;
  readonly port: number;
  /** The address in network byte order: 4 bytes for IPv4, also where it is in IPv6 form; else 16 bytes. */
  readonly ip: Buffer;

  constructor(words: Uint32Array, at: number) {
    this.words.set(words.subarray(at, at + ADDRESS_WORDS));
    this.key = readAddressKey(words, at);
    const isIpv4Structure = ((words[at] as number) & 0xffff) === FAMILY.ipv4;
    this.length = isIpv4Structure ? ADDRESS_BYTES.ipv4 : ADDRESS_BYTES.ipv6;
    const bytes = Buffer.from(this.words.buffer);
    this.port = bytes.readUInt16BE(2);
    if (isIpv4Structure) this.ip = bytes.subarray(4, 8);
    else this.ip = typeof this.key === 'number' ? bytes.subarray(20, 24) : bytes.subarray(8, 24);
  }
}
