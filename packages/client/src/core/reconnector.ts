/**
 * The way in: connects and logs in, and after a lost connection comes back by the ticket, or by a new login where the
 * server allows it.
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
export interface PutOnHold {
  readonly connection: Connection;
  readonly hold: WaitingResult;
}

/** A way in that was found. */
export interface Joined {
  readonly connection: Connection;
  readonly via: JoinKind;
  /** With `login` and `relogin`. */
  readonly login?: LoginResult;
  /** With `resumed`. */
  readonly resume?: ResumeResult;
}

/** What a reconnector works with. */
export interface ReconnectorTask {
  readonly platform: Platform;
  readonly url: string;
  readonly login: Params<'login'>;
  readonly requestTimeoutMs: number;
  readonly loginTimeoutMs: number;
  readonly retryWindowMs: number;
  joined(joined: Joined): void;
  waiting(onHold: PutOnHold): void;
  /** There is no way in any more. */
  ended(end: SessionEnd): void;
}

/** A connection that lasted this long counts as good: the backoff begins anew. */
const STABLE_MS = 10_000;

/** Tries to get in until it is in, is refused for good, is stopped, or its time is over. */
export class Reconnector {
  readonly #task: ReconnectorTask;
  readonly #backoff: Backoff;
  #login: Params<'login'>;
  #ticket: string | undefined;
  /** The attempt to log in that is under way; the same until it is answered. */
  #attempt: Params<'login'>['attempt'];
  #lastSeq: () => number = () => 0;
  /** Until the server has taken a login. */
  #isFirst = true;
  #wasIn = false;
  #joinedAtMs = 0;
  /** Rises with every try, so that what belongs to an earlier one is seen to be late. */
  #generation = 0;
  #connection: Connection | undefined;
  /** Connections whose login is under way although it is not wanted any more. */
  readonly #left = new WeakSet<Connection>();
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

  /** Uses another token for later logins. */
  setToken(token: string): void {
    this.#login = { ...this.#login, credential: { ...this.#login.credential, token } };
  }

  /** Uses another name for later logins. */
  setUserName(userName: string): void {
    this.#login = { ...this.#login, userName };
  }

  /** Handles the answer of a login, received at once or after a wait; tells how it came in. */
  handleLogin({ ticket }: LoginResult): JoinKind {
    const via = this.#wasIn ? 'relogin' : 'login';
    this.#handleTicket(ticket);
    this.#wasIn = true;
    return via;
  }

  /** Logs in for the first time. A refusal by the server ends it at once. */
  start(): void {
    this.#openWindow(this.#task.loginTimeoutMs);
    void this.#try();
  }

