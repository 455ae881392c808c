/**
 * The connections to endpoints of callbacks. They stay open for a few seconds after an answer, for the next request.
 *
 * The number of connections is not limited here: each request that finds none idle opens one. The dispatcher limits how many
 * requests an endpoint gets at a time.
 *
 * @module
 */

import type { LookupFunction } from 'node:net';
import { Connection } from './connection.ts';
import type { Target } from './target.ts';

/** Number of hosts whose last TLS session is kept. */
const MAX_SESSIONS = 1000;

/** Connections by origin. */
export class ConnectionPool {
  readonly #lookup: LookupFunction | undefined;
  readonly #open = new Set<Connection>();
  /** The idle connections by origin, the last used one at the end. */
  readonly #idle = new Map<string, Connection[]>();
  readonly #sessions = new Map<string, Buffer>();
  #isClosed = false;

  /** @param lookup resolves host names; that of the system by default */
  constructor(lookup?: LookupFunction) {
    this.#lookup = lookup;
  }

  /**
   * Sends a request on an idle connection, or on a new one; returns the status of its response.
   *
   * @throws Error (rejects) whose message says why there was no response
   */
  async send(target: Target, request: string, timeoutMs: number): Promise<number> {
    if (this.#isClosed) throw new Error('the server is stopping');
    const connection = this.#idle.get(target.origin)?.pop() ?? this.#connect(target);
    return connection.send(request, timeoutMs);
  }

  /** Closes all connections, including those of requests that are being answered. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#open) connection.close();
  }

  #connect(target: Target): Connection {
    const { origin } = target;
    const connection = new Connection({
      target,
      lookup: this.#lookup,
      session: this.#sessions.get(origin),
      onSession: (session) => this.#keepSession(origin, session),
      onIdle: (idle) => {
        const others = this.#idle.get(origin);
        if (others) others.push(idle);
        else this.#idle.set(origin, [idle]);
      },
      onClosed: (closed) => this.#forget(origin, closed),
    });
    this.#open.add(connection);
    return connection;
  }

  #forget(origin: string, connection: Connection): void {
    this.#open.delete(connection);
    const idle = this.#idle.get(origin)?.filter((each) => each !== connection) ?? [];
    if (idle.length > 0) this.#idle.set(origin, idle);
    else this.#idle.delete(origin);
  }

  #keepSession(origin: string, session: Buffer): void {
    this.#sessions.delete(origin);
    this.#sessions.set(origin, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
  }
}
