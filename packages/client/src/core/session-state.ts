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
  /** The server removed the member; the client must not log in again by itself (KICK-9). `reason` is the caller's text. */
  | { readonly kind: 'removed'; readonly cause: MemberCause; readonly reason: string }
  /** The login, or the login after a lost connection, was refused. */
  | { readonly kind: 'refused'; readonly error: SessionError }
  /** The connection could not be restored within the retry window. */
  | { readonly kind: 'gave-up' };

/** How a session joined the room. */
export type JoinKind =
  /** The first login. */
  | 'login'
  /** The same member continues on a new connection; the others see no change (ROOM-5). */
  | 'resumed'
  /** A new login after the server had removed the member, such as after a long loss of the connection. */
  | 'relogin';

/** The state of a room session. */
export type SessionState =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting' }
  /** The login waits for admission; `admitted` leads to `joined`. */
  | { readonly name: 'waiting'; readonly waiting: WireWaiting }
  | { readonly name: 'joined'; readonly via: JoinKind }
  | { readonly name: 'reconnecting'; readonly sinceMs: number }
  | { readonly name: 'ended'; readonly end: SessionEnd };

/** Returns whether a client that was removed for this cause must not log in again by itself (KICK-9). */
export function isFinalCause(cause: MemberCause): boolean {
  return !mayReconnect(CLOSE_CODE_OF_CAUSE[cause]);
}

/** Returns the cause that a close code stands for; used if no `removed` event came before the close. */
export function findCauseOfCloseCode(code: number): MemberCause | undefined {
  return MEMBER_CAUSES.find((cause) => CLOSE_CODE_OF_CAUSE[cause] === code);
}

/** Parses an untrusted value as a cause; returns undefined if it is none. */
export function parseMemberCause(value: unknown): MemberCause | undefined {
  return MEMBER_CAUSES.find((cause) => cause === value);
}

/** Converts the server's refusal of a waiting login to the end of the session. */
export function toRefusal({ code, message, details }: WireError): SessionEnd {
  return { kind: 'refused', error: new SessionError(code, message, details) };
}

/** Returns the error for a login whose session ended before the login was answered. */
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
