/**
 * The RealtimeKit door: the REST API of meetings, their participants, and their active sessions (RTK).
 *
 * @example
 * registerRealtimeKitDoor(http, { apps, bus, peers, store, clock, log, apiTokens, tokens });
 * // POST /client/v4/accounts/<account>/realtime/kit/<app>/meetings/<meeting>/active-session/kick
 *
 * @module
 */

import { ERRORS, GavelError } from '@gavel/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Peers } from '../cluster/peers.ts';
import { type CountCall, UNKNOWN_OPERATION } from '../telemetry/call-metrics.ts';
import type { ApiTokens } from './api-tokens.ts';
import { AuthError, authenticate, authorise, type Caller, type PathIds } from './auth.ts';
import { otherType, parseJsonBody, refuseOtherBody } from './body.ts';
import { registerChatDownload } from './chat/chat-download.ts';
import { ApiError, authErrorBody, errorBody, successBody } from './envelope.ts';
import { type RateLimitSettings, TokenRateLimit } from './rate-limit.ts';
import { builtRoutes } from './resources/routes.ts';
import type { ResourceDeps, Route } from './route.ts';

/** Path prefix of the API. The base URL of a client ends before `/accounts`. */
export const PREFIX = '/client/v4/accounts/:account_id/realtime/kit';
/** Maximum size of a body, in bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Logs internal errors. */
export interface DoorLog {
  error(fields: object, message: string): void;
}

/** The server parts that the door needs. */
export interface RealtimeKitDoorDeps extends ResourceDeps {
  readonly apiTokens: ApiTokens;
  readonly peers: Pick<Peers, 'serve' | 'askFor'>;
  readonly rateLimit: RateLimitSettings;
  readonly log: DoorLog;
  /** Counts calls, for the metrics. */
  readonly countCall?: CountCall;
}

/** A thrown error, with the fields that the framework adds to its own errors. */
type Fault = Error & { readonly code?: string; readonly statusCode?: number };

/** The property of a request that holds its caller. */
const CALLER = 'realtimeKitCaller';

/**
 * Adds the routes of the API. Every error is answered in the envelope (RTK-2).
 *
 * @param http created with `routerOptions.maxParamLength` above 36, so that a longer id is answered with 400 (RTK-7)
 */
export function registerRealtimeKitDoor(http: FastifyInstance, deps: RealtimeKitDoorDeps): void {
  const limit = new TokenRateLimit(deps.rateLimit, deps.clock, deps.peers);
  // Receivers fetch this once, without a token (reference 7.2).
  http.get('/.well-known/webhooks.json', async () => ({
    success: true,
    data: { publicKey: await deps.webhooks.publicKey() },
    message: '',
  }));
  registerChatDownload(http, deps);
  // A scope of its own, so that its parsers and error handlers do not affect other doors.
  http.register(
    async (scope) => {
      scope.decorateRequest(CALLER, null);
      scope.removeAllContentTypeParsers();
      const options = { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES } as const;
      scope.addContentTypeParser('application/json', options, async (_: unknown, body: Buffer) => parseJsonBody(body));
      scope.addContentTypeParser('*', options, async (_: unknown, body: Buffer) => refuseOtherBody(body));

      // Before the body is read: an unauthenticated caller must not make the server parse a large body.
      scope.addHook('onRequest', async (request, reply) => {
        const grant = await authenticate(request.headers.authorization, deps.apiTokens);
        const { isAllowed, resetSeconds, headers } = await limit.count(grant.key);
        reply.headers(headers);
        if (!isAllowed) throw new ApiError(429, `Too many requests; try again in ${resetSeconds} s`);
        request.setDecorator(CALLER, authorise(grant, request.params as PathIds, deps.apps));
      });
      scope.addHook('onResponse', async (request, reply) => {
        const appId = request.getDecorator<Caller | null>(CALLER)?.app?.appId;
        const { url, method } = request.routeOptions;
        const operation = url === undefined ? UNKNOWN_OPERATION : `${method} ${url.slice(PREFIX.length)}`;
        const { statusCode: code, elapsedTime: durationMs } = reply;
        deps.countCall?.({ door: 'realtimekit', appId, operation, code, durationMs });
      });
      scope.setErrorHandler((error: Fault, request, reply) => answerError(error, request, reply, deps.log));
      scope.setNotFoundHandler((request, reply) => {
        const message = `There is no ${request.method} ${request.url.split('?', 1)[0]}`;
        return reply.code(404).send(errorBody(404, message));
      });

      for (const route of builtRoutes(deps)) addRoute(scope, route);
    },
    { prefix: PREFIX },
  );
}

function addRoute(scope: FastifyInstance, { method, path, status, serve }: Route): void {
  scope.route({
    method,
    url: path,
    handler: async (request, reply) => {
      const caller = request.getDecorator<Caller>(CALLER);
      const answer = await serve({
        caller,
        ids: request.params as PathIds,
        body: request.body,
        query: request.query,
        origin: { channel: 'backend', door: 'realtimekit', requestId: request.id, actor: `token ${caller.grant.name}` },
      });
      return reply.code(status).send(successBody(answer));
    },
  });
}

function answerError(error: Fault, request: FastifyRequest, reply: FastifyReply, log: DoorLog): FastifyReply {
  if (error instanceof AuthError) {
    if (error.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply.code(error.status).send(authErrorBody(error.status, error.message));
  }
  if (error instanceof ApiError) return reply.code(error.status).send(errorBody(error.status, error.message));
  if (error instanceof GavelError && error.code !== 'server.internal') {
    const { status } = ERRORS[error.code];
    return reply.code(status).send(errorBody(status, error.message));
  }
  // The framework refused the body for its type or its length.
  const { code, statusCode = 500 } = error;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return answerError(otherType(), request, reply, log);
  if (code?.startsWith('FST_ERR_CTP_') && statusCode < 500) {
    return reply.code(statusCode).send(errorBody(statusCode, error.message));
  }
  log.error({ err: error, requestId: request.id, method: request.method, url: request.url }, 'RealtimeKit call failed');
  return reply.code(500).send(errorBody(500, `Internal error; see the server log for request id ${request.id}`));
}