  /**
   * Comes back after a lost connection, unless the server was last heard of longer ago than the retry window: a machine
   * that slept that long stays out.
   *
   * @param lastHeardAtMs when the server was last heard of, in milliseconds since the Unix epoch
   * @param lastSeq gives the last event seen
   */
  restart(lastHeardAtMs: number, lastSeq: () => number): void {
    this.#lastSeq = lastSeq;
    if (this.#task.platform.clock.now() - lastHeardAtMs >= this.#task.retryWindowMs)
      return this.#end({ kind: 'gave-up' });
    // A connection that is lost as soon as it is made is not made again at once, again and again.
    if (this.#task.platform.clock.now() - this.#joinedAtMs >= STABLE_MS) this.#backoff.reset();
    this.#openWindow(this.#task.retryWindowMs);
    this.#schedule();
  }

  /** Tries at once instead of waiting for the backoff; does nothing while a try is talking to the server. */
  retryNow(): void {
    this.#hurry();
  }

  /** Stops trying. */
  stop(): void {
    const { clock } = this.#task.platform;
    this.#generation += 1;
    clock.clearTimeout(this.#timer);
    clock.clearTimeout(this.#windowTimer);
    this.#unwatchOnline();
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Stops trying. A login or resume that the server has not answered yet is logged out again when it is (PRIV-1). */
  leave(): void {
    if (this.#connection) this.#left.add(this.#connection);
    this.#connection = undefined;
    this.stop();
  }

  #openWindow(windowMs: number): void {
    const { clock, watchOnline } = this.#task.platform;
    this.stop();
    this.#unwatchOnline = watchOnline(() => this.#hurry());
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
    this.#timer = clock.setTimeout(() => void this.#try(), this.#backoff.next());
  }

  /** The network is back: the next try need not wait, and a socket that is only opening began without it. */
  #hurry(): void {
    if (this.#connection) return;
    this.#task.platform.clock.clearTimeout(this.#timer);
    this.#backoff.reset();
    void this.#try();
  }

  async #try(): Promise<void> {
    const { platform, url, requestTimeoutMs } = this.#task;
    // Timers stand still while a machine sleeps.
    if (platform.clock.now() >= this.#windowEndsAtMs) return this.#end({ kind: 'gave-up' });
    this.#generation += 1;
    const generation = this.#generation;
    const isLate = () => generation !== this.#generation;
    let connection: Connection | undefined;
    let entered: Joined | PutOnHold;
    try {
      connection = await Connection.open(platform.openSocket, platform.clock, url, requestTimeoutMs);
      if (isLate()) {
        connection.close();
        return;
      }
      this.#connection = connection;
      entered = await this.#enter(connection);
      if (isLate()) {
        if (this.#left.has(connection)) logout(connection, requestTimeoutMs);
        return;
      }
    } catch (error) {
      if (isLate()) {
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
    if ('hold' in entered) this.#task.waiting(entered);
    else this.#task.joined(entered);
  }

  async #enter(connection: Connection): Promise<Joined | PutOnHold> {
    const { requestTimeoutMs } = this.#task;
    // The ticket is kept until there is another: what ends its user's logins meanwhile is told by its refusal.
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
    // Until it is answered: whoever was let in and taken out meanwhile does not come in by the same attempt again.
    this.#attempt = { id: attempt.id, isRetry: true };
    const login = await this.#request(connection, { ...this.#login, attempt });
    if ('waiting' in login) {
      this.#handleTicket(login.ticket);
      return { connection, hold: login };
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
    // The server answers so where nothing is known of the ticket: then only the user may log in again.
    if (error.code === 'resume.refused') {
      this.#end({ kind: 'refused', error });
      return;
    }
    const closeCode = error.details.closeCode;
    const isShutOut = typeof closeCode === 'number' && !mayReconnect(closeCode);
    // The first login's caller is waiting and can decide; a later one tries on while there is hope.
    const isRefused = this.#isFirst ? isServersWord(error) : !mayRetryLater(error.code);
    if (isShutOut || isRefused) this.#end({ kind: 'refused', error });
    else this.#schedule();
  }

  /**
   * Only a member of which the server says that it was merely lost logs in again by itself, on the same connection. One
   * that was taken out for good, or of which nothing is known, stays out (KICK-12).
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

/** Logs out and closes the connection when that is answered, or cannot be. */
export function logout(connection: Connection, timeoutMs: number): void {
  connection
    .request('logout', {}, timeoutMs)
    .catch(() => {})
    .finally(() => connection.close());
}

/** The cause for which the server keeps this client out, told by a refusal or by the code of a close. */
function findFinalCause({ code, details }: SessionError): MemberCause | undefined {
  const ofRefusal = code === 'resume.refused' ? parseMemberCause(details.cause) : undefined;
  const ofClose = typeof details.closeCode === 'number' ? findCauseOfCloseCode(details.closeCode) : undefined;
  const cause = ofRefusal ?? ofClose;
  return cause && isFinalCause(cause) ? cause : undefined;
}

function isServersWord(error: SessionError): boolean {
  return !error.code.startsWith('client.') && error.code !== 'server.going-away';
}
