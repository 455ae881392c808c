/**
 * The signalling door: WebSockets at `/signalling`, subprotocol `gavel.v1`.
 *
 * It turns frames into commands and events into frames, and holds no state of rooms.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES, isGavelError, type MemberId, type RoomKey, SUBPROTOCOL } from '@gavel/protocol';
import { WebSocketServer } from 'ws';
import type { MediaControl } from '../media-control/media-control.ts';
import type { Authenticator } from '../rooms/admission.ts';
import type { Clock } from '../rooms/clock.ts';
import type { CommandOf } from '../rooms/commands.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Logger } from '../telemetry/log.ts';
import { createFindAddress } from './client-address.ts';
import { Connection, type ConnectionDeps } from './connection.ts';
import type { FanOut } from './fan-out.ts';
import { PendingLogins } from './pending-logins.ts';
import { Requests } from './requests.ts';
import { encodeFrame } from './text-frame.ts';

/** How long a member stays whose client has closed its socket in order, in milliseconds; a resume ends the wait. */
const ABANDON_MS = 1500;

/** Where WebSockets are taken. */
export const SIGNALLING_PATH = '/signalling';

/** What the signalling door needs. */
export interface SignallingDeps {
  readonly rooms: Rooms;
  readonly media: MediaControl;
  readonly fanOut: FanOut;
  readonly clock: Clock;
  readonly log: Logger;
  readonly authenticators: readonly Authenticator[];
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly maxFrameBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxRequestsPerSecond: number;
  readonly maxPendingPerAddress: number;
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

/** The signalling door of one HTTP server. */
export class SignallingDoor {
  readonly #deps: SignallingDeps;
  readonly #sockets: WebSocketServer;
  /** Cancels what follows sockets that were closed in order. */
  readonly #leaving = new Set<() => void>();

  constructor(http: Server, deps: SignallingDeps) {
    this.#deps = deps;
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: deps.maxFrameBytes,
      // A room's frames are small and many: compressing each costs more than it saves.
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
      const path = (request.url ?? '').split('?', 1)[0];
      const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
      if (path !== SIGNALLING_PATH) return refuse(socket, '404 Not Found');
      if (!offered.includes(SUBPROTOCOL)) return refuse(socket, '400 Bad Request');
      const address = findAddress(request);
      if (!pending.begin(address)) return refuse(socket, '429 Too Many Requests');
      let isTaken = false;
      // The handshake may fail after all: then nobody would count it off.
      socket.once('close', () => isTaken || pending.end(address));
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        isTaken = true;
        deps.fanOut.register(new Connection(randomUUID(), address, webSocket, socket, connectionDeps));
      });
    });
  }

  /** Tells every client that the server is stopping, and closes its connection; members may come back elsewhere. */
  close(): void {
    const frame = encodeFrame({ event: 'goingAway' });
    for (const receiver of this.#deps.fanOut.receivers()) {
      receiver.close(CLOSE_CODES.goingAway, 'the server is stopping', frame);
    }
    this.#sockets.close();
    for (const cancel of this.#leaving) cancel();
  }

  #onGone(connection: Connection, closeCode: number): void {
    const { fanOut } = this.#deps;
    fanOut.unregister(connection);
    const { state, connectionId } = connection;
    if (state.kind !== 'member' && state.kind !== 'waiting') return;
    const memberId = state.kind === 'member' ? state.member.memberId : state.memberId;
    // Who was put out, or has come back by another connection, hangs on this one no more.
    if (state.kind === 'member' && !fanOut.isSeated(memberId, connection)) return;
    this.#execute(state.key, { type: 'detach', memberId, connectionId });
    if (state.kind === 'member' && isOrderly(closeCode)) this.#abandonLater(state.key, memberId, connectionId);
  }

  /** Takes a member out whose client has closed its socket in order, unless it is back by then (ROOM-8). */
  #abandonLater(key: RoomKey, memberId: MemberId, connectionId: string): void {
    const cancel = this.#deps.clock.after(ABANDON_MS, () => {
      this.#leaving.delete(cancel);
      this.#execute(key, { type: 'abandon', memberId, connectionId });
    });
    this.#leaving.add(cancel);
  }

  #execute(key: RoomKey, command: CommandOf<'detach' | 'abandon'>): void {
    const { rooms, log } = this.#deps;
    const { connectionId } = command;
    rooms.execute(key, command, { door: 'signalling', requestId: connectionId }).catch((error: unknown) => {
      // A member that was put out, or whose room was closed, is gone already.
      if (!isGavelError(error, 'room.not-found')) log.error({ connectionId, err: error }, `${command.type} failed`);
    });
  }
}

/** Whether a close code says that the client has closed its socket in order, as a browser does for a page that goes. */
function isOrderly(closeCode: number): boolean {
  return closeCode === 1000 || closeCode === 1001;
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
