/**
 * One WebSocket to the signalling endpoint: requests with their answers, and events in order.
 *
 * @module
 */

import type { EventFrame, Method, Params, ResponseFrame, Results, ServerFrame } from '@gavel/protocol';
import { CLIENT_CLOSE_CODE } from '@gavel/protocol/close-codes';
import { SessionError } from './errors.ts';
import type { Clock, OpenSocket, SocketLink } from './platform.ts';
import { isMixedContent } from './url.ts';

/** The subprotocol. It is checked against the protocol package by type only, so that no schema is bundled. */
const SUBPROTOCOL: typeof import('@gavel/protocol').SUBPROTOCOL = 'gavel.v1';

/** Receives the events of a connection. */
export interface ConnectionListener {
  event(frame: EventFrame): void;
  /** The server or the network closed the connection; never called after `Connection.close`. */
  closed(code: number, reason: string): void;
}

interface Pending {
  resolve(result: Results[Method]): void;
  reject(error: SessionError): void;
  readonly timer: unknown;
}

/** One WebSocket to the signalling endpoint. Events that arrive before a listener is attached are queued for it. */
export class Connection {
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  readonly #socket: SocketLink;
  #early: EventFrame[] = [];
  #listener: ConnectionListener | undefined;
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #nextId = 1;
  #lastHeardAtMs: number;

  private constructor(clock: Clock, socket: SocketLink) {
    this.#clock = clock;
    this.#socket = socket;
    this.#lastHeardAtMs = clock.now();
  }

  /** When the last message of the server arrived, by the platform's clock. */
  get lastHeardAtMs(): number {
    return this.#lastHeardAtMs;
  }

  /**
   * Opens a connection.
   *
   * @throws SessionError `client.disconnected` (details `closeCode`), `client.timeout`, or `client.insecure-server` at once if
   *   the browser does not let this page connect
   */
  static open(openSocket: OpenSocket, clock: Clock, url: string, timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let socket: SocketLink | undefined;
      let connection: Connection | undefined;
      const timer = clock.setTimeout(() => {
        reject(new SessionError('client.timeout', `${url} did not open within ${timeoutMs} ms`));
        socket?.close(CLIENT_CLOSE_CODE, '');
      }, timeoutMs);
      try {
        socket = openSocket(url, SUBPROTOCOL, {
          opened: () => {
            clock.clearTimeout(timer);
            if (!socket) return;
            connection = new Connection(clock, socket);
            resolve(connection);
          },
          message: (text) => connection?.handleMessage(text),
          closed: (code, reason) => {
            clock.clearTimeout(timer);
            if (connection) connection.handleClosed(code, reason);
            else reject(isMixedContent(url) ? insecureError(url) : closedError(code, reason));
          },
        });
      } catch (error) {
        clock.clearTimeout(timer);
        const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
        // An https page may not open ws.
        const code = name === 'SecurityError' ? 'client.insecure-server' : 'client.disconnected';
        reject(new SessionError(code, message));
      }
    });
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws SessionError the server's code, or `client.timeout`, `client.disconnected` (details `closeCode`)
   */
  request<M extends Method>(method: M, params: Params<M>, timeoutMs: number): Promise<Results[M]> {
    if (this.#closed) return Promise.reject(closedError(this.#closed.code, this.#closed.reason));
    const id = this.#nextId++;
    return new Promise<Results[M]>((resolve, reject) => {
      const timer = this.#clock.setTimeout(() => {
        this.#pending.delete(id);
        reject(new SessionError('client.timeout', `no answer to ${method} within ${timeoutMs} ms`));
      }, timeoutMs);
      // The result is not validated: the server answers a request with the result type of its method.
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject, timer });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Starts the delivery of events, queued events first. */
  attach(listener: ConnectionListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.#listener?.event(frame);
    if (this.#closed) this.#listener?.closed(this.#closed.code, this.#closed.reason);
  }

  /** Closes the connection from this side: no more events are delivered, and pending requests fail. */
  close(): void {
    this.#listener = undefined;
    this.#early = [];
    if (this.#closed) return;
    this.#closed = { code: CLIENT_CLOSE_CODE, reason: '' };
    this.#failPending(CLIENT_CLOSE_CODE, 'closed by this client');
    this.#socket.close(CLIENT_CLOSE_CODE, '');
  }

  private handleMessage(text: string): void {
    if (this.#closed) return;
    this.#lastHeardAtMs = this.#clock.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      return;
    }
    if ('event' in frame) {
      if (this.#listener) this.#listener.event(frame);
      else this.#early.push(frame);
    } else {
      this.#answer(frame);
    }
  }

  private handleClosed(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = { code, reason };
    this.#failPending(code, reason);
    this.#listener?.closed(code, reason);
  }

  #answer(frame: ResponseFrame): void {
    const pending = this.#pending.get(frame.id);
    if (!pending) return;
    this.#pending.delete(frame.id);
    this.#clock.clearTimeout(pending.timer);
    if ('error' in frame) {
      pending.reject(new SessionError(frame.error.code, frame.error.message, frame.error.details));
    } else {
      pending.resolve(frame.result);
    }
  }

  #failPending(code: number, reason: string): void {
    for (const pending of this.#pending.values()) {
      this.#clock.clearTimeout(pending.timer);
      pending.reject(closedError(code, reason));
    }
    this.#pending.clear();
  }
}

function insecureError(url: string): SessionError {
  return new SessionError('client.insecure-server', `the browser does not let a page with https open ${url}`);
}

function closedError(closeCode: number, reason: string): SessionError {
  return new SessionError('client.disconnected', `the connection was closed with ${closeCode} ${reason}`.trimEnd(), {
    closeCode,
    reason,
  });
}
