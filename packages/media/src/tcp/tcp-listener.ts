/**
 * The TCP port of a worker, for clients whose network blocks UDP (ICE-TCP, RFC 6544: the server is passive).
 *
 * @module
 */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { MediaError } from '../engine.ts';
import { allocatePermanent, type NativeBuffer } from '../ffi/memory.ts';
import { SLOT_BYTES } from '../udp/message-slab.ts';
import { TcpConnection, type TcpCounters, type TcpHost } from './tcp-connection.ts';

/** How long a connection may last without an authentic check, in milliseconds. */
export const UNCHECKED_TIMEOUT_MS = 5_000;
/** Connections of one address without an authentic check; many clients may share an address. */
export const MAX_UNCHECKED_PER_ADDRESS = 32;
/** Connections without an authentic check; when there are more, the oldest is ended. */
export const MAX_UNCHECKED = 512;

/** What a port calls. The callbacks must not throw. */
export interface TcpHandlers {
  handlePacket(packet: NativeBuffer, length: number, connection: TcpConnection): void;
  /** A connection has ended. */
  handleEnd(connection: TcpConnection): void;
}

/** A bound TCP port. */
export class TcpListener implements TcpHost {
  readonly port: number;
  readonly counters: TcpCounters = {
    accepted: 0,
    refused: 0,
    expired: 0,
    malformed: 0,
    received: 0,
    sent: 0,
    blocked: 0,
  };
  readonly slots = { received: allocatePermanent(SLOT_BYTES), outgoing: allocatePermanent(SLOT_BYTES) };
  readonly #server: Server;
  readonly #now: () => number;
  readonly #handlers: TcpHandlers;
  readonly #connections = new Set<TcpConnection>();
  /** Those without an authentic check, in the order of their opening. */
  readonly #unchecked = new Set<TcpConnection>();
  readonly #unflushed = new Set<TcpConnection>();
  #nextId = 0;
  #flushTimer: NodeJS.Immediate | undefined;

  private constructor(server: Server, now: () => number, handlers: TcpHandlers) {
    this.#server = server;
    this.#now = now;
    this.#handlers = handlers;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.#accept(socket));
  }

  /**
   * Binds a port.
   *
   * @param port 0 lets the system choose
   * @param address undefined for all addresses of both families
   * @param now milliseconds of a monotonic clock
   * @throws MediaError `unavailable` when the port cannot be bound
   */
  static async open(
    port: number,
    address: string | undefined,
    now: () => number,
    handlers: TcpHandlers,
  ): Promise<TcpListener> {
    const server = createServer();
    server.listen({ port, ...(address !== undefined && { host: address }) });
    try {
      await once(server, 'listening');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === 'EADDRINUSE' ? 'another process uses it' : message;
      throw new MediaError('unavailable', `TCP port ${port} cannot be bound: ${reason}`);
    }
    return new TcpListener(server, now, handlers);
  }

  /** The number of open connections. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  handlePacket(packet: NativeBuffer, length: number, connection: TcpConnection): void {
    this.#handlers.handlePacket(packet, length, connection);
  }

  handleCheck(connection: TcpConnection): void {
    this.#unchecked.delete(connection);
  }

  handleEnd(connection: TcpConnection): void {
    this.#connections.delete(connection);
    this.#unchecked.delete(connection);
    this.#unflushed.delete(connection);
    this.#handlers.handleEnd(connection);
  }

  scheduleFlush(connection: TcpConnection): void {
    this.#unflushed.add(connection);
    this.#flushTimer ??= setImmediate(() => this.#flush());
  }

  /** Ends connections that have made no authentic check in time. Called once per second. */
  checkTimeouts(nowMs: number): void {
    for (const connection of [...this.#unchecked]) {
      if (nowMs - connection.openedAtMs > UNCHECKED_TIMEOUT_MS) this.#expire(connection);
    }
  }

  /** Closes the port and its connections. */
  close(): void {
    this.#server.close();
    for (const connection of [...this.#connections]) connection.close();
  }

  #accept(socket: Socket): void {
    this.counters.accepted += 1;
    this.#nextId += 1;
    if (socket.remoteAddress === undefined) {
      // The client was faster than this event.
      socket.destroy();
      return;
    }
    const connection = new TcpConnection(socket, this.#nextId, this.#now(), this);
    this.#connections.add(connection);
    this.#unchecked.add(connection);
    const unchecked = [...this.#unchecked];
    const { remoteAddress } = connection;
    if (unchecked.filter((other) => other.remoteAddress === remoteAddress).length > MAX_UNCHECKED_PER_ADDRESS) {
      this.counters.refused += 1;
      connection.close();
    } else if (unchecked.length > MAX_UNCHECKED) this.#expire(unchecked[0] as TcpConnection);
  }

  #expire(connection: TcpConnection): void {
    this.counters.expired += 1;
    connection.close();
  }

  #flush(): void {
    this.#flushTimer = undefined;
    for (const connection of this.#unflushed) connection.flush();
    this.#unflushed.clear();
  }
}
