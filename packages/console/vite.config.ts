/**
 * Builds the pages into `dist`: the playground, which the server serves at `/`, and the console at `/console`. `npm run dev`
 * serves them with hot reload (`/` and `/console.html`) and hands what belongs to the server on to one at 127.0.0.1:7700.
 */

import { join } from 'node:path';
import { defineConfig, type Plugin, type ProxyOptions } from 'vite';
import { writeCompressed } from '../../scripts/write-compressed.ts';

const SERVER = 'http://127.0.0.1:7700';
const toServer: ProxyOptions = { target: SERVER };

/** Writes a `.br` and a `.gz` beside every asset, which the server sends to browsers that accept them. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      if (!dir) return;
      const names = Object.keys(bundle).filter((name) => name.startsWith('assets/') && /\.(js|css|svg)$/.test(name));
      await writeCompressed(names.map((name) => join(dir, name)));
    },
  };
}

export default defineConfig({
  plugins: [precompress()],
  base: './',
  // The page is built from the client's sources.
  resolve: { tsconfigPaths: true },
  // Vite must not look for a PostCSS or TypeScript setup above this folder.
  css: { postcss: {} },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    rolldownOptions: { input: ['index.html', 'console.html'].map((name) => join(import.meta.dirname, name)) },
    modulePreload: { polyfill: false },
    // The page runs under `default-src 'self'`: workers and styles stay files.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/playground': toServer,
      '/admin': toServer,
      '/signalling': { target: SERVER, ws: true },
      // The server API lives at `/?Action=...`, the page at `/`.
      '/': { target: SERVER, bypass: (request) => (request.url?.includes('?Action=') ? undefined : request.url) },
    },
  },
});
