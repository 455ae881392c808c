/**
 * IP addresses in text form.
 *
 * @module
 */

import { isIPv6 } from 'node:net';

/** Returns the bytes of an IP address in text form, in network byte order. A zone is ignored. */
export function parseIp(address: string): Uint8Array {
  if (!isIPv6(address)) return Uint8Array.from(address.split('.'), Number);
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const toGroups = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').flatMap(parseGroup);
  const [first, last] = [toGroups(head), toGroups(tail)];
  const zeros = tail === undefined ? [] : new Array<number>(8 - first.length - last.length).fill(0);
  return Uint8Array.from([...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]));
}

/** One group of an IPv6 address, or the two groups of an IPv4 address at its end. */
function parseGroup(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
  return [(a << 8) | b, (c << 8) | d];
}
