/**
 * The HTTP server that all doors share, with its deadlines.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Certificates } from './certificates.ts';

/** Maximum size of a body, in bytes. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Maximum interval between checks of the connection deadlines. */
const MAX_CHECK_INTERVAL_MS = 2000;

/** A door that needs no routes. */
export interface FirstDoor {
  /** Answers a request; returns false if it is for another door. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
}

/** The dependencies of the HTTP server. */
export interface HttpServerDeps {
  readonly log: Logger;
  readonly deadlines: Config['http'];
  /** Serves HTTPS with them; without them, HTTP. */
  readonly certificates?: Certificates | undefined;
  /** The door that is asked before the routes. */
  readonly firstDoor: FirstDoor;
  /** Returns whether an upgrade request is upgraded; any other is answered as a normal request. */
  readonly shouldUpgrade: (request: IncomingMessage) => boolean;
  /** Returns the address of a client, also behind trusted proxies, for the log. */
  readonly findAddress: (request: IncomingMessage) => string;
}

/**
 * Creates the HTTP server, without routes. A client that does not finish its headers or its request in time is answered
 * 408 and disconnected, an idle connection is closed (LIM-6).
 */
export function createHttpServer(deps: HttpServerDeps): FastifyInstance {
  const { log, findAddress } = deps;
  const http: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: 256 },
    genReqId: () => randomUUID(),
    serverFactory: (answerByRoute) => createNodeServer(deps, answerByRoute),
  });
  // A failed accept, such as for lack of memory or file descriptors, must not end the process.
  http.server.on('error', (error) => log.error({ err: error }, 'HTTP server error'));
  // Running calls must not delay the shutdown.
  http.addHook('preClose', async () => http.server.closeAllConnections());
  // The ZEGO door always answers 200 and logs each call itself.
  http.addHook('onResponse', async (request, reply) => {
    const { statusCode: status } = reply;
    if (status < 400 || status >= 500) return;
    const path = request.url.split('?', 1)[0];
    const address = findAddress(request.raw);
    log.info({ method: request.method, path, status, address, requestId: request.id }, 'call refused');
  });
  // Handles errors that no door has answered. No stack trace is sent to a client.
  http.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500)
      log.error({ err: error, requestId: request.id, path: request.url.split('?', 1)[0] }, 'call failed');
    return reply.code(status).send({ error: status >= 500 ? `internal error (request ${request.id})` : error.message });
  });
  return http;
}

function createNodeServer(deps: HttpServerDeps, answerByRoute: RequestListener): Server {
  const { deadlines, certificates, firstDoor, shouldUpgrade } = deps;
  const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs } = deadlines;
  const settings = {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, Math.ceil(headersTimeoutMs / 2)),
    shouldUpgradeCallback: shouldUpgrade,
  };
  const answer: RequestListener = (request, response) => {
    if (!firstDoor.handle(request, response)) answerByRoute(request, response);
  };
  if (!certificates) return createServer(settings, answer).setTimeout(idleTimeoutMs);
  const { cert, key } = certificates;
  // It emits the same events, and the types of the routes do not depend on it.
  return createSecureServer({ ...settings, cert, key }, answer).setTimeout(idleTimeoutMs) as unknown as Server;
}
