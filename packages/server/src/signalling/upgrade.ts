/**
 * Decides which HTTP requests are upgraded to a WebSocket, and refuses upgrades.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { SUBPROTOCOL } from '@gavel/protocol';

/** Path of the signalling WebSocket. */
const SIGNALLING_PATH = '/signalling';

/** Status line of a refused upgrade. */
export type RefusalStatus = '400 Bad Request' | '429 Too Many Requests';

/**
 * Returns whether an upgrade request is accepted: only a WebSocket on the signalling path is.
 *
 * Used as the HTTP server's `shouldUpgradeCallback`. Any other upgrade (`h2c` of `curl --http2`, a WebSocket on another
 * path) is ignored, as RFC 9110, 7.8, allows: the request is answered as if it had no `Upgrade` header (SIG-5).
 */
export function isSignallingUpgrade({ method, url = '', headers }: IncomingMessage): boolean {
  const [path] = url.split('?', 1);
  return method === 'GET' && path === SIGNALLING_PATH && headers.upgrade?.toLowerCase() === 'websocket';
}

/** Returns whether a client offers Gavel's WebSocket subprotocol. */
export function offersProtocol({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol'] ?? '';
  return offered.split(',').some((name) => name.trim() === SUBPROTOCOL);
}

/** Answers an upgrade with an error status and ends the socket, which must have an `error` handler. */
export function writeRefusal(socket: Duplex, status: RefusalStatus): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
