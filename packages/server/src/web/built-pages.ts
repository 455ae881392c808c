/**
 * The built pages of `packages/console`: the playground and the console, with the assets that they share.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const DIST = fileURLToPath(new URL('../../../console/dist/', import.meta.url));

/** Serves the scripts and styles of the pages below `/assets/`. Does nothing if the pages are not built. */
export async function registerAssets(http: FastifyInstance): Promise<void> {
  if (!existsSync(DIST)) return;
  await http.register(fastifyStatic, {
    root: `${DIST}assets`,
    prefix: '/assets/',
    // Names carry a hash of the content, so they never change.
    maxAge: '1y',
    immutable: true,
    // The build writes a `.br` and a `.gz` beside each file.
    preCompressed: true,
  });
}

/** Answers with a built page and its content security policy; with 404 and a hint if it is not built. */
export async function sendBuiltPage(reply: FastifyReply, name: string, policy: string): Promise<FastifyReply> {
  reply.header('Content-Security-Policy', policy).header('X-Content-Type-Options', 'nosniff');
  // Not cached: an old copy would request assets that a newer build no longer has.
  reply.header('Cache-Control', 'no-cache');
  try {
    return reply.type('text/html; charset=utf-8').send(await readFile(`${DIST}${name}`));
  } catch {
    const hint = 'The page is not built. Run: npm start (it builds the pages), or npm run build -w @gavel/console\n';
    return reply.code(404).type('text/plain; charset=utf-8').send(hint);
  }
}
