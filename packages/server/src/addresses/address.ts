/**
 * IP addresses in canonical form (ADDR-1). Bans, limits and logs compare and show addresses only in this form.
 *
 * @example
 * parseAddress('::FFFF:203.0.113.7'); // '203.0.113.7'
 * parseAddress('[2001:DB8:0:0::1]:4711'); // '2001:db8::1'
 * parseAddress('unknown'); // undefined
 *
 * @module
 */

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The address of a client whose address cannot be parsed. It equals no IP address, so no ban by address applies to it. */
export const UNKNOWN_ADDRESS = 'unknown';

/** `[address]` or `[address]:port`. */
const BRACKETED = /^\[([^\]]+)\](?::\d{1,5})?$/;
/** `a.b.c.d:port`, also for an IPv4 address mapped into IPv6. An IPv6 address with a port needs brackets. */
const DOTTED_WITH_PORT = /^(.*\.\d{1,3}):\d{1,5}$/;

/**
 * Parses an IP address and returns its canonical form: IPv4 in dotted form, also if it is mapped into IPv6; IPv6 in lower
 * case and shortened as in RFC 5952. A port, brackets and an IPv6 zone are removed.
 *
 * @returns undefined if the text is not an IP address
 */
export function parseAddress(text: string): string | undefined {
  const bare = BRACKETED.exec(text)?.[1] ?? DOTTED_WITH_PORT.exec(text)?.[1] ?? text;
  // `ipaddr.js` also reads octal, hexadecimal and shortened IPv4 addresses; the check by Node is strict.
  const version = isIP(bare);
  if (version === 0) return undefined;
  // What Node accepts as IPv4 is in canonical form already. Every login comes here.
  return version === 4 ? bare : ipaddr.process(bare.replace(/%.*$/, '')).toString();
}

/** Returns whether a text is an IP address, or a range such as `10.0.0.0/8` with a prefix of at least 1. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return (
    prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= maxPrefix(version))
  );
}

const maxPrefix = (version: number): number => (version === 4 ? 32 : 128);
