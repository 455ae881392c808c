/**
 * Sessions of the console: a browser proves with a cookie that it has signed in with a token of the admin API.
 *
 * The cookie is HttpOnly and SameSite=Strict, so that no script reads it and no other site sends it. A changing call needs
 * the session's CSRF token as well, which only a page of this server can read (CON-1).
 *
 * @module
 */

import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';

/** How long a session lasts, in milliseconds. */
export const SESSION_LIFETIME_MS = 12 * 60 * 60 * 1000;
/** Most sessions at once; the oldest one ends for a new one. */
const MAX_SESSIONS = 1000;

/** The name of the cookie that contains a session's id. */
export const SESSION_COOKIE = 'gavel_session';
/** The header of a changing call that contains the session's CSRF token. */
export const CSRF_HEADER = 'x-gavel-csrf';

/** One browser that has signed in. */
export interface AdminSession {
  readonly id: string;
  /** The stored form of the token (`hashApiToken`); whom it belongs to, and what they may do, is looked up at every call. */
  readonly tokenHash: string;
  readonly csrfToken: string;
  readonly expiresAtMs: number;
}

/** The sessions, in memory: a restart of the process ends them. */
export class AdminSessions {
  readonly #clock: Clock;
  /** In order of their beginning, which is also that of their end. */
  readonly #byId = new Map<string, AdminSession>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a session for the owner of a token, which the caller has checked. */
  begin(tokenHash: string): AdminSession {
    this.#removeExpired();
    const [oldest] = this.#byId.keys();
    if (this.#byId.size >= MAX_SESSIONS && oldest !== undefined) this.#byId.delete(oldest);
    const session = {
      id: randomBytes(32).toString('base64url'),
      tokenHash,
      csrfToken: randomBytes(32).toString('base64url'),
      expiresAtMs: this.#clock.now() + SESSION_LIFETIME_MS,
    };
    this.#byId.set(session.id, session);
    return session;
  }

  /** Returns a session that has not ended. */
  find(id: string): AdminSession | undefined {
    const session = this.#byId.get(id);
    return session && session.expiresAtMs > this.#clock.now() ? session : undefined;
  }

  /** Ends a session: its cookie is of no use from now on. */
  end(id: string): void {
    this.#byId.delete(id);
  }

  #removeExpired(): void {
    for (const [id, { expiresAtMs }] of this.#byId) {
      if (expiresAtMs > this.#clock.now()) return;
      this.#byId.delete(id);
    }
  }
}

/** Returns whether a header contains the CSRF token of a session. */
export function hasCsrfToken(session: AdminSession, header: string | string[] | undefined): boolean {
  if (typeof header !== 'string') return false;
  const [given, expected] = [Buffer.from(header), Buffer.from(session.csrfToken)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Returns the session id in a `Cookie` header. */
export function readSessionCookie(header: string | undefined): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value) return value;
  }
  return undefined;
}

/**
 * Returns the `Set-Cookie` header of a session; without an id, the one that deletes the cookie.
 *
 * @param isSecure whether the browser uses HTTPS, also when a proxy ends it
 */
export function formatSessionCookie(path: string, isSecure: boolean, id = ''): string {
  const maxAgeS = id === '' ? 0 : SESSION_LIFETIME_MS / 1000;
  const attributes = `Path=${path}; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
  return `${SESSION_COOKIE}=${id}; ${attributes}`;
}
