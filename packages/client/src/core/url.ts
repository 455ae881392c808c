/**
 * The addresses of a server: its signalling endpoint, and its HTTP doors.
 *
 * @module
 */

import { SessionError } from './errors.ts';

/**
 * Returns whether a browser refuses this address because the page has https and the address does not (mixed content).
 * Addresses of this machine are allowed.
 *
 * @param pageProtocol the protocol of the page; undefined outside a browser
 */
export function isMixedContent(url: string, pageProtocol = globalThis.location?.protocol): boolean {
  const host = /^ws:\/\/(\[[^\]]*\]|[^/:]+)/i.exec(url)?.[1]?.toLowerCase();
  const isLocal = host === 'localhost' || host?.endsWith('.localhost') || host?.startsWith('127.') || host === '[::1]';
  return pageProtocol === 'https:' && host !== undefined && !isLocal;
}

/**
 * Returns the address of a server's signalling endpoint: `https://host/base` becomes `wss://host/base/signalling`.
 *
 * An address that already ends with `/signalling` is not extended; `http` and `ws` stay without TLS.
 *
 * @throws SessionError `request.malformed` if it is not an http(s) or ws(s) address
 */
export function signallingUrl(server: string): string {
  const { base, tls } = parseServer(server);
  return `ws${tls}://${base}/signalling`;
}

/** Returns a server's HTTP address, without a slash at the end; throws as `signallingUrl`. */
export function httpUrl(server: string): string {
  const { base, tls } = parseServer(server);
  return `http${tls}://${base}`;
}

function parseServer(server: string): { readonly base: string; readonly tls: string } {
  const match = /^(http|ws)(s?):\/\/([^?#]+)/i.exec(server.trim());
  if (!match?.[3]) throw new SessionError('request.malformed', `not an http(s) or ws(s) address: ${server}`);
  return { base: match[3].replace(/\/+$/, '').replace(/\/signalling$/, ''), tls: match[2]?.toLowerCase() ?? '' };
}
