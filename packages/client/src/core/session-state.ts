/**
 * The states of a room session and the ways it ends.
 *
 * @module
 */

import type { WireError, WireWaiting } from '@gavel/protocol';
import { MEMBER_CAUSES, type MemberCause } from '@gavel/protocol/causes';
import { CLOSE_CODE_OF_CAUSE, mayReconnect } from '@gavel/protocol/close-codes';
import { SessionError } from './errors.ts';

/** Why a session is over. */
export type SessionEnd =
  /** By `logout`. */
  | { readonly kind: 'left' }
  /** The server took the member out; it must not log in again by itself (KICK-9). The reason is the caller's text. */
  | { readonly kind: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** The login, or the login after a lost connection, was refused. */
  | { readonly kind: 'refused'; readonly error: SessionError }
  /** The connection was not regained within the retry window. */
  | { readonly kind: 'gave-up' };

/** How a session came to be joined. */
export type JoinKind =
  /** The first login. */
  | 'login'
  /** The same member came back on a new connection: for the others nothing happened (ROOM-5). */
  | 'resumed'
  /** The server did not know the member any more: a new login. */
  | 'relogin';

/** Where a room session stands. */
export type SessionState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting' }
  /** Logged in, and not let in yet; `admitted` leads to `joined`. */
  | { readonly name: 'waiting'; readonly waiting: WireWaiting }
  | { readonly name: 'joined'; readonly via: JoinKind }
  | { readonly name: 'reconnecting'; readonly sinceMs: number }
  | { readonly name: 'ended'; readonly end: SessionEnd };

/** Tells whether a member taken out for this cause must not log in again by itself (KICK-9). */
export function isFinalCause(cause: MemberCause): boolean {
  return !mayReconnect(CLOSE_CODE_OF_CAUSE[cause]);
}

/** Gives the cause that a close code tells, where no word came before it. */
export function findCauseOfCloseCode(code: number): MemberCause | undefined {
  return MEMBER_CAUSES.find((cause) => CLOSE_CODE_OF_CAUSE[cause] === code);
}

/** Gives an untrusted value as a cause, or undefined where it is none. */
export function parseMemberCause(value: unknown): MemberCause | undefined {
  return MEMBER_CAUSES.find((cause) => cause === value);
}

/** Gives the end that the server's refusal after a wait makes. */
export function toRefusal({ code, message, details }: WireError): SessionEnd {
  return { kind: 'refused', error: new SessionError(code, message, details) };
}

/** Gives what a login is rejected with when its session ends before it. */
export function toLoginError(end: SessionEnd): SessionError {
  switch (end.kind) {
    case 'refused':
      return end.error;
    case 'gave-up':
      return new SessionError('client.timeout', 'no server answered in time');
    case 'left':
      return new SessionError('client.ended', 'logged out before the login was answered');
    case 'removed':
      return new SessionError('client.ended', end.reason, { cause: end.cause });
  }
}
