/**
 * Says at the start where clients send media to.
 *
 * @module
 */

import type { NetworkInterfaceInfo } from 'node:os';
import { parseAddress } from '../addresses/address.ts';
import type { Config } from '../config.ts';

/** The network interfaces of a machine, as `os.networkInterfaces` returns them. */
export type Interfaces = Readonly<
  Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>
>;

/**
 * Returns lines for the banner: the address and ports of media, and a remark if the announced address is not one of this
 * machine and no proxy is configured. Such an address is right behind a NAT, and wrong after a typing error.
 *
 * @param ports the UDP ports of the workers
 */
export function describeMediaAddress(
  { media, trustedProxies }: Pick<Config, 'media' | 'trustedProxies'>,
  ports: readonly number[],
  interfaces: Interfaces,
): string[] {
  const { announcedAddress, listenAddress, portRange, tcpPort, workers } = media;
  const local = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  // Link-local addresses reach no client beyond the same network segment.
  const usable = local.filter(({ address, internal }) => !internal && !/^fe80:/i.test(address));
  const own = usable.map(({ address }) => address);
  const where = announcedAddress ?? listenAddress ?? (own.length > 0 ? own.join(', ') : 'this machine only');
  const udp = portRange ? `${portRange.min} to ${portRange.max}` : ports.join(', ');
  const tcpPorts = Array.from({ length: workers }, (_, worker) => (tcpPort ?? 0) + worker).join(', ');
  const tcp = tcpPort === undefined ? '' : `, TCP port ${tcpPort === 0 ? "of the system's choice" : tcpPorts}`;
  const lines = [`Media: clients send to ${where}, UDP port ${udp}${tcp}`];
  const isKnown = local.some(({ address }) => parseAddress(address) === parseAddress(announcedAddress ?? ''));
  if (announcedAddress !== undefined && !isKnown && trustedProxies.length === 0) {
    lines.push(
      `media.announcedAddress ${announcedAddress} is not an address of this machine: it must forward UDP to this machine (NAT)`,
    );
  }
  return lines;
}
