/**
 * Sign-in and sign-out of the console: exchanges a token of the admin API for a session cookie.
 *
 * @module
 */

import {
  ADMIN_SESSION,
  type AdminIdentity,
  type AdminSession as AdminSessionBody,
  CURRENT_ADMIN_SESSION,
  type CurrentAdminSession,
  SIGN_IN,
  type SignIn,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { hashApiToken } from '../store/api-token-hash.ts';
import type { Authenticator } from './authenticator.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';
import { findSession, isOtherSite } from './session-access.ts';
import { type AdminSession, formatSessionCookie } from './sessions.ts';
import type { SharedSessions } from './shared-sessions.ts';

/** The dependencies of the routes. */
export interface SessionRouteDeps {
  readonly sessions: SharedSessions;
  readonly authenticator: Pick<Authenticator, 'find'>;
  /** The path below which browsers send the cookie. */
  readonly cookiePath: string;
}

const ENDED = Type.Object({});

/** Adds the routes at `/session`. Sign-in needs no credential but the token in its body. */
export function addSessionRoutes(scope: FastifyInstance, deps: SessionRouteDeps): void {
  const { sessions, authenticator, cookiePath } = deps;
  const setCookie = (request: FastifyRequest, reply: FastifyReply, id?: string) =>
    reply
      .header('set-cookie', formatSessionCookie(cookiePath, usesHttps(request), id))
      .header('cache-control', 'no-store');

  scope.post(
    '/session',
    {
      config: { right: 'none' },
      schema: {
        summary: 'Signs a browser in: sets the session cookie of the console',
        body: SIGN_IN,
        response: describeResponses('The session has begun.', ADMIN_SESSION),
      },
    },
    async (request, reply) => {
      if (isOtherSite(request)) throw new AdminError('forbidden', 'Only a page of this server may sign in');
      const tokenHash = hashApiToken((request.body as SignIn).token);
      const identity = await authenticator.find(tokenHash);
      if (!identity) throw new AdminError('unauthorized', 'The token is not valid: it is unknown or was revoked');
      const session = await sessions.begin(tokenHash);
      setCookie(request, reply, session.id);
      return describeSession(session, identity);
    },
  );

  // Open, so that a page can ask without an error whether it must show the sign-in form.
  scope.get(
    '/session',
    {
      config: { right: 'none' },
      schema: {
        summary: 'Returns the session of this browser; null if it is not signed in',
        response: describeResponses('The session.', CURRENT_ADMIN_SESSION),
      },
    },
    async (request, reply): Promise<CurrentAdminSession> => {
      const session = await findSession(sessions, request);
      const identity = session && (await authenticator.find(session.tokenHash));
      reply.header('cache-control', 'no-store');
      return { session: identity ? describeSession(session, identity) : null };
    },
  );

  scope.delete(
    '/session',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Signs the browser out: ends its session and deletes the cookie',
        response: describeResponses('The session has ended.', ENDED),
      },
    },
    async (request, reply) => {
      const session = await findSession(sessions, request);
      if (session) await sessions.end(session.id);
      setCookie(request, reply);
      return {};
    },
  );
}

/** Returns whether the browser uses HTTPS. Behind a proxy only the page's origin tells. */
function usesHttps({ headers, protocol }: FastifyRequest): boolean {
  return protocol === 'https' || headers.origin?.startsWith('https://') === true;
}

function describeSession({ csrfToken, expiresAtMs }: AdminSession, identity: AdminIdentity): AdminSessionBody {
  return { ...identity, csrfToken, expiresAtMs };
}
