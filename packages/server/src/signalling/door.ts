/**
 * The signalling door: WebSockets at `/signalling`, subprotocol `gavel.v1`.
 *
 * It converts frames to commands and events to frames. It keeps no room state.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES, SUBPROTOCOL } from '@gavel/protocol';
import { WebSocketServer } from 'ws';
import type { Clock } from '../base/clock.ts';
import type { Bus } from '../bus/bus.ts';
import type { Entry } from '../entry/entry.ts';
import type { Leave } from '../entry/leave.ts';
import type { SharedFiles } from '../files/shared-files.ts';
import type { IceServers } from '../ice/ice-servers.ts';
import type { CountCall } from '../telemetry/call-metrics.ts';
import type { Logger } from '../telemetry/log.ts';
import { createFindAddress } from './client-address.ts';
import { Connection, type ConnectionDeps } from './connection.ts';
import type { FanOut } from './fan-out.ts';
import { PendingLogins } from './pending-logins.ts';
import { Requests } from './requests.ts';
import { encodeFrame } from './text-frame.ts';
import { offersProtocol, type RefusalStatus, writeRefusal } from './upgrade.ts';

/** When the server stops, a client that does not answer the close frame is disconnected after this time. */
const STOP_TIMEOUT_MS = 1000;
/** A refused socket is destroyed after this time. */
const REFUSED_TIMEOUT_MS = 2000;
/** Options of the library, some of which its types lack. */
const SOCKET_LIMITS = {
  /** Milliseconds after which a client that does not answer the close frame is disconnected. */
  closeTimeout: 10_000,
  /** Maximum number of network reads and of fragments of one incomplete message; each one costs memory. */
  maxBufferedChunks: 2048,
  maxFragments: 128,
} as const;

/** Dependencies of the signalling door. */
export interface SignallingDeps {
  readonly bus: Bus;
  readonly entry: Entry;
  readonly leave: Leave;
  readonly files: Pick<SharedFiles, 'createUpload' | 'claim'>;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts requests, for the metrics. */
  readonly countCall?: CountCall;
  readonly iceServers: IceServers;
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly maxFrameBytes: number;
  /** Maximum size of an incomplete frame on a connection that has not logged in. */
  readonly maxLoginBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxRequestsPerSecond: number;
  readonly maxPendingPerAddress: number;
  /** Addresses of the proxies whose `X-Forwarded-For` header is used. */
  readonly trustedProxies: readonly string[];
}

/** The parts that handle one upgrade. */
interface Arrival {
  readonly address: string;
  readonly pending: PendingLogins;
  readonly connectionDeps: ConnectionDeps;
}

/** The signalling door of one HTTP server, which must be created with `shouldUpgradeCallback: isSignallingUpgrade`. */
export class SignallingDoor {
  readonly #deps: SignallingDeps;
  readonly #sockets: WebSocketServer;
  /** Refused sockets that are not closed yet. */
  readonly #refused = new Set<Duplex>();

  constructor(http: Server, deps: SignallingDeps) {
    this.#deps = deps;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: deps.maxFrameBytes,
      ...SOCKET_LIMITS,
      // Rooms send many small frames: compressing them costs more than it saves.
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
    const pending = new PendingLogins(deps.maxPendingPerAddress);
    const requests = new Requests(deps);
    const connectionDeps: ConnectionDeps = {
      ...deps,
      handle: (connection, method, params) => requests.handle(connection, method, params),
      onSettled: ({ address }) => pending.end(address),
      onGone: (connection, closeCode) => this.#onGone(connection, closeCode),
    };
    const findAddress = createFindAddress(deps.trustedProxies);
    http.on('upgrade', (request, socket, head) => {
      // Node has removed its own handlers from the socket. Without this handler, a connection reset ends the process.
      socket.on('error', (error) => deps.log.debug({ error: error.message }, 'signalling socket error'));
      if (socket.destroyed) return;
      this.#accept(request, socket, head, { address: findAddress(request), pending, connectionDeps });
    });
  }

  #accept(request: IncomingMessage, socket: Duplex, head: Buffer, { address, pending, connectionDeps }: Arrival): void {
    const { log, fanOut } = this.#deps;
    const refuse = (status: RefusalStatus): void => {
      log.info({ address, status }, 'signalling connection refused');
      this.#closeRefused(socket);
      writeRefusal(socket, status);
    };
    if (!offersProtocol(request)) return refuse('400 Bad Request');
    if (!pending.begin(address)) return refuse('429 Too Many Requests');
    let isTaken = false;
    // If the handshake fails, there is no Connection that would decrement the count.
    socket.once('close', () => isTaken || pending.end(address));
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      isTaken = true;
      fanOut.register(new Connection(randomUUID(), address, webSocket, socket, connectionDeps));
    });
    if (!isTaken) this.#closeRefused(socket);
  }

  /** Destroys a refused socket after a timeout, whether or not its client has closed it. */
  #closeRefused(socket: Duplex): void {
    this.#refused.add(socket);
    const cancel = this.#deps.clock.after(REFUSED_TIMEOUT_MS, () => socket.destroy());
    socket.once('close', () => {
      cancel();
      this.#refused.delete(socket);
    });
    // Without a reader, the socket would not emit the client's end.
    socket.resume();
  }

  /**
   * Notifies every client that the server is stopping and closes its connection; members may resume elsewhere. Clients
   * that do not answer the close frame within 1 s are disconnected, so that they do not delay the shutdown.
   */
  close(): void {
    const frame = encodeFrame({ event: 'goingAway' });
    for (const receiver of this.#deps.fanOut.receivers()) {
      receiver.close(CLOSE_CODES.goingAway, 'the server is stopping', frame);
    }
    this.#sockets.close();
    this.#deps.leave.close();
    for (const socket of this.#refused) socket.destroy();
    this.#deps.clock.after(STOP_TIMEOUT_MS, () => {
      for (const client of this.#sockets.clients) client.terminate();
    });
  }

  #onGone(connection: Connection, closeCode: number): void {
    const { fanOut, leave } = this.#deps;
    fanOut.unregister(connection);
    const { state, connectionId } = connection;
    if (state.kind !== 'member' && state.kind !== 'waiting') return;
    const memberId = state.kind === 'member' ? state.member.memberId : state.memberId;
    // The member was kicked or has resumed on another connection: it is no longer attached to this connection.
    if (state.kind === 'member' && !fanOut.isSeated(memberId, connection)) return;
    const isOrderly = state.kind === 'member' && isCleanClose(closeCode);
    leave.disconnect({ key: state.key, memberId, connectionId, channel: 'signalling' }, isOrderly);
  }
}

/** Returns whether a close code means a clean close by the client, such as when a browser leaves the page. */
function isCleanClose(closeCode: number): boolean {
  return closeCode === 1000 || closeCode === 1001;
}
