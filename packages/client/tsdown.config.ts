/**
 * Builds the package that others install: an ES module per entry, its types and its source map. What the workspace
 * shares with the server (`@gavel/protocol`) is bundled, so that the package depends on nothing.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig } from 'tsdown';

const DIST = new URL('./dist/', import.meta.url);

/** Writes a `.br` and a `.gz` beside every module and source map: the server sends them under `/sdk/`. */
function compressModules(): void {
  for (const name of readdirSync(DIST).filter((name) => /\.js(\.map)?$/.test(name))) {
    const content = readFileSync(new URL(name, DIST));
    writeFileSync(new URL(`${name}.br`, DIST), brotliCompressSync(content));
    writeFileSync(new URL(`${name}.gz`, DIST), gzipSync(content, { level: 9 }));
  }
}

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    zego: 'src/zego/index.ts',
    liveroom: 'src/liveroom/index.ts',
    realtimekit: 'src/realtimekit/index.ts',
    node: 'src/node/index.ts',
  },
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  fixedExtension: false,
  sourcemap: true,
  minify: true,
  dts: { tsconfig: 'tsconfig.json' },
  tsconfig: 'tsconfig.json',
  hooks: { 'build:done': compressModules },
  deps: { alwaysBundle: [/^@gavel\//, /^typebox/], onlyBundle: false },
});
