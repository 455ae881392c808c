/**
 * The ZEGO door: one path, `/`, for every Action of the Server API (ACC-1).
 *
 * @example
 * registerZegoDoor(http, { apps, bus, peers, policy, replays, clock, log });
 * // GET /?Action=KickoutUser&RoomId=r&UserId[]=u&<public parameters> -> {"Code":0,"Message":"success","RequestId":"..."}
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Peers } from '../cluster/peers.ts';
import { PUBLIC_PARAMETERS } from './access.ts';
import { type Body, MAX_BODY_BYTES, MAX_UNSIGNED_BODY_BYTES, NO_BODY, readBody } from './body.ts';
import { CallRouter } from './call-router.ts';
import { Gateway, type GatewayDeps } from './gateway.ts';
import { Query } from './query.ts';

/** The server parts that the door needs. */
export interface ZegoDoorDeps extends GatewayDeps {
  readonly peers: Peers;
  /** Serves GET `/` if the request is not a call. Without this handler such a request is a call without an Action. */
  readonly onPage?: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

const isCall = (query: Query) => PUBLIC_PARAMETERS.some((name) => query.has(name));

/**
 * Adds the routes GET, POST and OPTIONS `/`. Every error is answered HTTP 200 with a Code (ACC-5).
 *
 * A request line longer than the HTTP server's limit for headers does not arrive here: Node answers 431 and closes the connection.
 */
export function registerZegoDoor(http: FastifyInstance, deps: ZegoDoorDeps): void {
  const gateway = new Gateway(deps);
  const router = new CallRouter(gateway, deps.peers);

  // The query is read from the request line: the parser of the framework loses details that ACC-4 and ACC-8 require.
  const queryOf = (request: FastifyRequest) => new Query(request.raw.url ?? '/');

  async function send(request: FastifyRequest, reply: FastifyReply, query: Query, body: Body): Promise<FastifyReply> {
    const answer = await router.answer(request.raw.url ?? '/', query, body);
    return (
      reply
        .code(200)
        .header('access-control-allow-origin', '*')
        // A GET that changes something must never be answered from a cache.
        .header('cache-control', 'no-store')
        .type('application/json')
        .send(JSON.stringify(answer))
    );
  }

  // A separate scope, so that its body parsing does not affect other doors.
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // The body is read as JSON for every content type; an invalid content type would be refused before the handler.
    scope.addHook('onRequest', (request, _reply, done) => {
      request.headers['content-type'] = 'application/json';
      done();
    });

    // No HEAD route: it would execute the Action and hide the response.
    scope.get('/', { exposeHeadRoute: false }, (request, reply) => {
      const query = queryOf(request);
      return deps.onPage && !isCall(query) ? deps.onPage(request, reply) : send(request, reply, query, NO_BODY);
    });

    scope.post('/', async (request, reply) => {
      const query = queryOf(request);
      // Everybody can send a large body; only a caller that knows the secret has it kept in memory.
      const maxBytes = gateway.isSigned(query) ? MAX_BODY_BYTES : MAX_UNSIGNED_BODY_BYTES;
      const body = request.body instanceof Readable ? await readBody(request.body, maxBytes) : NO_BODY;
      return send(request, reply, query, body);
    });

    scope.options('/', (_request, reply) =>
      reply
        .code(204)
        .header('access-control-allow-origin', '*')
        .header('access-control-allow-methods', 'GET, POST')
        .header('access-control-allow-headers', 'content-type')
        .header('access-control-max-age', '86400')
        .send(),
    );
  });
}
