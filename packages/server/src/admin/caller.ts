/**
 * The caller of a route: the door authenticates it before the body is read, and the route asks for it.
 *
 * @module
 */

import type { AdminIdentity } from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticator } from './authenticator.ts';
import { type AdminRight, requireApp, requireRight } from './roles.ts';
import { findSessionCaller } from './session-access.ts';
import type { SharedSessions } from './shared-sessions.ts';

/** What judges calls. */
export interface JudgeDeps {
  readonly authenticator: Authenticator;
  readonly sessions: SharedSessions;
  /** Called with a call that the caller's role or Apps do not allow, before it is answered. */
  readonly onRefused: (request: FastifyRequest, caller: AdminIdentity) => Promise<void>;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The right that a route of the admin API needs; `none`: the call needs no credential. */
    readonly right?: AdminRight | 'none';
    /** The command that a route sends: a refusal has an audit row (AUDIT-1). */
    readonly action?: string;
  }
}

/** An authenticated request. */
interface Judged {
  readonly caller: AdminIdentity;
  readonly judge: () => Promise<void>;
}

/** By request; the entries go with the requests. */
const JUDGED = new WeakMap<FastifyRequest, Judged>();

/** Returns the authenticated caller of a request. @throws Error if the request has none, which is a bug */
export function callerOf(request: FastifyRequest): AdminIdentity {
  return judgedOf(request).caller;
}

/** Judges a call that lasts once more: the token may have been revoked. @throws AdminError as at the beginning of the call */
export async function judgeAgain(request: FastifyRequest): Promise<void> {
  await judgedOf(request).judge();
}

function judgedOf(request: FastifyRequest): Judged {
  const judged = JUDGED.get(request);
  if (!judged) throw new Error('the request was not authenticated');
  return judged;
}

/**
 * Judges every call of a scope: authenticates the caller, and checks its role and its access to the App that the path or
 * the query names. Apps in a body are checked by the route. A route without a right fails at the start.
 */
export function judgeCalls(scope: FastifyInstance, { authenticator, sessions, onRefused }: JudgeDeps): void {
  scope.addHook('onRoute', ({ url, config }) => {
    if (!config?.right) throw new Error(`the admin route ${url} does not say which right it needs`);
  });
  scope.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.right === 'none') return;
    const authenticate = async (): Promise<AdminIdentity> => {
      const { authorization } = request.headers;
      const inSession =
        authorization === undefined ? await findSessionCaller(sessions, authenticator, request) : undefined;
      return inSession ?? (await authenticator.authenticate(authorization));
    };
    const caller = await authenticate();
    JUDGED.set(request, { caller, judge: async () => requireAccess(request, await authenticate()) });
    try {
      requireAccess(request, caller);
    } catch (error) {
      await onRefused(request, caller);
      throw error;
    }
  });
}

function requireAccess(request: FastifyRequest, caller: AdminIdentity): void {
  // A path without a route is answered 404 to every caller.
  const { right } = request.routeOptions.config;
  if (right && right !== 'none') requireRight(caller, right);
  for (const part of [request.params, request.query]) {
    const { appId } = (part ?? {}) as { readonly appId?: unknown };
    // A malformed id gets the same answer as an App that the caller may not access.
    if (appId !== undefined && caller.appIds) requireApp(caller, Number(appId));
  }
}
