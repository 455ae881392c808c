/**
 * Where the signalling door is.
 *
 * @module
 */

import { SessionError } from './errors.ts';

/**
 * Gives the address of the signalling door of a server: `https://host/base` becomes `wss://host/base/signalling`.
 *
 * An address that ends with `/signalling` already is taken as it is; `http` and `ws` stay without TLS.
 *
 * @throws SessionError `request.malformed` where it is no http(s) or ws(s) address
 */
export function signallingUrl(server: string): string {
  const match = /^(http|ws)(s?):\/\/([^?#]+)/i.exec(server.trim());
  if (!match?.[3]) throw new SessionError('request.malformed', `not an http(s) or ws(s) address: ${server}`);
  const base = match[3].replace(/\/+$/, '').replace(/\/signalling$/, '');
  return `ws${match[2]?.toLowerCase() ?? ''}://${base}/signalling`;
}
