/**
 * A Connection: one WebSocket. It reads requests, answers them, and sends its member's events.
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
import type { Clock } from '../base/clock.ts';
import { toWireError } from '../base/wire-error.ts';
import type { MemberInfo } from '../rooms/member.ts';
import { type CountCall, UNKNOWN_OPERATION } from '../telemetry/call-metrics.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Receiver } from './fan-out.ts';
import { RequestBudget } from './request-budget.ts';
import { encodeFrame } from './text-frame.ts';

/** The state of a connection. */
export type ConnectionState =
  /** Only `login` and `resume` are allowed. */
  | { readonly kind: 'new' }
  /** A login or resume is in progress. */
  | { readonly kind: 'joining' }
  /** Logged in and waiting to be admitted: only `heartbeat` and `logout` are allowed. */
  | { readonly kind: 'waiting'; readonly key: RoomKey; readonly memberId: MemberId }
  | { readonly kind: 'member'; readonly key: RoomKey; readonly member: MemberInfo }
  | { readonly kind: 'closed' };

/** Handles a request of a connection. */
export type RequestHandler = (connection: Connection, method: Method, params: unknown) => Promise<object>;

/** Dependencies of a connection. */
export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Counts requests, for the metrics. */
  readonly countCall?: CountCall | undefined;
  readonly handle: RequestHandler;
  /** Called once: when a login has succeeded or leads to a wait, or when the socket closes before that. */
  readonly onSettled: (connection: Connection) => void;
  /** Called once, when the socket has closed, with its close code: 1006 if there was no close frame. */
  readonly onGone: (connection: Connection, closeCode: number) => void;
  readonly loginTimeoutMs: number;
  /** A client with more unread bytes than this, plus the size of its largest frame, is disconnected; it may resume. */
  readonly maxBufferedBytes: number;
  /** Maximum number of buffered bytes of an incomplete frame from a client that has not logged in. */
  readonly maxLoginBytes: number;
  readonly maxRequestsPerSecond: number;
}

/** The library's close code for a frame over `maxFrameBytes` (RFC 6455, 7.4.1). */
const MESSAGE_TOO_BIG = 1009;

/** The methods whose refusals are logged. */
const JOIN_METHODS: ReadonlySet<string> = new Set<Method>(['identify', 'preview', 'login', 'resume']);

const requestFrame = Compile(REQUEST_FRAME);
const paramsOf = Object.fromEntries(
  Object.entries(METHODS).map(([method, schema]) => [method, Compile(schema)]),
) as unknown as Record<Method, { Check(value: unknown): boolean }>;

/** One WebSocket of a client. */
export class Connection implements Receiver {
  readonly connectionId: string;
  /** The client's IP address. */
  readonly address: string;
  readonly #socket: WebSocket;
  /** The TCP stream under the WebSocket. Complete frames are written to it directly, in order with the library's own. */
  readonly #stream: Duplex;
  readonly #deps: ConnectionDeps;
  readonly #budget: RequestBudget;
  #cancelLoginTimeout: (() => void) | undefined;
  #state: ConnectionState = { kind: 'new' };
  /** The size of the largest frame sent so far: one large answer does not make the client a slow reader (SIG-4). */
  #largestFrameBytes = 0;
  /** Number of bytes received of the incomplete frame; counted until the login. */
  #unfinishedBytes = 0;
  /** Frames that are queued until the answer to a login has been sent. */
  #queued: Buffer[] | undefined;
  /** Called when the login of a waiting user has been answered. */
  #onWaiting: (() => void) | undefined;
  /** Why the server closed the connection; undefined if the client or the network did. */
  #closeReason: string | undefined;

