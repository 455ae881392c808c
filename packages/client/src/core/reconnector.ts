/**
 * Connects and logs in. After a lost connection it resumes with the ticket, or logs in again if the server allows it.
 *
 * @module
 */

import type { LoginResult, MemberCause, Params, Results, ResumeResult, WaitingResult } from '@gavel/protocol';
import { mayReconnect } from '@gavel/protocol/close-codes';
import { Backoff, RECONNECT_BACKOFF } from './backoff.ts';
import { Connection } from './connection.ts';
import { mayRetryLater, type SessionError, toSessionError } from './errors.ts';
import { type Platform, randomId } from './platform.ts';
import {
  findCauseOfCloseCode,
  isFinalCause,
  type JoinKind,
  parseMemberCause,
  type SessionEnd,
} from './session-state.ts';

/** The server has put the login on its waiting list. */
export interface Waiting {
  readonly connection: Connection;
  readonly waiting: WaitingResult;
}

/** A successful login or resume. */
export interface Joined {
  readonly connection: Connection;
  readonly via: JoinKind;
  /** Set if `via` is `login` or `relogin`. */
  readonly login?: LoginResult;
  /** Set if `via` is `resumed`. */
  readonly resume?: ResumeResult;
}

/** Dependencies and callbacks of a reconnector. */
export interface ReconnectorTask {
  readonly platform: Platform;
  readonly url: string;
  readonly login: Params<'login'>;
  readonly requestTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly retryWindowMs: number;
  joined(joined: Joined): void;
  waiting(waiting: Waiting): void;
  /** No further attempt is made. */
  ended(end: SessionEnd): void;
}

/** A connection that lasted this long is stable: its loss resets the backoff. */
const STABLE_MS = 10_000;

/** Attempts to join until it succeeds, is refused finally, is stopped, or its time window ends. */
export class Reconnector {
  readonly #task: ReconnectorTask;
  readonly #backoff: Backoff;
  #login: Params<'login'>;
  #ticket: string | undefined;
  /** The id of the current attempt to log in; it stays the same until the server answers. */
  #attempt: Params<'login'>['attempt'];
  #lastSeq: () => number = () => 0;
  /** True until the server accepts a login. */
  #isFirst = true;
  #hasJoined = false;
  #joinedAtMs = 0;
  /** Increases with every attempt, so that results of an earlier attempt are recognised as stale. */
  #generation = 0;
  #connection: Connection | undefined;
  /** Connections with a pending login or resume that `leave` has cancelled. */
  readonly #abandoned = new WeakSet<Connection>();
  #timer: unknown;
  #windowTimer: unknown;
  #windowEndsAtMs = 0;
  #unwatchOnline: () => void = () => {};

  constructor(task: ReconnectorTask) {
    this.#task = task;
    this.#login = task.login;
    this.#backoff = new Backoff(RECONNECT_BACKOFF, task.platform.random);
  }

  /** The token that logins use. */
  get token(): string | undefined {
    return this.#login.credential.token;
  }

  /** Sets the token of later logins. */
  setToken(token: string): void {
    this.#login = { ...this.#login, credential: { ...this.#login.credential, token } };
  }

  /** Sets the user name of later logins. */
  setUserName(userName: string): void {
    this.#login = { ...this.#login, userName };
  }

  /** Handles the result of a login, whether it comes at once or after a wait; returns whether it is the first. */
  handleLogin({ ticket }: LoginResult): JoinKind {
    const via = this.#hasJoined ? 'relogin' : 'login';
    this.#handleTicket(ticket);
    this.#hasJoined = true;
    return via;
  }

  /** Logs in for the first time. If the server refuses the login, no further attempt is made. */
  start(): void {
    this.#openWindow(this.#task.loginTimeoutMs);
    void this.#attemptJoin();
  }

