/**
 * The ZEGO door: one path, `/`, for every Action of the Server API (ACC-1).
 *
 * @example
 * registerZegoDoor(http, { apps, rooms, enforcement, replays, clock, log });
 * // GET /?Action=KickoutUser&RoomId=r&UserId[]=u&<public parameters> -> {"Code":0,"Message":"success","RequestId":"..."}
 *
 * @module
 */

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { PUBLIC_PARAMETERS } from './access.ts';
import { type Body, NO_BODY, readBody } from './body.ts';
import { Gateway, type GatewayDeps } from './gateway.ts';
import { Query } from './query.ts';

/** The server parts that the door needs. */
export interface ZegoDoorDeps extends GatewayDeps {
  /** Serves GET `/` where nothing says that it is a call: without it such a request is a call without an Action. */
  readonly onPage?: (request: FastifyRequest, reply: FastifyReply) => unknown;
}

const isCall = (query: Query) => PUBLIC_PARAMETERS.some((name) => query.has(name));

/**
 * Adds the routes GET, POST and OPTIONS `/`. Every error is answered HTTP 200 with a Code (ACC-5).
 *
 * A request line longer than the HTTP server's limit for headers never comes here: Node answers 431 and hangs up.
 */
export function registerZegoDoor(http: FastifyInstance, deps: ZegoDoorDeps): void {
  const gateway = new Gateway(deps);

  // The query is read from the request line: the framework's own reading loses what ACC-4 and ACC-8 ask for.
  const queryOf = (request: FastifyRequest) => new Query(request.raw.url ?? '/');

  async function send(reply: FastifyReply, query: Query, body: Body): Promise<FastifyReply> {
    const answer = await gateway.answer(query, body);
    return (
      reply
        .code(200)
        .header('access-control-allow-origin', '*')
        // A GET that acts must never be answered from a cache.
        .header('cache-control', 'no-store')
        .type('application/json')
        .send(JSON.stringify(answer))
    );
  }

  // A scope of its own: what it says about bodies is no other door's business.
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    // Whatever the type says, the body is read as JSON; a type that is none would be refused before the handler.
    scope.addHook('onRequest', (request, _reply, done) => {
      request.headers['content-type'] = 'application/json';
      done();
    });

    // No HEAD: it would do what the Action says and hide the answer.
    scope.get('/', { exposeHeadRoute: false }, (request, reply) => {
      const query = queryOf(request);
      return deps.onPage && !isCall(query) ? deps.onPage(request, reply) : send(reply, query, NO_BODY);
    });

    scope.post('/', async (request, reply) => {
      const body = request.body instanceof Readable ? await readBody(request.body) : NO_BODY;
      return send(reply, queryOf(request), body);
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
