/**
 * Ranges of IP addresses in canonical form: a single address, or `network/prefix`.
 *
 * @example
 * parseRange('203.0.113.7/24'); // '203.0.113.0/24'
 * parseRange('2001:DB8::1'); // '2001:db8::1'
 *
 * @module
 */

import ipaddr from 'ipaddr.js';
import { parseAddress } from '../addresses/address.ts';

/** Number of bits of an address, by family. */
const BITS = { ipv4: 32, ipv6: 128 } as const;
const BITS_OF_BYTE = 8;

/** Parses a range and returns its canonical form; a range of one address is that address. Undefined: it is none. */
export function parseRange(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const canonical = parseAddress(address);
  if (canonical === undefined || rest.length > 0) return undefined;
  if (prefix === undefined) return canonical;
  const bits = BITS[ipaddr.parse(canonical).kind()];
  const length = Number(prefix);
  if (!/^\d{1,3}$/.test(prefix) || length < 1 || length > bits) return undefined;
  return length === bits ? canonical : `${networkOf(canonical, length)}/${length}`;
}

/** Returns the first address of the range of a prefix length that an address is in. The address is in canonical form. */
export function networkOf(address: string, prefix: number): string {
  const bytes = ipaddr
    .parse(address)
    .toByteArray()
    .map((byte, index) => {
      const bits = Math.min(BITS_OF_BYTE, Math.max(0, prefix - index * BITS_OF_BYTE));
      return byte & (0xff << (BITS_OF_BYTE - bits));
    });
  return ipaddr.fromByteArray(bytes.map((byte) => byte & 0xff)).toString();
}

/** Returns whether an address in canonical form is in a range in canonical form; `unknown` is in none. */
export function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  if (prefix === undefined) return address === network;
  if (!ipaddr.isValid(address)) return false;
  return (
    ipaddr.parse(address).kind() === ipaddr.parse(network).kind() && networkOf(address, Number(prefix)) === network
  );
}
