/**
 * The way in: connects and logs in, and after a lost connection comes back by the ticket or by a new login.
 *
 * @module
 */

import type { LoginResult, MemberCause, Params, ResumeResult, WaitingResult } from '@gavel/protocol';
import { mayReconnect } from '@gavel/protocol/close-codes';
import { Backoff, RECONNECT_BACKOFF } from './backoff.ts';
import { Connection } from './connection.ts';
import { mayRetryLater, type SessionError, toSessionError } from './errors.ts';
import type { Platform } from './platform.ts';
import { isFinalCause, type JoinKind, parseMemberCause, type SessionEnd } from './session-state.ts';

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

  /** Forgets the member: the next way in is a login. */
  forgetTicket(): void {
    this.#ticket = undefined;
  }

  /** Takes the answer of a login, given at once or after a wait; says how it came in. */
  handleLogin({ ticket }: LoginResult): JoinKind {
    const via = this.#wasIn ? 'relogin' : 'login';
    this.#ticket = ticket;
    this.#wasIn = true;
    return via;
  }

  /** Logs in for the first time. A refusal by the server ends it at once. */
  start(): void {
    this.#openWindow(this.#task.loginTimeoutMs);
    void this.#try();
  }

  /** Comes back after a lost connection; `lastSeq` gives the last event seen. */
  restart(lastSeq: () => number): void {
    this.#lastSeq = lastSeq;
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
    this.stop();
    this.#unwatchOnline = this.#task.platform.watchOnline(() => this.#hurry());
    this.#windowTimer = this.#task.platform.clock.setTimeout(() => this.#end({ kind: 'gave-up' }), windowMs);
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
    if (this.#ticket !== undefined) {
      try {
        const params = { ticket: this.#ticket, lastSeq: this.#lastSeq() };
        return { connection, via: 'resumed', resume: await connection.request('resume', params, requestTimeoutMs) };
      } catch (error) {
        this.#handleResumeFailure(toSessionError(error));
      }
    }
    const login = await connection.request('login', this.#login, requestTimeoutMs);
    if ('waiting' in login) return { connection, hold: login };
    return { connection, via: this.handleLogin(login), login };
  }

  #handleFailure(error: SessionError): void {
    const cause = findFinalCause(error);
    if (cause) {
      this.#end({ kind: 'removed', cause, reason: String(error.details.reason ?? '') });
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
   * A member that was taken out while it was away stays out (KICK-9); one that nobody remembers logs in again, on the
   * same connection.
   */
  #handleResumeFailure(error: SessionError): void {
    if (error.code !== 'resume.refused' || findFinalCause(error)) throw error;
    this.#ticket = undefined;
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

function findFinalCause(error: SessionError): MemberCause | undefined {
  const cause = error.code === 'resume.refused' ? parseMemberCause(error.details.cause) : undefined;
  return cause && isFinalCause(cause) ? cause : undefined;
}

function isServersWord(error: SessionError): boolean {
  return !error.code.startsWith('client.') && error.code !== 'server.going-away';
}
