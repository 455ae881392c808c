/**
 * Private addresses: in production no callback is sent to this machine or to a network that is not public.
 *
 * @module
 */

import { BlockList, isIP } from 'node:net';

/** Loopback, private, shared (CGNAT), link-local, documentation, benchmarking, multicast and reserved (RFC 6890). */
const IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** The same ranges in IPv6, and tunnel prefixes that embed an IPv4 address. */
const IPV6: readonly (readonly [string, number])[] = [
  ['::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
];

function makeList(): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of IPV4) {
    // Covers ::ffff:a.b.c.d too; a NAT64 address reaches the IPv4 address in it.
    list.addSubnet(network, prefix, 'ipv4');
    list.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
  }
  for (const [network, prefix] of IPV6) list.addSubnet(network, prefix, 'ipv6');
  return list;
}

const PRIVATE = makeList();

/** Returns whether an IP address is not public. A text that is not an IP address counts as not public. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  return PRIVATE.check(address.replace(/%.*$/, ''), family === 4 ? 'ipv4' : 'ipv6');
}

/** Returns the host of a URL if it is an IP address that is not public. Names are not looked up. */
export function findPrivateHost(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return isIP(host) !== 0 && isPrivateAddress(host) ? host : undefined;
}
