/**
 * The address of a client, also behind proxies that the operator trusts.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import { parseAddress, UNKNOWN_ADDRESS } from '../addresses/address.ts';

/** Returns a client's address in canonical form, or `UNKNOWN_ADDRESS` (ADDR-1). */
export type FindAddress = (request: IncomingMessage) => string;

/**
 * Creates the function that finds the address of a client.
 *
 * The hops are the socket's address followed by those of `X-Forwarded-For`, nearest first. The client is the first hop
 * that is not a trusted proxy, or else the furthest hop. If that hop cannot be parsed, the address is unknown: neither
 * the proxy's address nor a value that the client wrote is used instead.
 *
 * @param trustedProxies addresses, or ranges such as `10.0.0.0/8`, whose `X-Forwarded-For` header is trusted. The
 *   header of any other peer is ignored, so that a client cannot evade an address ban with a forged header (BAN-1).
 * @throws TypeError if an entry is neither an address nor a range; the configuration is validated before this call
 */
export function createFindAddress(trustedProxies: readonly string[]): FindAddress {
  if (trustedProxies.length === 0) return ({ socket }) => parseAddress(socket.remoteAddress ?? '') ?? UNKNOWN_ADDRESS;
  const isTrustedRange = proxyAddr.compile([...trustedProxies]);
  const isTrusted = (hop: string, index: number): boolean => {
    const address = parseAddress(hop);
    return address !== undefined && isTrustedRange(address, index);
  };
  return (request) => parseAddress(findHop(request, isTrusted) ?? '') ?? UNKNOWN_ADDRESS;
}

/** Returns the hop that counts as the client; undefined if the socket is already closed and has no address. */
function findHop(request: IncomingMessage, isTrusted: (hop: string, index: number) => boolean): string | undefined {
  return request.socket.remoteAddress === undefined ? undefined : proxyAddr(request, isTrusted);
}
