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

import type { EventFrame, LoginResult, MemberCause, Method, Params, Results, WireWaiting } from '@gavel/protocol';
import { mayReconnect } from '@gavel/protocol/close-codes';
import type { Connection } from './connection.ts';
import { Emitter } from './emitter.ts';
import { SessionError } from './errors.ts';
import { Heartbeat } from './heartbeat.ts';
import { RoomMedia } from './media/room-media.ts';
import { completePlatform, type Platform } from './platform.ts';
import { type Joined, logout, type PutOnHold, Reconnector } from './reconnector.ts';
import { RoomFeed } from './room-feed.ts';
import type { RoomChange, RoomMessage, RoomView } from './room-view.ts';
import type { SessionEvents } from './session-events.ts';
import {
  findCauseOfCloseCode,
  isFinalCause,
  type JoinKind,
  parseMemberCause,
  type SessionEnd,
  type SessionState,
  toLoginError,
  toRefusal,
} from './session-state.ts';
import { TokenTimer } from './token-timer.ts';
import { signallingUrl } from './url.ts';
import { WaitingView } from './waiting-view.ts';

/** How to log in, and how to behave afterwards. */
export interface SessionOptions {
  /** Base address of the server: `https://host` (or http, ws, wss); the signalling door is found below it. */
  readonly server: string;
  readonly login: Params<'login'>;
  /**
   * How long a lost connection or lost media is tried to be regained, in milliseconds; default 5 min, 12 h at most: the
   * server knows for 24 h who was taken out for good. It is measured by the wall clock, so that a machine that has slept
   * for longer stays out.
   */
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
  #self: LoginResult | undefined;
  readonly #feed: RoomFeed;
  readonly #waiting = new WaitingView({
    added: (waiting) => this.emit('waitingAdded', waiting),
    removed: (waiting) => this.emit('waitingRemoved', waiting),
  });
  #login: { resolve(result: LoginResult): void; reject(error: SessionError): void } | undefined;
  #hasNewToken = false;
  #unwatchPageHide: () => void = () => {};

  /** @throws SessionError `request.malformed` where the server's address is none */
  constructor(options: SessionOptions) {
    super();
    this.#platform = completePlatform(options.platform);
    const { clock, random, media } = this.#platform;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    const retryWindowMs = Math.min(options.retryWindowMs ?? 300_000, 12 * 60 * 60 * 1000);
    this.media = new RoomMedia(
      media && {
        media,
        clock,
        random,
        iceServers: options.iceServers ?? [],
        retryWindowMs,
        request: (method, params) => this.request(method, params),
        isListed: (streamId) => this.room?.streams.has(streamId) ?? false,
      },
    );
    this.#feed = new RoomFeed({
      askSnapshot: () => this.request('snapshot', {}),
      changed: (change) => this.#tell(change),
      counted: (count) => this.emit('memberCount', count),
      lost: () => this.#reconnect(),
    });
    this.#reconnector = new Reconnector({
      platform: this.#platform,
      url: signallingUrl(options.server),
      login: options.login,
      requestTimeoutMs: this.#requestTimeoutMs,
      loginTimeoutMs: options.loginTimeoutMs ?? 15_000,
      retryWindowMs,
      joined: (joined) => this.#handleJoined(joined),
      waiting: (onHold) => this.#handleOnHold(onHold),
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
    return this.#feed.room;
  }

  /** Those who wait to be let in, by member id, in the order of asking; empty unless this member may let them in. */
  get waiting(): ReadonlyMap<string, WireWaiting> {
    return this.#waiting.all;
  }

  /**
   * Logs in; a session logs in once. Where it has to wait to be let in, the state is `waiting` until then.
   *
   * @throws SessionError the server's refusal, `client.timeout` where no server answered, `client.ended` after `logout`
   */
  login(): Promise<LoginResult> {
    if (this.#state.name !== 'idle') {
      return Promise.reject(new SessionError('request.out-of-order', 'a session logs in once'));
    }
    return new Promise((resolve, reject) => {
      this.#login = { resolve, reject };
      this.#unwatchPageHide = this.#platform.watchPageHide(() => this.logout());
      this.#setState({ name: 'connecting' });
      // Its handlers may have logged out.
      if (this.state.name === 'connecting') this.#reconnector.start();
    });
  }

  /**
   * Leaves the room; the session is over at once, and the server is told. A page that is closed, reloaded or left does the
   * same by itself (ROOM-8): one that comes back out of the browser's cache finds its session ended, and may log in anew.
   */
  logout(): void {
    if (this.#state.name === 'ended') return;
    const connection = this.#connection;
    if ((this.#state.name === 'joined' || this.#state.name === 'waiting') && connection) {
      this.#connection = undefined;
      logout(connection, this.#requestTimeoutMs);
    }
    this.#reconnector.leave();
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

  /** Tries at once to regain a lost connection; the backoff begins anew. Does nothing unless `reconnecting`. */
  retryNow(): void {
    if (this.#state.name === 'reconnecting') this.#reconnector.retryNow();
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
      // Let in after a wait, it had asked with the token of that time.
      if (this.#state.name !== 'waiting') this.#hasNewToken = false;
      if (via === 'relogin') this.media.handleForgotten();
      changes = this.#feed.handleLogin(login);
    } else if (resume) {
      changes = this.#feed.handleResume(resume);
    }
    this.#startHeartbeat(connection, this.#self?.heartbeatIntervalMs);
    const tellWaiting = this.#waiting.replace(login ?? resume);
    this.#setState({ name: 'joined', via });
    if (login) this.#login?.resolve(login);
    this.#login = undefined;
    for (const change of changes) this.#tell(change, via);
    for (const frame of resume?.events ?? []) this.#handleEvent(frame);
    if (via !== 'login') tellWaiting();
    if (this.#connection !== connection) return;
    this.media.handleJoined();
    if (this.#hasNewToken) this.renewToken(this.#reconnector.token ?? '').catch(() => {});
    this.#attach(connection);
  }

  #handleOnHold({ connection, hold }: PutOnHold): void {
    this.#connection = connection;
    this.#hasNewToken = false;
    this.#startHeartbeat(connection, hold.heartbeatIntervalMs);
    this.#setState({ name: 'waiting', waiting: hold.waiting });
    if (this.#connection === connection) this.#attach(connection);
  }

  #attach(connection: Connection): void {
    connection.attach({
      event: (frame) => this.#handleEvent(frame),
      closed: (code, reason) => this.#handleClosed(code, reason),
    });
  }

  #startHeartbeat(connection: Connection, intervalMs = 30_000): void {
    this.#stopHeartbeat();
    this.#heartbeat = new Heartbeat({
      ...this.#platform,
      intervalMs,
      beat: () => connection.request('heartbeat', {}, this.#requestTimeoutMs),
      answered: ({ memberCount }) => {
        if (memberCount === undefined || !this.room) return;
        this.room.memberCount = memberCount;
        this.emit('memberCount', memberCount);
      },
      lost: () => this.#reconnect(),
    });
  }

  #stopHeartbeat(): void {
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
  }

  #handleEvent(frame: EventFrame): void {
    switch (frame.event) {
      case 'admitted':
        this.#handleAdmitted(frame.login);
        break;
      case 'refused':
        this.#end(toRefusal(frame.error));
        break;
      case 'waitingAdded':
      case 'waitingRemoved':
        this.#waiting.handle(frame);
        break;
      case 'removed':
        // A cause that only a newer server knows: out is out.
        this.#handleRemoved(parseMemberCause(frame.cause) ?? 'kicked', frame.reason);
        break;
      case 'mediaLost':
        this.media.handleMediaLost(frame);
        break;
      case 'publishEnded':
        this.media.handlePublishEnded(frame);
        break;
      case 'mediaClosed':
        // Told before the connection was lost, it is told again by the resume.
        if (this.#feed.hasSeen(frame.streamSeq)) break;
        this.media.handleMediaClosed(frame);
        this.#feed.drop(frame);
        break;
      default:
        if ('seq' in frame) this.#feed.handle(frame);
    }
  }

  #handleAdmitted(login: LoginResult): void {
    if (this.#state.name !== 'waiting' || !this.#connection) return;
    this.#handleJoined({ connection: this.#connection, via: this.#reconnector.handleLogin(login), login });
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
    if (this.#state.name !== 'joined' && this.#state.name !== 'waiting') return;
    const { lastHeardAtMs = 0 } = this.#connection ?? {};
    this.#dropConnection();
    this.#setState({ name: 'reconnecting', sinceMs: this.#platform.clock.now() });
    if (this.state.name === 'reconnecting') this.#reconnector.restart(lastHeardAtMs, () => this.room?.seq ?? 0);
  }

  #end(end: SessionEnd): void {
    if (this.#state.name === 'ended') return;
    this.#reconnector.stop();
    this.#unwatchPageHide();
    this.#tokenTimer.stop();
    this.#dropConnection();
    this.media.end(end);
    this.#setState({ name: 'ended', end });
    this.#login?.reject(toLoginError(end));
  }

  #dropConnection(): void {
    this.#stopHeartbeat();
    this.#feed.interrupt();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #setState(state: SessionState): void {
    const before = this.#state;
    this.#state = state;
    this.emit('stateChanged', state, before);
  }
}
