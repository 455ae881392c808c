/**
 * What a browser gets at `/`, which is also the path of the ZEGO door: that door passes on what is not a call.
 *
 * @module
 */

import type { FastifyReply } from 'fastify';
import { CONSOLE_PATH } from './console.ts';
import { sendPlayground } from './playground.ts';

/** Returns what sends the page: the playground, or the console. Without both, a request of `/` is a call like any other. */
export function findRootPage(pages: {
  readonly hasPlayground: boolean;
  readonly hasConsole: boolean;
}): ((reply: FastifyReply) => unknown) | undefined {
  if (pages.hasPlayground) return sendPlayground;
  return pages.hasConsole ? (reply) => reply.redirect(CONSOLE_PATH) : undefined;
}
