/**
 * The playground page at `/`, and in dev mode the signer behind its buttons: the page itself has no secret.
 *
 * @module
 */

import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { sendBuiltPage } from './built-pages.ts';

/** Signs a call for the dev App; returns path and query. */
export type SignCall = (action: string, params: Readonly<Record<string, string | readonly string[]>>) => string;

/** The dependencies of the page. */
export interface PageDeps {
  /** Absent in production: the page then asks for an App id and a token, and cannot sign calls. */
  readonly dev?: { readonly appId: number; readonly sign: SignCall };
}

// The SDK connects to the server, and shows media.
const CSP = [
  "default-src 'self'",
  "connect-src 'self' ws: wss:",
  "media-src 'self' blob:",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "frame-ancestors 'none'",
].join('; ');

const SIGN_BODY = Type.Object(
  {
    action: Type.String({ minLength: 1, maxLength: 64 }),
    params: Type.Record(
      Type.String({ maxLength: 64 }),
      Type.Union([Type.String({ maxLength: 4096 }), Type.Array(Type.String({ maxLength: 4096 }), { maxItems: 50 })]),
    ),
  },
  { additionalProperties: false },
);

/** Serves the two calls of the page. `sendPlayground` sends the page itself: the ZEGO door uses the same path. */
export function registerPlayground(http: FastifyInstance, { dev }: PageDeps): void {
  http.get('/playground/config.json', async () => ({
    mode: dev ? 'dev' : 'production',
    appId: dev?.appId ?? null,
    allowNoToken: dev !== undefined,
  }));
  if (!dev) return;
  http.post('/playground/sign', async (request, reply) => {
    if (!isOwnPage(request.headers.origin, request.headers.host)) {
      return reply.code(403).send({ error: 'only the page of this server may request signed calls' });
    }
    const { body } = request;
    if (!Value.Check(SIGN_BODY, body)) {
      return reply.code(400).send({ error: 'the body must have an action, and params of texts or lists of texts' });
    }
    const { action, params } = body;
    return { path: dev.sign(action, params) };
  });
}

/** Returns whether a request comes from this page, and not from another origin or a DNS name that points here. */
function isOwnPage(origin: string | undefined, host = ''): boolean {
  const { hostname } = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : { hostname: '' };
  const isLocalName = hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  return isLocalName && (origin === undefined || origin.replace(/^https?:\/\//, '') === host);
}

/** Answers `/` with the page. */
export function sendPlayground(reply: FastifyReply): Promise<FastifyReply> {
  return sendBuiltPage(reply, 'index.html', CSP);
}
