/**
 * The address of a client, also behind proxies that the operator trusts.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Tells a client's address. */
export type FindAddress = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** An IPv4 address that came over an IPv6 socket, as people write it. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

/**
 * Makes the function that tells addresses.
 *
 * @param trustedProxies addresses, or ranges as `10.0.0.0/8`, whose word in `X-Forwarded-For` is taken. Whoever else sends
 *   that header is not believed: a ban by address must not be shaken off by writing another (BAN-1).
 */
export function createFindAddress(trustedProxies: readonly string[]): FindAddress {
  const trusted = new BlockList();
  for (const proxy of trustedProxies) {
    const [address = '', prefix] = proxy.split('/');
    if (prefix === undefined) trusted.addAddress(address, family(address));
    else trusted.addSubnet(address, Number(prefix), family(address));
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, family(address));
  return ({ headers, socket }) => {
    const last = plainAddress(socket.remoteAddress ?? '');
    if (!isTrusted(last)) return last;
    // From the nearest hop outwards: the first that is no proxy of ours is the client.
    const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    const path = hops.map((hop) => plainAddress(hop.trim())).reverse();
    const client = path.find((hop) => !isTrusted(hop));
    return client !== undefined && isIP(client) !== 0 ? client : last;
  };
}
