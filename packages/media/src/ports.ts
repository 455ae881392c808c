/**
 * Checks whether UDP ports can be bound.
 *
 * @module
 */

import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { MediaError } from './engine.ts';

/** Errors of machines without IPv6. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT']);

/**
 * Binds a UDP port for a moment, as the native binding does: on one address, or on all addresses of both families.
 * The socket is closed again before the call returns.
 *
 * @param port 0 lets the system choose
 * @returns the port that was bound
 * @throws MediaError `unavailable` when the port cannot be bound
 */
export function probeUdpPort(port: number, address: string | undefined): number {
  if (address !== undefined) return bindBriefly(isIP(address) === 6 ? 6 : 4, port, address);
  try {
    return bindBriefly(6, port, '::');
  } catch (error) {
    if (error instanceof MediaError && NO_IPV6.has(codeOf(error.cause))) return bindBriefly(4, port, '0.0.0.0');
    throw error;
  }
}

/** Because the lookup function calls back synchronously, `bind` has succeeded or failed when it returns. */
function bindBriefly(family: 4 | 6, port: number, address: string): number {
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  let failure: Error | undefined;
  socket.on('error', (error) => {
    failure = error;
  });
  try {
    socket.bind({ port, address, exclusive: true });
    if (failure === undefined) return socket.address().port;
  } catch (error) {
    failure ??= error as Error;
  } finally {
    socket.close();
  }
  const reason = codeOf(failure) === 'EADDRINUSE' ? 'another process uses it' : failure.message;
  throw Object.assign(new MediaError('unavailable', `UDP port ${port} cannot be bound: ${reason}`), { cause: failure });
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code);
}
