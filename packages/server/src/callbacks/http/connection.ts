/**
 * A connection to an endpoint of callbacks: one request after another.
 *
 * @module
 */

import type { LookupFunction, Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { type ReadResponse, ResponseReader } from './response-reader.ts';
import type { Target } from './target.ts';

/** The dependencies of a connection. */
export interface ConnectionDeps {
  readonly target: Target;
  /** Resolves host names; that of the system by default. */
  readonly lookup?: LookupFunction | undefined;
  /** The TLS session of an earlier connection to the same host. */
  readonly session?: Buffer | undefined;
  readonly onSession: (session: Buffer) => void;
  /** Called when the connection waits for the next request, and when it is closed. */
  readonly onIdle: (connection: Connection) => void;
  readonly onClosed: (connection: Connection) => void;
}

/** The request that is being answered. */
interface Exchange {
  readonly reader: ResponseReader;
  readonly resolve: (status: number) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** A connection over TCP or TLS. */
export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  #idleMs = 0;
  #isClosed = false;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    this.#socket = openSocket(deps);
    this.#socket
      .setNoDelay(true)
      .on('data', (bytes: Buffer) => this.#read(bytes))
      .on('end', () => this.#end())
      .on('error', (error: Error) => this.close(explain(error)))
      .on('close', () => this.close(new Error('the connection was closed before the answer')))
      .on('timeout', () => this.#closeIdle());
  }

  /**
   * Sends a request, and returns the status of its response. It must be called only when no other request is being answered.
   *
   * @param timeoutMs the limit from the connection's beginning, if it is new, to the end of the response
   * @throws Error (rejects) whose message says why there was no response
   */
  send(request: string, timeoutMs: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.close(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      this.#exchange = { reader: new ResponseReader(), resolve, reject, timer };
      this.#socket.write(request);
    });
  }

  /** Closes the connection. A request that is being answered fails, unless the status of its response has arrived. */
  close(error = new Error('the connection was closed')): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.destroy();
    this.#deps.onClosed(this);
    const { status } = this.#exchange?.reader ?? {};
    this.#finish((exchange) => (status === undefined ? exchange.reject(error) : exchange.resolve(status)));
  }

  /** A request that is being answered has a limit of its own. */
  #closeIdle(): void {
    if (!this.#exchange) this.close();
  }

  #read(bytes: Buffer): void {
    // A server that sends without a request confuses requests.
    if (!this.#exchange) return this.close();
    let response: ReadResponse | undefined;
    try {
      response = this.#exchange.reader.push(bytes);
    } catch (error) {
      this.close(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (response) this.#complete(response);
  }

  #end(): void {
    const response = this.#exchange?.reader.end();
    if (response) this.#complete(response);
    else this.close(new Error('the connection was closed before the answer'));
  }

  #complete({ status, reusableMs }: ReadResponse): void {
    // A server may answer before it has read the request: the rest of that would precede the next one.
    if (reusableMs === 0 || this.#socket.writableLength > 0) return this.close();
    // Every byte restarts this timer.
    if (this.#idleMs !== reusableMs) this.#socket.setTimeout(reusableMs);
    this.#idleMs = reusableMs;
    this.#finish((exchange) => exchange.resolve(status));
    this.#deps.onIdle(this);
  }

  #finish(settle: (exchange: Exchange) => void): void {
    const exchange = this.#exchange;
    if (!exchange) return;
    this.#exchange = undefined;
    clearTimeout(exchange.timer);
    settle(exchange);
  }
}

/** Several addresses of a host may have failed: their common error has no text. */
function explain(error: Error): Error {
  const [first] = error instanceof AggregateError ? error.errors : [];
  return first instanceof Error ? first : error;
}

function openSocket({ target, lookup, session, onSession }: ConnectionDeps): Socket {
  const { hostname: host, port } = target;
  const address = { host, port, ...(lookup && { lookup }) };
  if (!target.isSecure) return connectTcp(address);
  const names = {
    ALPNProtocols: ['http/1.1'],
    ...(target.serverName !== undefined && { servername: target.serverName }),
  };
  const socket: TLSSocket = connectTls({ ...address, ...names, ...(session && { session }) });
  return socket.on('session', onSession);
}