  /**
   * Reconnects after a lost connection, unless the server's last message is older than the retry window.
   *
   * @param lastHeardAtMs when the last message of the server arrived, by the platform's clock
   * @param lastSeq returns the sequence number of the last event seen
   */
  restart(lastHeardAtMs: number, lastSeq: () => number): void {
    this.#lastSeq = lastSeq;
    if (this.#task.platform.clock.now() - lastHeardAtMs >= this.#task.retryWindowMs)
      return this.#end({ kind: 'gave-up' });
    // The backoff continues after a short connection, so that connections that fail at once are not retried in a tight loop.
    if (this.#task.platform.clock.now() - this.#joinedAtMs >= STABLE_MS) this.#backoff.reset();
    this.#openWindow(this.#task.retryWindowMs);
    this.#schedule();
  }

  /**
   * Makes the next attempt at once instead of after the backoff, and resets the backoff. An attempt whose socket is still
   * opening is replaced; does nothing while a login or resume is pending.
   */
  retryNow(): void {
    if (this.#connection) return;
    this.#task.platform.clock.clearTimeout(this.#timer);
    this.#backoff.reset();
    void this.#attemptJoin();
  }

  /** Stops all attempts. */
  stop(): void {
    const { clock } = this.#task.platform;
    this.#generation += 1;
    clock.clearTimeout(this.#timer);
    clock.clearTimeout(this.#windowTimer);
    this.#unwatchOnline();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Stops all attempts. If a login or resume is pending, it is logged out as soon as the server answers it (PRIV-1). */
  leave(): void {
    if (this.#connection) this.#abandoned.add(this.#connection);
    this.#connection = undefined;
    this.stop();
  }

  #openWindow(windowMs: number): void {
    const { clock, watchOnline } = this.#task.platform;
    this.stop();
    this.#unwatchOnline = watchOnline(() => this.retryNow());
    this.#windowEndsAtMs = clock.now() + windowMs;
    this.#windowTimer = clock.setTimeout(() => this.#end({ kind: 'gave-up' }), windowMs);
  }

  #handleTicket(ticket: string): void {
    this.#ticket = ticket;
    this.#attempt = undefined;
  }

  #schedule(): void {
    const { clock } = this.#task.platform;
    clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => void this.#attemptJoin(), this.#backoff.next());
  }

  async #attemptJoin(): Promise<void> {
    const { platform, url, requestTimeoutMs } = this.#task;
    // The timer of the window may be late after the machine slept.
    if (platform.clock.now() >= this.#windowEndsAtMs) return this.#end({ kind: 'gave-up' });
    this.#generation += 1;
    const generation = this.#generation;
    const isStale = () => generation !== this.#generation;
    let connection: Connection | undefined;
    let entered: Joined | Waiting;
    try {
      connection = await Connection.open(platform.openSocket, platform.clock, url, requestTimeoutMs);
      if (isStale()) {
        connection.close();
        return;
      }
      this.#connection = connection;
      entered = await this.#enter(connection);
      if (isStale()) {
        if (this.#abandoned.has(connection)) logout(connection, requestTimeoutMs);
        return;
      }
    } catch (error) {
      if (isStale()) {
        connection?.close();
        return;
      }
      this.#connection?.close();
      this.#connection = undefined;
      this.#handleFailure(toSessionError(error));
      return;
    }
    this.#connection = undefined;
    this.stop();
    this.#isFirst = false;
    this.#joinedAtMs = platform.clock.now();
    if ('waiting' in entered) this.#task.waiting(entered);
    else this.#task.joined(entered);
  }

  /** Resumes if there is a ticket; logs in if there is none, or if the server refuses it and allows a new login. */
  async #enter(connection: Connection): Promise<Joined | Waiting> {
    const { requestTimeoutMs } = this.#task;
    // The ticket is kept until another replaces it: its refusal carries the cause for which the member was removed.
    if (this.#ticket !== undefined) {
      try {
        const params = { ticket: this.#ticket, lastSeq: this.#lastSeq() };
        return { connection, via: 'resumed', resume: await connection.request('resume', params, requestTimeoutMs) };
      } catch (error) {
        this.#handleResumeFailure(toSessionError(error));
      }
    }
    this.#attempt ??= { id: randomId(), isRetry: false };
    const attempt = this.#attempt;
    // If the answer is lost, the next request repeats the attempt's id: the server does not admit the same attempt again
    // after it has removed the member.
    this.#attempt = { id: attempt.id, isRetry: true };
    const login = await this.#request(connection, { ...this.#login, attempt });
    if ('waiting' in login) {
      this.#handleTicket(login.ticket);
      return { connection, waiting: login };
    }
    return { connection, via: this.handleLogin(login), login };
  }

  async #request(connection: Connection, login: Params<'login'>): Promise<Results['login']> {
    try {
      return await connection.request('login', login, this.#task.requestTimeoutMs);
    } catch (error) {
      // The server's answer ends the attempt.
      if (!toSessionError(error).code.startsWith('client.')) this.#attempt = undefined;
      throw error;
    }
  }

  #handleFailure(error: SessionError): void {
    const cause = findFinalCause(error);
    if (cause) {
      this.#end({ kind: 'removed', cause, reason: String(error.details.reason ?? '') });
      return;
    }
    // The server does not know the ticket: only the user may log in again.
    if (error.code === 'resume.refused') {
      this.#end({ kind: 'refused', error });
      return;
    }
    const closeCode = error.details.closeCode;
    const mustStayOut = typeof closeCode === 'number' && !mayReconnect(closeCode);
    // The caller of the first login handles every refusal. Later logins are repeated unless the error is permanent.
    const isRefused = (this.#isFirst && isServerAnswer(error)) || !mayRetryLater(error.code);
    if (mustStayOut || isRefused) this.#end({ kind: 'refused', error });
    else this.#schedule();
  }

  /**
   * Returns if the refusal's cause allows a new login on the same connection, such as a lost connection. Throws the error
   * if the cause is final or unknown: the client must not log in again by itself (KICK-12).
   */
  #handleResumeFailure(error: SessionError): void {
    const cause = error.code === 'resume.refused' ? parseMemberCause(error.details.cause) : undefined;
    if (!cause || isFinalCause(cause)) throw error;
  }

  #end(end: SessionEnd): void {
    this.stop();
    this.#task.ended(end);
  }
}

/** Logs out, and closes the connection when the server has answered or the request has failed. */
export function logout(connection: Connection, timeoutMs: number): void {
  connection
    .request('logout', {}, timeoutMs)
    .catch(() => {})
    .finally(() => connection.close());
}

/** Returns the final cause in a refused resume or in the close code of a connection, if there is one. */
function findFinalCause({ code, details }: SessionError): MemberCause | undefined {
  const ofRefusal = code === 'resume.refused' ? parseMemberCause(details.cause) : undefined;
  const ofClose = typeof details.closeCode === 'number' ? findCauseOfCloseCode(details.closeCode) : undefined;
  const cause = ofRefusal ?? ofClose;
  return cause && isFinalCause(cause) ? cause : undefined;
}

function isServerAnswer(error: SessionError): boolean {
  return !error.code.startsWith('client.') && error.code !== 'server.going-away';
}
