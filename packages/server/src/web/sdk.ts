/**
 * The built client SDK under `/sdk/`: a page without a build step imports it from the server that it connects to.
 *
 *   <script type="module">
 *     import { ZegoExpressEngine } from 'https://rooms.example.org/sdk/zego.js';
 *   </script>
 *
 * `/sdk/zego.js` is this server's version and is revalidated at every load; `/sdk/0.1.0/zego.js` never changes and is
 * cached for a year. `/sdk/gavel-client.tgz` and `/sdk/gavel-client-0.1.0.tgz` are the package for `npm install`.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

const PACKAGE = fileURLToPath(new URL('../../../client/', import.meta.url));
const DIST = `${PACKAGE}dist/`;

/** Serves the built SDK to pages of every origin, with the precompressed files. Does nothing if it is not built. */
export async function registerSdk(http: FastifyInstance): Promise<void> {
  if (!existsSync(DIST)) return;
  const { version } = JSON.parse(readFileSync(`${PACKAGE}package.json`, 'utf8')) as { version: string };
  const common = { root: DIST, preCompressed: true, decorateReply: false, allowedPath: isModule, setHeaders: allowAll };
  await http.register(fastifyStatic, { ...common, prefix: `/sdk/${version}/`, maxAge: '1y', immutable: true });
  await http.register(fastifyStatic, { ...common, prefix: '/sdk/', maxAge: 0 });
  registerTarball(http, version);
}

/** Serves the packed SDK, if it was packed: the package manager of an application installs it without a registry. */
function registerTarball(http: FastifyInstance, version: string): void {
  const name = `gavel-client-${version}.tgz`;
  if (!existsSync(`${DIST}${name}`)) return;
  let content: Buffer | undefined;
  const serve = (path: string, cacheControl: string) =>
    http.get(path, (_request, reply) => {
      allowAll(reply);
      content ??= readFileSync(`${DIST}${name}`);
      return reply.header('Cache-Control', cacheControl).type('application/gzip').send(content);
    });
  serve(`/sdk/${name}`, 'public, max-age=31536000, immutable');
  serve('/sdk/gavel-client.tgz', 'public, max-age=0');
}

const isModule = (path: string): boolean => /\.js(\.map)?$/.test(path);

function allowAll(reply: FastifyReply): void {
  reply.header('Access-Control-Allow-Origin', '*');
  reply.header('Cross-Origin-Resource-Policy', 'cross-origin');
  reply.header('X-Content-Type-Options', 'nosniff');
}
