/**
 * Claims the TCP port and the data folder. The server needs both before it changes anything.
 *
 * If either is in use, the start has written nothing to the database, ended no session and sent no callback
 * (START-1).
 *
 * @module
 */

import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net';
import type { Config } from '../config.ts';
import { lockFolder } from './folder-lock.ts';

/** A TCP port and a data folder that this process holds. */
export interface Claim {
  /** The URL at which clients reach the server, such as `http://127.0.0.1:7700`. */
  readonly baseUrl: string;
  /** Hands the port over to the HTTP server. Until then, new connections are closed immediately. */
  listen(http: Server): Promise<void>;
  /** Releases the port and the folder. Call it once, after everything else has been closed. */
  release(): void;
}

/**
 * Binds the port, then locks the data folder.
 *
 * @param claimsFolder false if the folder is not used (the caller supplies the store)
 * @throws Error if the port cannot be bound, or another process uses the folder
 */
export async function claimResources(config: Config, claimsFolder = true): Promise<Claim> {
  const port = await bindPort(config);
  try {
    const lock = claimsFolder ? lockFolder(config.dataDir) : undefined;
    return {
      baseUrl: baseUrlOf(config, port.address() as AddressInfo),
      async listen(http) {
        const listening = once(http, 'listening');
        // The HTTP server uses the socket that is already bound, so no other process can take the port in between.
        http.listen(port);
        await listening;
      },
      release() {
        port.close();
        lock?.release();
      },
    };
  } catch (error) {
    port.close();
    throw error;
  }
}

async function bindPort({ host, port }: Config): Promise<TcpServer> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.destroy();
  });
  server.listen({ host, port });
  await once(server, 'listening');
  return server;
}

function baseUrlOf({ publicUrl, host, tls }: Config, { port }: AddressInfo): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return publicUrl?.replace(/\/+$/, '') ?? `${tls ? 'https' : 'http'}://${name}:${port}`;
}
