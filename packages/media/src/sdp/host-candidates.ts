/**
 * The ICE candidates of a port on the machine's own addresses.
 *
 * @module
 */

import { networkInterfaces } from 'node:os';
import type { AddressPolicy } from './local-transport.ts';

/** One address of a network interface, as far as candidates need it. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

/** The type preference of host candidates (RFC 8445, 5.1.2). */
const HOST_PREFERENCE = 126;
const MAX_LOCAL_PREFERENCE = 65_535;
const COMPONENT = 1;
const LOOPBACK = '127.0.0.1';
/** Link-local addresses need a zone, which candidates cannot express. */
const LINK_LOCAL = /^fe80:/i;

/**
 * Lists the host candidates of a UDP port as values of `candidate` attributes.
 *
 * An announced address replaces all others. Without one, the loopback address is the last, because a browser on the
 * server's machine may have no other path.
 *
 * @param interfaces default: the machine's, at this moment
 */
export function listHostCandidates(
  port: number,
  { announcedAddress, listenAddress }: AddressPolicy,
  interfaces: readonly InterfaceAddress[] = listInterfaces(),
): string[] {
  const only = announcedAddress ?? listenAddress;
  const addresses = only === undefined ? [...listReachable(interfaces), LOOPBACK] : [only];
  return addresses.map((address, index) => {
    const localPreference = MAX_LOCAL_PREFERENCE - index;
    const priority = HOST_PREFERENCE * 2 ** 24 + localPreference * 2 ** 8 + (256 - COMPONENT);
    return `${index + 1} ${COMPONENT} UDP ${priority} ${address} ${port} typ host`;
  });
}

function listInterfaces(): InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
}

/** The addresses that other machines may reach, IPv4 before IPv6. */
function listReachable(interfaces: readonly InterfaceAddress[]): string[] {
  const usable = interfaces.filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address));
  const ofFamily = (family: string): string[] =>
    usable.filter((entry) => entry.family === family).map(({ address }) => address);
  return [...new Set([...ofFamily('IPv4'), ...ofFamily('IPv6')])];
}
