/**
 * A TCP proxy between a node and a service that can be cut, in both directions or in one, and that can delay answers. What is
 * sent during a cut is not lost but late, as TCP sends it again when a network is back.
 *
 * @module
 */

import { connect, createServer, type Server, type Socket } from 'node:net';

/** Which way is cut. */
export type Cut = 'none' | 'both' | 'to-service' | 'to-node';

/** The service: a port of this machine, or a Unix socket. */
export type Service = { readonly port: number } | { readonly path: string };

/** A proxy on a port of 127.0.0.1. */
export class CutProxy {
  readonly #service: Service;
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly node: Socket; readonly service: Socket }>();
  readonly #waiting = new Set<Socket>();
  #cut: Cut = 'none';
  /** How long every answer of the service is delayed, in milliseconds. */
  delayMs = 0;

  private constructor(service: Service) {
    this.#service = service;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Starts a proxy. */
  static async start(service: Service): Promise<CutProxy> {
    const proxy = new CutProxy(service);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Its port. */
  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Cuts the connections that exist, and those that are opened later; `none` ends a cut. */
  cut(cut: Cut): void {
    this.#cut = cut;
    for (const { node, service } of this.#pairs) {
      if (this.#isCut('to-service')) node.pause();
      else node.resume();
      if (this.#isCut('to-node')) service.pause();
      else service.resume();
    }
    if (cut !== 'none') return;
    for (const socket of this.#waiting) this.#open(socket);
    this.#waiting.clear();
  }

  /** Ends all connections and the proxy. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { node, service } of this.#pairs) {
      node.destroy();
      service.destroy();
    }
    for (const socket of this.#waiting) socket.destroy();
    await closed;
  }

  #isCut(direction: 'to-service' | 'to-node'): boolean {
    return this.#cut === 'both' || this.#cut === direction;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    // Without one direction no connection is established.
    if (this.#cut === 'none') this.#open(socket);
    else this.#waiting.add(socket);
  }

  #open(node: Socket): void {
    const service = connect(this.#service);
    const pair = { node, service };
    this.#pairs.add(pair);
    service.on('error', () => {});
    node.on('data', (data) => service.write(data));
    service.on('data', (data) => {
      if (this.delayMs === 0) node.write(data);
      else setTimeout(() => node.write(data), this.delayMs);
    });
    for (const [from, to] of [
      [node, service],
      [service, node],
    ] as const) {
      from.on('close', () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
