/**
 * One login to one room. It survives lost connections.
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
import { IceConfig } from './media/ice-config.ts';
import { RoomMedia } from './media/room-media.ts';
import { completePlatform, type Platform } from './platform.ts';
import { type Joined, logout, Reconnector, type Waiting } from './reconnector.ts';
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

/** Options of a session. */
export interface SessionOptions {
  /** Base address of the server: `https://host` (or http, ws, wss); the path of the signalling endpoint is added. */
  readonly server: string;
  readonly login: Params<'login'>;
  /**
   * How long the session tries to restore a lost connection or lost media, in milliseconds; default 5 min, maximum 12 h:
   * the server remembers removed members for 24 h. Measured with the platform's monotonic clock; by default that is
   * `performance.now()`, which may not advance while the machine sleeps.
   */
  readonly retryWindowMs?: number;
  /** How long the first login may take, retries included, in milliseconds; default 15 s. */
  readonly loginTimeoutMs?: number;
  /** How long one answer may take, in milliseconds; default 10 s. */
  readonly requestTimeoutMs?: number;
  /** How long before the token's expiry `tokenWillExpire` is emitted, in milliseconds; default 30 s. */
  readonly tokenWarningMs?: number;
  /** STUN and TURN servers, instead of those that the server gives with the login (ICE-1). */
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay` sends and receives media through TURN servers only; default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  readonly platform?: Partial<Platform>;
}

/** One login to one room. It reconnects by itself after a lost connection, but not after the member was removed. */
export class RoomSession extends Emitter<SessionEvents> {
  /** Publishes and plays. */
  readonly media: RoomMedia;
  readonly #platform: Platform;
  readonly #requestTimeoutMs: number;
  readonly #reconnector: Reconnector;
  readonly #tokenTimer: TokenTimer;
  readonly #ice: IceConfig;
  /** The last reported reason why media does not get through; undefined after a transport has connected. */
  #mediaProblem: SessionError | undefined;
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
  readonly #unwatchOnline: () => void;

  /** @throws SessionError `request.malformed` if `server` is not a valid address */
  constructor(options: SessionOptions) {
    super();
    this.#platform = completePlatform(options.platform);
    const { clock, random, media } = this.#platform;
    this.#requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
    const retryWindowMs = Math.min(options.retryWindowMs ?? 300_000, 12 * 60 * 60 * 1000);
    this.#ice = new IceConfig({ ...options, clock, renew: () => this.request('iceServers', {}) });
    this.media = new RoomMedia(
      media && {
        media,
        clock,
        random,
        ice: this.#ice,
        retryWindowMs,
        reportPath: (problem) => this.#handlePath(problem),
        request: (method, params) => this.request(method, params),
        isListed: (streamId) => this.room?.streams.has(streamId) ?? false,
        isScreen: (streamId) => this.room?.streams.get(streamId)?.source === 'screen',
      },
    );
    this.#unwatchOnline = this.#platform.watchOnline(() => this.media.handleOnline());
    this.#feed = new RoomFeed({
      askSnapshot: () => this.request('snapshot', {}),
      changed: (change) => this.#emitChange(change),
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
      waiting: (waiting) => this.#handleWaiting(waiting),
      ended: (end) => this.#end(end),
    });
    this.#tokenTimer = new TokenTimer(clock, options.tokenWarningMs ?? 30_000, () => this.emit('tokenWillExpire'));
  }

  /** The current state. */
  get state(): SessionState {
    return this.#state;
  }

  /** The result of the latest login, with the current permissions and name; undefined before the first login. */
  get self(): LoginResult | undefined {
    return this.#self;
  }

  /** The state of the room; undefined before the first login. */
  get room(): RoomView | undefined {
    return this.#feed.room;
  }

  /** Users who wait for admission, by member id, in the order of their logins; empty unless this member may admit. */
  get waiting(): ReadonlyMap<string, WireWaiting> {
    return this.#waiting.all;
  }

  /**
   * Logs in; a session logs in once. If the login must wait for admission, the state is `waiting` until then.
   *
   * @throws SessionError the server's refusal, `client.timeout` if no server answered, `client.ended` after `logout`
   */
  login(): Promise<LoginResult> {
    if (this.#state.name !== 'idle') {
      return Promise.reject(new SessionError('request.out-of-order', 'a session logs in once'));
    }
    return new Promise((resolve, reject) => {
      this.#login = { resolve, reject };
      this.#unwatchPageHide = this.#platform.watchPageHide(() => this.logout());
      this.#setState({ name: 'connecting' });
      // A handler of `stateChanged` may have logged out.
      if (this.state.name === 'connecting') this.#reconnector.start();
    });
  }

  /**
   * Leaves the room: the session ends at once, and a request to log out is sent. This also happens when the page is
   * closed, reloaded or left (ROOM-8): if the browser restores the page from its cache, the session has ended.
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

  /** Sends a message to the room. With kind `command` it goes to the users in `to`, or to all if `to` is omitted. */
  send(kind: RoomMessage['kind'], text: string, to?: readonly string[]): Promise<Results['send']> {
    return this.request('send', { kind, text, ...(to && { to: [...to] }) });
  }

  /** Reconnects at once instead of after the backoff, and resets the backoff. Does nothing unless `reconnecting`. */
  retryNow(): void {
    if (this.#state.name === 'reconnecting') this.#reconnector.retryNow();
  }

  /** Replaces the token, for this and for later logins; while disconnected, it is sent after the next resume. */
  async renewToken(token: string): Promise<void> {
    this.#reconnector.setToken(token);
    this.#hasNewToken = true;
    if (this.#state.name !== 'joined') return;
    const { tokenExpiresAtMs } = await this.request('renewToken', { token });
    this.#hasNewToken = false;
    this.#tokenTimer.set(tokenExpiresAtMs);
  }

  /** Changes this member's name, for everybody in the room and for later logins; throws as `request` does. */
  async rename(name: string): Promise<void> {
    await this.request('rename', { name });
    this.#reconnector.setUserName(name);
  }

  #handleJoined({ connection, via, login, resume }: Joined): void {
    this.#connection = connection;
    this.#ice.handle((login ?? resume)?.ice);
    let changes: readonly RoomChange[] = [];
    if (login) {
      this.#self = login;
      this.#tokenTimer.handleServerTime(login.serverTimeMs);
      this.#tokenTimer.set(login.tokenExpiresAtMs);
      // After a wait, the login used the token of its start: a newer one is still to be sent.
      if (this.#state.name !== 'waiting') this.#hasNewToken = false;
      if (via === 'relogin') this.media.handleForgotten();
      changes = this.#feed.handleLogin(login);
    } else if (resume) {
      changes = this.#feed.handleResume(resume);
    }
    this.#startHeartbeat(connection, this.#self?.heartbeatIntervalMs);
    const emitWaiting = this.#waiting.replace(login ?? resume);
    this.#setState({ name: 'joined', via });
    if (login) this.#login?.resolve(login);
    this.#login = undefined;
    for (const change of changes) this.#emitChange(change, via);
    for (const frame of resume?.events ?? []) this.#handleEvent(frame);
    if (via !== 'login') emitWaiting();
    if (this.#connection !== connection) return;
    this.media.handleJoined();
    if (this.#hasNewToken) this.renewToken(this.#reconnector.token ?? '').catch(() => {});
    this.#attach(connection);
  }

  #handleWaiting({ connection, waiting }: Waiting): void {
    this.#connection = connection;
    this.#hasNewToken = false;
    this.#startHeartbeat(connection, waiting.heartbeatIntervalMs);
    this.#setState({ name: 'waiting', waiting: waiting.waiting });
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
        // A newer server may send a cause that this client does not know: treat it as final.
        this.#handleRemoved(parseMemberCause(frame.cause) ?? 'kicked', frame.reason);
        break;
      case 'mediaLost':
        this.media.handleMediaLost();
        break;
      case 'playLost':
        this.media.handlePlayLost(frame);
        break;
      case 'videoPaused':
      case 'demandChanged':
      case 'viewerUnsupported':
        this.media.handleStreamEvent(frame);
        break;
      case 'activeSpeaker':
        this.media.handleSpeaker(frame.streamId);
        this.emit('activeSpeaker', frame);
        break;
      case 'soundLevels':
        this.emit('soundLevels', frame.levels);
        break;
      case 'publishEnded':
        this.media.handlePublishEnded(frame);
        break;
      case 'mediaClosed':
        // A resume repeats events that arrived before the connection was lost.
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

  #emitChange(change: RoomChange, via?: JoinKind): void {
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
    this.#unwatchOnline();
    this.#tokenTimer.stop();
    this.#ice.stop();
    this.#dropConnection();
    this.media.end(end);
    this.#setState({ name: 'ended', end });
    this.#login?.reject(toLoginError(end));
  }

  /** Emits each reason once until a transport connects: all streams of a session usually fail for the same one. */
  #handlePath(problem: SessionError | undefined): void {
    const isKnown = problem?.code === this.#mediaProblem?.code;
    this.#mediaProblem = problem;
    if (!problem || isKnown) return;
    if (problem.code === 'client.turn-refused') this.#ice.renewNow();
    this.emit('mediaProblem', problem);
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
