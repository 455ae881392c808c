/**
 * Builds the playground page into `dist`, which the server serves at `/`. `npm run dev` serves it with hot reload and
 * hands what belongs to the server on to one at 127.0.0.1:7700.
 */

import { defineConfig, type ProxyOptions } from 'vite';

const SERVER = 'http://127.0.0.1:7700';
const toServer: ProxyOptions = { target: SERVER };

export default defineConfig({
  base: './',
  // Vite must not look for a PostCSS or TypeScript setup above this folder.
  css: { postcss: {} },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    // The page runs under `default-src 'self'`: workers and styles stay files.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      '/playground': toServer,
      '/signalling': { target: SERVER, ws: true },
      // The server API lives at `/?Action=...`, the page at `/`.
      '/': { target: SERVER, bypass: (request) => (request.url?.includes('?Action=') ? undefined : request.url) },
    },
  },
});
