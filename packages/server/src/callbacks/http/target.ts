/**
 * The parts of an endpoint's URL.
 *
 * @module
 */

import { isIP } from 'node:net';

/** Where requests to a URL go. */
export interface Target {
  /** Scheme, host and port: requests to the same origin share connections. */
  readonly origin: string;
  readonly isSecure: boolean;
  /** A name, or an address without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** The name that the server's certificate must have; undefined if the host is an address. */
  readonly serverName: string | undefined;
  /** The first two lines of a request, with their ends. */
  readonly requestStart: string;
}

/** Returns the target of a URL. @throws Error if it is not one of HTTP or HTTPS */
export function targetOf(url: string): Target {
  const { protocol, origin, host, hostname: bracketed, port, pathname, search } = new URL(url);
  const isSecure = protocol === 'https:';
  if (!isSecure && protocol !== 'http:') throw new Error(`callbacks cannot be sent by ${protocol}`);
  const hostname = bracketed.replace(/^\[|\]$/g, '');
  return {
    origin,
    isSecure,
    hostname,
    port: Number(port || (isSecure ? 443 : 80)),
    serverName: isIP(hostname) === 0 ? hostname : undefined,
    requestStart: `POST ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\n`,
  };
}

const FIELD_VALUE = /^[\x20-\x7e]*$/;

/** Returns a request with a body. @throws Error if a header has characters other than those of ASCII that are visible */
export function requestOf({ requestStart }: Target, headers: Readonly<Record<string, string>>, body: string): string {
  let text = requestStart;
  for (const [name, value] of Object.entries(headers)) {
    if (!FIELD_VALUE.test(value)) throw new Error(`the header ${name} has a character that a header cannot have`);
    text += `${name}: ${value}\r\n`;
  }
  return `${text}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
