/**
 * A Connection: one WebSocket. It reads requests, answers them, and takes its member's events.
 *
 * @module
 */

import type { Duplex } from 'node:stream';
import {
  CLOSE_CODES,
  type CloseCode,
  GavelError,
  isGavelError,
  METHODS,
  type MemberId,
  type Method,
  REQUEST_FRAME,
  type RoomKey,
  type ServerFrame,
  type WireError,
} from '@gavel/protocol';
import { Compile } from 'typebox/compile';
import type { WebSocket } from 'ws';
import type { Clock } from '../rooms/clock.ts';
import type { MemberInfo } from '../rooms/member.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Receiver } from './fan-out.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { RequestBudget } from './request-budget.ts';
import { encodeFrame } from './text-frame.ts';

/** Where a connection stands. */
export type ConnectionState =
  /** Nothing but `login` or `resume` is allowed. */
  | { readonly kind: 'new' }
  /** A login or resume is under way. */
  | { readonly kind: 'joining' }
  /** Logged in, but not let in yet: nothing but `heartbeat` and `logout` is allowed. */
  | { readonly kind: 'waiting'; readonly key: RoomKey; readonly memberId: MemberId }
  | { readonly kind: 'member'; readonly key: RoomKey; readonly member: MemberInfo }
  | { readonly kind: 'closed' };

/** Answers a request of a connection. */
export type RequestHandler = (connection: Connection, method: Method, params: unknown) => Promise<object>;

/** What a connection needs. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly handle: RequestHandler;
  /** Called once, when a login has got somewhere, or the socket is gone before. */
  readonly onSettled: (connection: Connection) => void;
  /** Called once, when the socket is gone for whatever reason, with its close code: 1006 where it broke off. */
  readonly onGone: (connection: Connection, closeCode: number) => void;
  readonly loginTimeoutMs: number;
  /** A client with more bytes than this waiting to be read is dropped; it may resume. */
  readonly maxBufferedBytes: number;
  readonly maxRequestsPerSecond: number;
}

const requestFrame = Compile(REQUEST_FRAME);
const paramsOf = Object.fromEntries(
  Object.entries(METHODS).map(([method, schema]) => [method, Compile(schema)]),
) as unknown as Record<Method, { Check(value: unknown): boolean }>;

/** One WebSocket of a client. */
export class Connection implements Receiver {
  readonly connectionId: string;
  /** The client's IP address. */
  readonly address: string;
  /** Keeps requests about one stream in order. */
  readonly streamRequests = new KeyedQueue();
  readonly #socket: WebSocket;
  /** What the WebSocket stands on: whole frames go straight to it, in order with those of the library. */
  readonly #stream: Duplex;
  readonly #deps: ConnectionDeps;
  readonly #budget: RequestBudget;
  #cancelLoginTimeout: (() => void) | undefined;
  #state: ConnectionState = { kind: 'new' };
  /** The size of the room's state as it was told at the login: who is sent much at once does not read slowly by that (SIG-4). */
  #joinedBytes = 0;
  /** Frames held back until what a login leads to has gone out before them. */
  #held: Buffer[] | undefined;
  /** What a wait goes on with when its login has been answered. */
  #onWaiting: (() => void) | undefined;

