/**
 * The moderators' console at `/console`, a page that uses the admin API with a session cookie.
 *
 * @module
 */

import type { FastifyInstance } from 'fastify';
import { sendBuiltPage } from './built-pages.ts';

/** The path of the page. Its views are in the fragment of the address. */
export const CONSOLE_PATH = '/console';

// Stricter than that of the playground: the page shows what users wrote, and may act for an operator.
const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the page. */
export function registerConsole(http: FastifyInstance): void {
  http.get(CONSOLE_PATH, (_request, reply) => {
    // Room and user ids in the address must not reach other sites.
    reply.header('Referrer-Policy', 'no-referrer');
    return sendBuiltPage(reply, 'console.html', CSP);
  });
  http.get(`${CONSOLE_PATH}/`, (_request, reply) => reply.redirect(`..${CONSOLE_PATH}`));
}
