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
 * The hops are the socket's address and then those of `X-Forwarded-For`, the nearest first. The client is the first
 * hop that is no trusted proxy, or the furthest one. Where that hop cannot be read, the address is unknown: it is
 * neither the proxy's nor one that the client wrote itself.
 *
 * @param trustedProxies addresses, or ranges as `10.0.0.0/8`, whose `X-Forwarded-For` is believed. The header of
 *   everybody else is ignored, so that nobody evades a ban by address with a made-up one (BAN-1).
 * @throws TypeError where an entry is no address and no range; the configuration is checked for that before
 */
export function createFindAddress(trustedProxies: readonly string[]): FindAddress {
  const isTrustedRange = proxyAddr.compile([...trustedProxies]);
  const isTrusted = (hop: string, index: number): boolean => {
    const address = parseAddress(hop);
    return address !== undefined && isTrustedRange(address, index);
  };
  return (request) => parseAddress(findHop(request, isTrusted) ?? '') ?? UNKNOWN_ADDRESS;
}

/** The hop that counts as the client; undefined where the socket is closed already and has no address any more. */
function findHop(request: IncomingMessage, isTrusted: (hop: string, index: number) => boolean): string | undefined {
  return request.socket.remoteAddress === undefined ? undefined : proxyAddr(request, isTrusted);
}