  constructor(connectionId: string, address: string, socket: WebSocket, stream: Duplex, deps: ConnectionDeps) {
    this.connectionId = connectionId;
    this.address = address;
    this.#socket = socket;
    this.#stream = stream;
    this.#deps = deps;
    this.#budget = new RequestBudget(deps.clock, deps.maxRequestsPerSecond);
    this.#cancelLoginTimeout = deps.clock.after(deps.loginTimeoutMs, () => this.#onLoginTimeout());
    socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
    // A frame over the size limit, broken UTF-8 and the like: the library has closed the socket with the fitting code.
    socket.on('error', (error) => deps.log.debug({ connectionId, error: error.message }, 'socket error'));
    socket.on('close', (code) => this.#onClose(code));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Marks the beginning of a login or resume; events are held back from now on. @throws `request.out-of-order` */
  beginJoin(): void {
    if (this.#state.kind !== 'new')
      throw new GavelError('request.out-of-order', 'this connection has logged in already');
    this.#state = { kind: 'joining' };
    this.#held = [];
  }

  /**
   * Marks that its user waits to be let in; events are held back on. Gives false when the socket has gone meanwhile.
   *
   * @param onAnswered called when the login has been answered so
   */
  beginWaiting(key: RoomKey, memberId: MemberId, onAnswered: () => void): boolean {
    if (this.#state.kind !== 'joining') return false;
    this.#settle();
    this.#state = { kind: 'waiting', key, memberId };
    this.#onWaiting = onAnswered;
    return true;
  }

  /** Marks the member as this connection's own. Gives false when the socket has gone meanwhile. */
  completeJoin(key: RoomKey, member: MemberInfo): boolean {
    if (this.#state.kind !== 'joining' && this.#state.kind !== 'waiting') return false;
    this.#settle();
    this.#state = { kind: 'member', key, member };
    return true;
  }

  send(frame: Buffer): void {
    if (this.#held) this.#held.push(frame);
    else this.#write(frame);
  }

  /** Sends a frame, and with it those that were held back for it. */
  release(first: Buffer): void {
    this.#joinedBytes += first.length;
    this.#together(() => {
      this.#write(first);
      this.#release();
    });
  }

  close(code: CloseCode, reason: string, last?: Buffer): void {
    this.#together(() => {
      this.#release();
      if (last) this.#write(last);
      this.#socket.close(code, reason);
    });
  }

  /** Has several frames go out by one write. */
  #together(write: () => void): void {
    this.#stream.cork();
    write();
    this.#stream.uncork();
  }

  #write(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#stream.write(frame);
    if (this.#stream.writableLength <= this.#deps.maxBufferedBytes + this.#joinedBytes) return;
    this.#deps.log.info({ connectionId: this.connectionId }, 'slow consumer dropped');
    this.#socket.close(CLOSE_CODES.slowConsumer, 'reading too slowly');
    // The close frame waits behind what is not being read; do not wait for it.
    this.#socket.terminate();
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const frame of held) this.#write(frame);
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    if (isBinary) return this.#refuseFrame('frames must be text');
    let frame: unknown;
    try {
      frame = JSON.parse(data.toString('utf8'));
    } catch {
      return this.#refuseFrame('frames must be JSON');
    }
    if (!requestFrame.Check(frame)) return this.#refuseFrame('frames must be {id, method, params}');
    const { id, method, params = {} } = frame;
    void this.#answer(id, method, params);
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    let frame: ServerFrame;
    try {
      this.#budget.take();
      frame = { id, result: (await this.#deps.handle(this, requireMethod(method, params), params)) as never };
    } catch (error) {
      frame = { id, error: this.wireError(error, method, id) };
    }
    const bytes = encodeFrame(frame);
    if (method === 'login' || method === 'resume') this.#joinedBytes += bytes.length;
    this.#together(() => {
      // The answer to a login goes before the events that were held back for it.
      this.#write(bytes);
      if ('error' in frame) this.#onRefused(method);
      if (this.#state.kind !== 'joining' && this.#state.kind !== 'waiting') this.#release();
    });
    if (method === 'login') this.#onLoginAnswered();
    if (method === 'logout' && 'result' in frame) this.close(CLOSE_CODES.loggedOut, 'logged out');
  }

  /** Gives an error as this client is told of it; a fault is logged, and named by its place in the log. */
  wireError(error: unknown, method: string, id: number | string): WireError {
    if (isGavelError(error)) {
      const { code, message, details } = error;
      return { code, message, ...(details && { details }) };
    }
    const requestId = `${this.connectionId}/${id}`;
    this.#deps.log.error({ requestId, method, err: error }, 'request failed');
    return { code: 'server.internal', message: `internal error (request ${requestId})` };
  }

  #settle(): void {
    if (!this.#cancelLoginTimeout) return;
    this.#cancelLoginTimeout();
    this.#cancelLoginTimeout = undefined;
    this.#deps.onSettled(this);
  }

  #onLoginAnswered(): void {
    this.#onWaiting?.();
    this.#onWaiting = undefined;
  }

  #onRefused(method: string): void {
    if (this.#state.kind !== 'joining' || (method !== 'login' && method !== 'resume')) return;
    // A refused resume may be followed by a login on the same connection, and a refused login by another one.
    this.#state = { kind: 'new' };
  }

  #refuseFrame(reason: string): void {
    this.close(CLOSE_CODES.protocolError, reason);
  }

  #onLoginTimeout(): void {
    if (this.#state.kind === 'new' || this.#state.kind === 'joining') {
      this.close(CLOSE_CODES.loginTimeout, 'no login came in time');
    }
  }

  #onClose(closeCode: number): void {
    this.#settle();
    this.#deps.onGone(this, closeCode);
    this.#state = { kind: 'closed' };
  }
}

/** @throws `request.unknown-method`, `request.malformed` */
function requireMethod(method: string, params: unknown): Method {
  if (!Object.hasOwn(paramsOf, method))
    throw new GavelError('request.unknown-method', `there is no method "${method}"`);
  const known = method as Method;
  if (!paramsOf[known].Check(params)) {
    throw new GavelError('request.malformed', `the parameters of "${method}" are not as documented`);
  }
  return known;
}
