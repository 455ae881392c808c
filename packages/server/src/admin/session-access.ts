/**
 * Calls that a browser makes with its session, and what another site could make it send (CON-1).
 *
 * @module
 */

import type { AdminIdentity } from '@gavel/protocol/admin';
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from './authenticator.ts';
import { AdminError } from './errors.ts';
import { type AdminSession, CSRF_HEADER, hasCsrfToken, readSessionCookie } from './sessions.ts';
import type { SharedSessions } from './shared-sessions.ts';

/** Methods that change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Returns the caller of a request with a session cookie; undefined if it has none, the session has ended, or its token is
 * no longer valid. The token is looked up at every call.
 *
 * @throws AdminError `forbidden` if a changing call has no CSRF token, or comes from a page of another site
 */
export async function findSessionCaller(
  sessions: Pick<SharedSessions, 'find'>,
  authenticator: Pick<Authenticator, 'find'>,
  request: FastifyRequest,
): Promise<AdminIdentity | undefined> {
  const session = await findSession(sessions, request);
  const identity = session && (await authenticator.find(session.tokenHash));
  if (!identity || SAFE_METHODS.has(request.method)) return identity;
  if (isOtherSite(request)) throw new AdminError('forbidden', 'The call comes from a page of another site.');
  if (hasCsrfToken(session, request.headers[CSRF_HEADER])) return identity;
  throw new AdminError('forbidden', `A changing call of a session needs its CSRF token in the header ${CSRF_HEADER}.`);
}

/** Returns the session of a request's cookie. */
export async function findSession(
  sessions: Pick<SharedSessions, 'find'>,
  { headers }: FastifyRequest,
): Promise<AdminSession | undefined> {
  const id = readSessionCookie(headers.cookie);
  return id === undefined ? undefined : sessions.find(id);
}

/** Returns whether a browser says that the request comes from a page of another site. */
export function isOtherSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
