/**
 * One login to one room, kept over lost connections.
 *
 * @example
 * const session = new RoomSession({
 *   server: 'https://rooms.example.org',
 *   login: { credential: { scheme: 'app-token', appId: 1, token }, clientId, roomId: 'lobby', userId: 'ann' },
 * });
 * session.on('streamsAdded', (streams) => streams.forEach((stream) => session.media.play(stream.streamId)));
 * await session.login();
 *
 * @module
 */

import type { EventFrame, LoginResult, MemberCause, Method, Params, Results, RoomEventFrame } from '@gavel/protocol';
import { mayReconnect } from '@gavel/protocol/close-codes';
import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { SessionError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { RoomMedia } from './media/room-media.ts';
import { completePlatform, type Platform } from './platform.ts';
import { type Joined, Reconnector } from './reconnector.ts';
import type { RoomChange, RoomMessage } from './room-view.ts';
import { RoomView } from './room-view.ts';
import type { SessionEvents } from './session-events.ts';
import {
  findCauseOfCloseCode,
  isFinalCause,
  type JoinKind,
  parseMemberCause,
  type SessionEnd,
  type SessionState,
  toLoginError,
} from './session-state.ts';
import { TokenTimer } from './token-timer.ts';
import { signallingUrl } from './url.ts';

/** How to log in, and how to behave afterwards. */
export interface SessionOptions {
  /** Base address of the server: `https://host` (or http, ws, wss); the signalling door is found below it. */
  readonly server: string;
  readonly login: Params<'login'>;
  /** How long a lost connection or lost media is tried to be regained, in milliseconds; default 5 min. */
  readonly retryWindowMs?: number;
  /** How long the first login may take, tries included, in milliseconds; default 15 s. */
  readonly loginTimeoutMs?: number;
  /** How long one answer may take, in milliseconds; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** How long before the token expires `tokenWillExpire` comes, in milliseconds; default 30 s. */
  readonly tokenWarningMs?: number;
  /** None are needed to reach the server itself. */
  readonly iceServers?: readonly RTCIceServer[];
  readonly platform?: Partial<Platform>;
}

/** One login to one room. It comes back by itself over lost connections, and stays out once it was removed. */
export class RoomSession extends Emitter<SessionEvents> {
  /** Publishes and plays. */
  readonly media: RoomMedia;
  readonly #platform: Platform;
  readonly #requestTimeoutMs: number;
  readonly #reconnector: Reconnector;
  readonly #tokenTimer: TokenTimer;
  #state: SessionState = { name: 'idle' };
  #connection: Connection | undefined;
  #heartbeat: Heartbeat | undefined;
  #unwatchOnline: () => void = () => {};
  #self: LoginResult | undefined;
  #room: RoomView | undefined;
  /** Events that wait for a snapshot; undefined while none is asked for. */
  #backlog: RoomEventFrame[] | undefined;
  #login: { resolve(result: LoginResult): void; reject(error: SessionError): void } | undefined;
  #hasNewToken = false;

  /** @throws SessionError `request.malformed` where the server's address is none */
  constructor(options: SessionOptions) {
    super();
    this.#platform = completePlatform(options.platform);
    const { clock, random, media } = this.#platform;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    const retryWindowMs = options.retryWindowMs ?? 300_000;
    this.media = new RoomMedia(
      media && {
        media,
        clock,
        random,
        iceServers: options.iceServers ?? [],
        retryWindowMs,
        request: (method, params) => this.request(method, params),
        isListed: (streamId) => this.#room?.streams.has(streamId) ?? false,
      },
    );
    this.#reconnector = new Reconnector({
      platform: this.#platform,
      url: signallingUrl(options.server),
      login: options.login,
      requestTimeoutMs: this.#requestTimeoutMs,
      loginTimeoutMs: options.loginTimeoutMs ?? 15_000,
      retryWindowMs,
      joined: (joined) => this.#handleJoined(joined),
      ended: (end) => this.#end(end),
    });
    this.#tokenTimer = new TokenTimer(clock, options.tokenWarningMs ?? 30_000, () => this.emit('tokenWillExpire'));
  }

  /** Where it stands. */
  get state(): SessionState {
    return this.#state;
  }

  /** The answer to the latest login, with the permissions as they are now; undefined before the first. */
  get self(): LoginResult | undefined {
    return this.#self;
  }

  /** What is known of the room; undefined before the first login. */
  get room(): RoomView | undefined {
    return this.#room;
  }

  /**
   * Logs in; a session logs in once.
   *
   * @throws SessionError the server's refusal, `client.timeout` where no server answered, `client.ended` after `logout`
   */
  login(): Promise<LoginResult> {
    if (this.#state.name !== 'idle') {
      return Promise.reject(new SessionError('request.out-of-order', 'a session logs in once'));
    }
    return new Promise((resolve, reject) => {
      this.#login = { resolve, reject };
      this.#setState({ name: 'connecting' });
      this.#reconnector.start();
    });
  }

  /** Leaves the room; the session is over at once, and the server is told. */
  logout(): void {
    if (this.#state.name === 'ended') return;
    const connection = this.#connection;
    if (this.#state.name === 'joined' && connection) {
      this.#connection = undefined;
      connection
        .request('logout', {}, this.#requestTimeoutMs)
        .catch(() => {})
        .finally(() => connection.close());
    }
    this.#end({ kind: 'left' });
  }

  /**
   * Sends a request of the protocol.
   *
   * @throws SessionError the server's code, `client.not-joined`, `client.ended`, `client.timeout`, `client.disconnected`
   */
  request<M extends Method>(method: M, params: Params<M>): Promise<Results[M]> {
    if (this.#state.name === 'ended') return Promise.reject(new SessionError('client.ended', 'the session has ended'));
    if (this.#state.name !== 'joined' || !this.#connection) {
      return Promise.reject(new SessionError('client.not-joined', 'the session is not joined'));
    }
    return this.#connection.request(method, params, this.#requestTimeoutMs);
  }

  /** Sends a message to the room, or with kind `command` to the named users (all of the room where none is named). */
  send(kind: RoomMessage['kind'], text: string, to?: readonly string[]): Promise<Results['send']> {
    return this.request('send', { kind, text, ...(to && { to: [...to] }) });
  }

  /** Replaces the token, for this connection and for every later login; while disconnected the server is told later. */
  async renewToken(token: string): Promise<void> {
    this.#reconnector.setToken(token);
    this.#hasNewToken = true;
    if (this.#state.name !== 'joined') return;
    const { tokenExpiresAtMs } = await this.request('renewToken', { token });
    this.#hasNewToken = false;
    this.#tokenTimer.set(tokenExpiresAtMs);
  }

  /** Changes the own name, for everybody in the room and for every later login; throws as `request` does. */
  async rename(name: string): Promise<void> {
    await this.request('rename', { name });
    this.#reconnector.setUserName(name);
  }

  #handleJoined({ connection, via, login, resume }: Joined): void {
    this.#connection = connection;
    let changes: readonly RoomChange[] = [];
    if (login) {
      this.#self = login;
      this.#tokenTimer.handleServerTime(login.serverTimeMs);
      this.#tokenTimer.set(login.tokenExpiresAtMs);
      this.#hasNewToken = false;
      if (via === 'relogin') this.media.handleForgotten();
      if (this.#room) changes = [this.#room.replace(login.room, login.memberId)];
      else this.#room = new RoomView(login.memberId, login.room);
    } else if (resume?.room && this.#room) {
      changes = [this.#room.replace(resume.room)];
    }
    this.#startHeartbeat();
    this.#setState({ name: 'joined', via });
    if (login) this.#login?.resolve(login);
    this.#login = undefined;
    for (const change of changes) this.#tell(change, via);
    for (const frame of resume?.events ?? []) this.#handleEvent(frame);
    if (this.#connection !== connection) return;
    this.media.handleJoined();
    if (this.#hasNewToken) this.renewToken(this.#reconnector.token ?? '').catch(() => {});
    connection.attach({
      event: (frame) => this.#handleEvent(frame),
      closed: (code, reason) => this.#handleClosed(code, reason),
    });
  }

  #startHeartbeat(): void {
    this.#heartbeat = new Heartbeat({
      clock: this.#platform.clock,
      intervalMs: this.#self?.heartbeatIntervalMs ?? 30_000,
      beat: () => this.request('heartbeat', {}),
      answered: ({ memberCount }) => {
        if (memberCount === undefined || !this.#room) return;
        this.#room.memberCount = memberCount;
        this.emit('memberCount', memberCount);
      },
      lost: () => this.#reconnect(),
    });
    this.#unwatchOnline = this.#platform.watchOnline(() => this.#heartbeat?.hurry());
  }

  #handleEvent(frame: EventFrame): void {
    switch (frame.event) {
      case 'removed':
        // A cause that only a newer server knows: out is out.
        this.#handleRemoved(parseMemberCause(frame.cause) ?? 'kicked', frame.reason);
        break;
      case 'mediaLost':
        this.media.handleMediaLost(frame);
        break;
      case 'mediaClosed':
        // Told before the connection was lost, it is told again by the resume.
        if (this.#room?.hasSeen(frame.streamSeq)) break;
        this.media.handleMediaClosed(frame);
        if (!this.#backlog && this.#room?.drop(frame.streamId, frame.streamSeq) === false) void this.#mendGap([]);
        break;
      case 'goingAway':
        break;
      default:
        if ('seq' in frame) this.#handleRoomEvent(frame);
    }
  }

  #handleRoomEvent(frame: RoomEventFrame): void {
    if (!this.#room) return;
    if (this.#backlog) {
      this.#backlog.push(frame);
      return;
    }
    const countBefore = this.#room.memberCount;
    const applied = this.#room.apply(frame);
    if (applied === 'gap') {
      void this.#mendGap([frame]);
      return;
    }
    this.#tell(applied);
    if (this.#room.memberCount !== countBefore) this.emit('memberCount', this.#room.memberCount);
  }

  /** Asks for a snapshot; the events that come meanwhile wait for it. */
  async #mendGap(backlog: RoomEventFrame[]): Promise<void> {
    this.#backlog = backlog;
    const connection = this.#connection;
    try {
      const snapshot = await this.request('snapshot', {});
      if (this.#connection !== connection || !this.#room) return;
      this.#backlog = undefined;
      this.#tell(this.#room.replace(snapshot));
      for (const frame of backlog) this.#handleRoomEvent(frame);
    } catch {
      // Without it the view stays wrong: coming back brings either the missed events or a snapshot.
      if (this.#connection === connection) this.#reconnect();
    }
  }

  #tell(change: RoomChange, via?: JoinKind): void {
    if (change.streamsRemoved.length > 0) this.emit('streamsRemoved', change.streamsRemoved);
    if (change.membersLeft.length > 0) this.emit('membersLeft', change.membersLeft);
    if (change.membersJoined.length > 0) this.emit('membersJoined', change.membersJoined);
    if (change.membersUpdated.length > 0) this.emit('membersUpdated', change.membersUpdated);
    if (change.streamsAdded.length > 0) this.emit('streamsAdded', change.streamsAdded);
    if (change.streamsUpdated.length > 0) this.emit('streamsUpdated', change.streamsUpdated);
    if (change.infosSet.length > 0) this.emit('infosSet', change.infosSet);
    if (change.ownMember && this.#self) this.#self = { ...this.#self, user: change.ownMember.user };
    if (change.permissions && this.#self) {
      this.#self = { ...this.#self, permissions: change.permissions };
      this.emit('permissionsChanged', change.permissions);
    }
    if (change.polls) this.emit('pollsChanged', change.polls);
    if (change.message) this.emit('message', change.message);
    if (change.custom) this.emit('custom', change.custom);
    if (change.messageChanged) this.emit('messageChanged', change.messageChanged);
    this.emit('changed', change);
    this.media.handleChange(change, via);
  }

  #handleRemoved(cause: MemberCause, reason: string): void {
    if (isFinalCause(cause)) {
      this.#end({ kind: 'removed', cause, reason });
    } else {
      this.#reconnector.forgetTicket();
      this.#reconnect();
    }
  }

  #handleClosed(code: number, reason: string): void {
    if (mayReconnect(code)) {
      this.#reconnect();
      return;
    }
    const cause = findCauseOfCloseCode(code);
    if (cause) this.#handleRemoved(cause, reason);
    else this.#end({ kind: 'refused', error: new SessionError('client.disconnected', reason, { closeCode: code }) });
  }

  #reconnect(): void {
    if (this.#state.name !== 'joined') return;
    this.#dropConnection();
    this.#setState({ name: 'reconnecting', sinceMs: this.#platform.clock.now() });
    if (this.state.name === 'reconnecting') this.#reconnector.restart(() => this.#room?.seq ?? 0);
  }

  #end(end: SessionEnd): void {
    if (this.#state.name === 'ended') return;
    this.#reconnector.stop();
    this.#tokenTimer.stop();
    this.#dropConnection();
    const login = this.#login;
    this.#login = undefined;
    this.media.end(end);
    this.#setState({ name: 'ended', end });
    login?.reject(toLoginError(end));
  }

  #dropConnection(): void {
    this.#unwatchOnline();
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
    this.#backlog = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.close();
  }

  #setState(state: SessionState): void {
    const before = this.#state;
    this.#state = state;
    this.emit('stateChanged', state, before);
  }
}
