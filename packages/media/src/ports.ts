/**
 * Finding UDP ports.
 *
 * @module
 */

import { createSocket } from 'node:dgram';
import { MediaError } from './engine.ts';

/**
 * Finds out that a UDP port can be bound, and which: 0 picks a free one.
 *
 * @throws MediaError `unavailable` when the port is taken
 */
export function probeUdpPort(port: number, address: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      reject(new MediaError('unavailable', `UDP port ${port} cannot be bound: ${error.message}`));
    });
    socket.bind({ port, ...(address === undefined ? {} : { address }), exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}
