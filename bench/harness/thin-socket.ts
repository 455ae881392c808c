/**
 * A connection over TCP that reads with as little work as Node can: no stream, and one buffer for all of them.
 *
 * @module
 */

import { connect, type Socket } from 'node:net';

/** Each callback is done with what was read before the next one is called. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** Connects to a port of this machine. Errors only end it. @param onChunk the bytes are only good during the call */
export function connectThin(port: number, onChunk: (chunk: Buffer) => void): Socket {
  const callback = (size: number): boolean => {
    onChunk(READ_BUFFER.subarray(0, size));
    return true;
  };
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: READ_BUFFER, callback } });
  socket.on('error', () => {});
  return socket;
}
