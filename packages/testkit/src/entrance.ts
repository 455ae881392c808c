/**
 * One address for several servers in a process: each connection goes to one of them at random.
 *
 * @module
 */

import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net';
import type { ServerParts } from '@gavel/server';
import { createRandom } from './random.ts';

type Claim = NonNullable<ServerParts['claim']>;

/** A TCP port that hands its connections to HTTP servers, without a copy of their bytes. */
export class Entrance {
  /** The URL of the servers, such as `http://127.0.0.1:7700`. */
  readonly baseUrl: string;
  readonly #port: TcpServer;
  readonly #servers: Server[] = [];
  readonly #nodeUrls: string[] = [];
  readonly #random: () => number;
  #claims = 0;

  private constructor(port: TcpServer, seed: number) {
    this.#port = port;
    this.#random = createRandom(seed);
    this.baseUrl = urlOf(port);
    port.on('connection', (socket) => {
      const server = this.#servers[Math.floor(this.#random() * this.#servers.length)];
      if (server) server.emit('connection', socket);
      else socket.destroy();
    });
  }

  /** The URL of each server, in the order of the claims. */
  get nodeUrls(): readonly string[] {
    return this.#nodeUrls;
  }

  /** Binds the port of 127.0.0.1; with 0, a free one. The same seed gives the same choices. */
  static async open(port: number, seed: number): Promise<Entrance> {
    // As an HTTP server creates its sockets.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen({ host: '127.0.0.1', port });
    await once(server, 'listening');
    return new Entrance(server, seed);
  }

  /** Returns what a server listens with: a port of its own, beside this one. */
  claim(): Claim {
    const index = this.#claims;
    this.#claims += 1;
    return {
      baseUrl: this.baseUrl,
      listen: async (http) => {
        // A connection is used for one call, so that the calls of one client go to several servers.
        http.prependListener('request', (_request, response) => {
          response.shouldKeepAlive = false;
        });
        http.listen({ host: '127.0.0.1', port: 0 });
        await once(http, 'listening');
        this.#servers[index] = http;
        this.#nodeUrls[index] = urlOf(http);
      },
      release: () => {},
    };
  }

  /** Accepts no further connections. */
  close(): void {
    this.#port.close();
  }
}

const urlOf = (server: TcpServer): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
