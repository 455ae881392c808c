/**
 * The ICE candidates of the media ports on the machine's own addresses.
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

/** The type preference of host candidates over UDP (RFC 8445, 5.1.2), and over TCP: then UDP is tried and used first. */
const HOST_PREFERENCE = { udp: 126, tcp: 90 } as const;
const MAX_LOCAL_PREFERENCE = 65_535;
/** The local preference of a passive host candidate over TCP (RFC 6544, 4.2): its direction, and the largest other part. */
const MAX_PASSIVE_PREFERENCE = 4 * 2 ** 13 + 8_191;
const COMPONENT = 1;
const LOOPBACK = '127.0.0.1';
/** Link-local addresses need a zone, which candidates cannot express. */
const LINK_LOCAL = /^fe80:/i;
/** How long a list of the machine's addresses is used, in milliseconds. Each reading asks the system for all interfaces. */
export const MAX_ADDRESSES_AGE_MS = 2_000;

/**
 * The addresses for host candidates.
 *
 * An announced address replaces all others. Without one, the loopback address is the last, because a browser on the
 * server's machine may have no other path.
 */
export class HostAddresses {
  readonly #only: string | undefined;
  readonly #now: () => number;
  readonly #readInterfaces: () => readonly InterfaceAddress[];
  #addresses: readonly string[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param now milliseconds of a monotonic clock
   * @param readInterfaces default: asks the system
   */
  constructor(
    { announcedAddress, listenAddress }: AddressPolicy,
    now: () => number,
    readInterfaces: () => readonly InterfaceAddress[] = listInterfaces,
  ) {
    this.#only = announcedAddress ?? listenAddress;
    this.#now = now;
    this.#readInterfaces = readInterfaces;
  }

  /** Returns the addresses. A change of the machine's interfaces is seen within `MAX_ADDRESSES_AGE_MS`. */
  list(): readonly string[] {
    if (this.#only !== undefined) return [this.#only];
    const nowMs = this.#now();
    if (nowMs - this.#readAtMs >= MAX_ADDRESSES_AGE_MS) {
      this.#addresses = [...listReachable(this.#readInterfaces()), LOOPBACK];
      this.#readAtMs = nowMs;
    }
    return this.#addresses;
  }
}

/**
 * Writes the host candidates of a UDP port, and of a TCP port on which the server waits for connections (RFC 6544), as
 * values of `candidate` attributes.
 */
export function writeHostCandidates(addresses: readonly string[], udpPort: number, tcpPort?: number): string[] {
  const udp = addresses.map((address, index) => {
    const priority = computePriority(HOST_PREFERENCE.udp, MAX_LOCAL_PREFERENCE - index);
    return `${index + 1} ${COMPONENT} UDP ${priority} ${address} ${udpPort} typ host`;
  });
  if (tcpPort === undefined) return udp;
  const tcp = addresses.map((address, index) => {
    const priority = computePriority(HOST_PREFERENCE.tcp, MAX_PASSIVE_PREFERENCE - index);
    const foundation = addresses.length + index + 1;
    return `${foundation} ${COMPONENT} TCP ${priority} ${address} ${tcpPort} typ host tcptype passive`;
  });
  return [...udp, ...tcp];
}

function computePriority(typePreference: number, localPreference: number): number {
  return typePreference * 2 ** 24 + localPreference * 2 ** 8 + (256 - COMPONENT);
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