  constructor(connectionId: string, address: string, socket: WebSocket, stream: Duplex, deps: ConnectionDeps) {
    this.connectionId = connectionId;
    this.address = address;
    this.#socket = socket;
    this.#stream = stream;
    this.#deps = deps;
    this.#budget = new RequestBudget(deps.clock, deps.maxRequestsPerSecond);
    this.#cancelLoginTimeout = deps.clock.after(deps.loginTimeoutMs, () => this.#onLoginTimeout());
    socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary));
    stream.on('data', this.#onBytes);
    // Protocol errors, such as a frame over the size limit or invalid UTF-8: the library has already closed the socket
    // with the matching close code.
    socket.on('error', (error) => deps.log.debug({ connectionId, error: error.message }, 'socket error'));
    socket.on('close', (code) => this.#onClose(code));
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Marks the start of a login or resume; events are queued from now on. @throws `request.out-of-order` */
  beginJoin(): void {
    if (this.#state.kind !== 'new')
      throw new GavelError('request.out-of-order', 'this connection is already logged in');
    this.#state = { kind: 'joining' };
    this.#queued = [];
  }

  /**
   * Marks that the user waits to be admitted; events are still queued. Returns false if the socket has closed.
   *
   * @param onAnswered called when the login has been answered
   */
  beginWaiting(key: RoomKey, memberId: MemberId, onAnswered: () => void): boolean {
    if (this.#state.kind !== 'joining') return false;
    this.#settle();
    this.#state = { kind: 'waiting', key, memberId };
    this.#onWaiting = onAnswered;
    return true;
  }

  /** Binds the member to this connection. Returns false if the socket has closed. */
  completeJoin(key: RoomKey, member: MemberInfo): boolean {
    if (this.#state.kind !== 'joining' && this.#state.kind !== 'waiting') return false;
    this.#settle();
    this.#state = { kind: 'member', key, member };
    return true;
  }

  send(frame: Buffer): void {
    if (this.#queued) this.#queued.push(frame);
    else this.#write(frame);
  }

  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  /** Sends a frame and, after it, the queued frames. */
  release(first: Buffer): void {
    this.#together(() => {
      this.#write(first);
      this.#release();
    });
  }

  close(code: CloseCode, reason: string, last?: Buffer): void {
    this.#closeReason ??= reason;
    this.#together(() => {
      this.#release();
      if (last) this.#write(last);
      this.#socket.close(code, reason);
    });
  }

  /** Sends several frames with one write. */
  #together(write: () => void): void {
    this.cork();
    write();
    this.uncork();
  }

  #write(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#stream.write(frame);
    this.#largestFrameBytes = Math.max(this.#largestFrameBytes, frame.length);
    if (this.#stream.writableLength <= this.#deps.maxBufferedBytes + this.#largestFrameBytes) return;
    this.#closeReason ??= 'read too slowly';
    this.#socket.close(CLOSE_CODES.slowConsumer, 'read too slowly');
    // The close frame is queued behind the unread bytes, so the server does not wait for the client's close frame.
    this.#socket.terminate();
  }

  #release(): void {
    const queued = this.#queued ?? [];
    this.#queued = undefined;
    for (const frame of queued) this.#write(frame);
  }

  /**
   * Limits how much a client that has not logged in can make the server buffer: the library has only the limit for
   * members. The library has already processed these bytes, so those of complete frames have been subtracted.
   */
  readonly #onBytes = (bytes: Buffer): void => {
    this.#unfinishedBytes += bytes.length;
    if (this.#unfinishedBytes <= this.#deps.maxLoginBytes) return;
    this.#socket.close(MESSAGE_TOO_BIG, 'frame too large before login');
    this.#socket.terminate();
  };

  #onMessage(data: Buffer, isBinary: boolean): void {
    this.#unfinishedBytes -= data.length + headerBytesOf(data.length);
    // After a close frame was sent, the library still delivers what the client sends until it answers.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (isBinary) return this.#refuseFrame('frames must be text');
    let frame: unknown;
    try {
      frame = JSON.parse(data.toString('utf8'));
    } catch {
      return this.#refuseFrame('frames must be JSON');
    }
    if (!requestFrame.Check(frame)) return this.#refuseFrame('frames must be {id, method, params}');
    const { id, method, params = {} } = frame;
    void this.#answer(id, method, params, data.length);
  }

  async #answer(id: number, method: string, params: unknown, frameBytes: number): Promise<void> {
    const startedAtMs = this.#deps.clock.monotonicMs();
    let frame: ServerFrame;
    try {
      this.#budget.consume(frameBytes);
      frame = { id, result: (await this.#deps.handle(this, requireMethod(method, params), params)) as never };
    } catch (error) {
      frame = { id, error: this.#wireError(error, method, id) };
      if (JOIN_METHODS.has(method)) this.#logRefusal(method, params, frame.error.code, id);
    }
    this.#count(method, 'error' in frame ? frame.error.code : 'ok', startedAtMs);
    const bytes = encodeFrame(frame);
    this.#together(() => {
      // The answer to a login is sent before the queued events.
      this.#write(bytes);
      if ('error' in frame) this.#onRefused(method);
      if (this.#state.kind !== 'joining' && this.#state.kind !== 'waiting') this.#release();
    });
    if (method === 'login') this.#onLoginAnswered();
    if (method === 'logout' && 'result' in frame) this.close(CLOSE_CODES.loggedOut, 'logged out');
  }

  #count(method: string, code: string, startedAtMs: number): void {
    const { state } = this;
    const appId = state.kind === 'member' || state.kind === 'waiting' ? state.key.appId : undefined;
    const operation = Object.hasOwn(paramsOf, method) ? method : UNKNOWN_OPERATION;
    const durationMs = this.#deps.clock.monotonicMs() - startedAtMs;
    this.#deps.countCall?.({ door: 'signalling', appId, operation, code, durationMs });
  }

  /** Converts an error to its wire form. An internal error is logged, and the client gets only the request id. */
  #wireError(error: unknown, method: string, id: number): WireError {
    if (isGavelError(error)) return toWireError(error);
    const requestId = `${this.connectionId}/${id}`;
    this.#deps.log.error({ requestId, method, err: error }, 'request failed');
    return { code: 'server.internal', message: `internal error (request ${requestId})` };
  }

  #settle(): void {
    if (!this.#cancelLoginTimeout) return;
    this.#stream.off('data', this.#onBytes);
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
    // After a refused resume or login, the client may send another login on the same connection.
    this.#state = { kind: 'new' };
  }

  #refuseFrame(reason: string): void {
    this.close(CLOSE_CODES.protocolError, reason);
  }

  #onLoginTimeout(): void {
    if (this.#state.kind === 'new' || this.#state.kind === 'joining') {
      this.close(CLOSE_CODES.loginTimeout, 'login timeout');
    }
  }

  /** Logs the identity that a refused client claimed. The log line contains neither the token nor the ticket. */
  #logRefusal(method: string, params: unknown, code: string, id: number): void {
    const { credential, roomId, userId } = (params ?? {}) as Partial<Record<string, unknown>>;
    const { appId } = (credential ?? {}) as { readonly appId?: unknown };
    const claimed = { appId: shorten(appId), room: shorten(roomId), userId: shorten(userId) };
    const requestId = `${this.connectionId}/${id}`;
    this.#deps.log.info({ ...claimed, address: this.address, code, requestId }, `${method} refused`);
  }

  #logDisconnect(closeCode: number): void {
    const { state, address, connectionId: requestId } = this;
    if (state.kind !== 'member' && state.kind !== 'waiting') return;
    const { appId, roomId: room } = state.key;
    const who = state.kind === 'member' ? { userId: state.member.user.id } : { memberId: state.memberId };
    const cause = this.#closeReason ?? (closeCode === 1000 || closeCode === 1001 ? 'closed by the client' : 'lost');
    this.#deps.log.info({ appId, room, ...who, address, cause, code: closeCode, requestId }, 'disconnected');
  }

  #onClose(closeCode: number): void {
    this.#logDisconnect(closeCode);
    this.#settle();
    this.#deps.onGone(this, closeCode);
    this.#state = { kind: 'closed' };
  }
}

/** Shortens a value that a client sent, for the log. */
function shorten(value: unknown): string | number | undefined {
  return typeof value === 'string' ? value.slice(0, 64) : typeof value === 'number' ? value : undefined;
}

/** Returns the length of a client's frame header (RFC 6455, 5.2), including its mask, for a payload length. */
function headerBytesOf(payloadBytes: number): number {
  if (payloadBytes < 126) return 6;
  return payloadBytes < 65_536 ? 8 : 14;
}

/** @throws `request.unknown-method`, `request.malformed` */
function requireMethod(method: string, params: unknown): Method {
  if (!Object.hasOwn(paramsOf, method)) throw new GavelError('request.unknown-method', `unknown method "${method}"`);
  const known = method as Method;
  if (!paramsOf[known].Check(params)) {
    throw new GavelError('request.malformed', `invalid parameters for "${method}"`);
  }
  return known;
}
