/**
 * The ZEGO door: one path, `/`, for every Action of the Server API (ACC-1).
 *
 * It answers the requests of Node's HTTP server itself. What the framework of the other doors does for a request (routes, parsed
 * queries and bodies, hooks) is of no use here, and takes longer than the decision of a kick.
 *
 * @example
 * const firstDoor = new ZegoDoor({ apps, bus, peers, policy, replays, clock, log });
 * const http = createHttpServer({ firstDoor, log, deadlines, shouldUpgrade, findAddress });
 * // GET /?Action=KickoutUser&RoomId=r&UserId[]=u&<public parameters> -> {"Code":0,"Message":"success","RequestId":"..."}
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Peers } from '../cluster/peers.ts';
import type { FirstDoor } from '../startup/http-server.ts';
import { PUBLIC_PARAMETERS } from './access.ts';
import { type Body, MAX_BODY_BYTES, MAX_UNSIGNED_BODY_BYTES, NO_BODY, readBody } from './body.ts';
import { CallRouter } from './call-router.ts';
import { Gateway, type GatewayDeps } from './gateway.ts';
import { Query } from './query.ts';

/** The server parts that the door needs. */
export interface ZegoDoorDeps extends GatewayDeps {
  readonly peers: Peers;
  /** Whether somebody else serves GET `/` if the request is not a call. By default such a request is a call without an Action. */
  readonly hasPage?: boolean;
}

/** The root path of a request target, with or without a query; proxies may send the whole URL. */
const ROOT_TARGET = /^(?:https?:\/\/[^/]*)?\/(?:[?#]|$)/i;

const isCall = (query: Query) => PUBLIC_PARAMETERS.some((name) => query.has(name));

/** A request line longer than the HTTP server's limit for headers does not arrive here: Node answers 431 and closes the connection. */
export class ZegoDoor implements FirstDoor {
  readonly #gateway: Gateway;
  readonly #router: CallRouter;
  readonly #hasPage: boolean;

  constructor(deps: ZegoDoorDeps) {
    this.#gateway = new Gateway(deps);
    this.#router = new CallRouter(this.#gateway, deps.peers);
    this.#hasPage = deps.hasPage ?? false;
  }

  /** Answers GET, POST and OPTIONS `/`. Returns false if the request is for another door. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '/' } = request;
    if (!ROOT_TARGET.test(url)) return false;
    switch (method) {
      case 'GET': {
        const query = new Query(url);
        if (this.#hasPage && !isCall(query)) return false;
        void this.#answer(url, query, NO_BODY, response);
        return true;
      }
      case 'POST':
        void this.#readAndAnswer(request, url, response);
        return true;
      case 'OPTIONS':
        answerPreflight(response);
        return true;
      // Not HEAD: it would execute the Action and hide the response.
      default:
        return false;
    }
  }

  async #readAndAnswer(request: IncomingMessage, url: string, response: ServerResponse): Promise<void> {
    const query = new Query(url);
    // Everybody can send a large body; only a caller that knows the secret has it kept in memory.
    const maxBytes = this.#gateway.isSigned(query) ? MAX_BODY_BYTES : MAX_UNSIGNED_BODY_BYTES;
    await this.#answer(url, query, await readBody(request, maxBytes), response);
  }

  /** Every error is answered HTTP 200 with a Code (ACC-5). */
  async #answer(url: string, query: Query, body: Body, response: ServerResponse): Promise<void> {
    const text = JSON.stringify(await this.#router.answer(url, query, body));
    response
      .writeHead(200, {
        'access-control-allow-origin': '*',
        // A GET that changes something must never be answered from a cache.
        'cache-control': 'no-store',
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      })
      .end(text);
  }
}

function answerPreflight(response: ServerResponse): void {
  response
    .writeHead(204, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '86400',
    })
    .end();
}
