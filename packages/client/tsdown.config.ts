/**
 * Builds the package that others install: an ES module per entry, its types and its source map. What the workspace
 * shares with the server (`@gavel/protocol`) is bundled, so that the package depends on nothing.
 */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsdown';
import { writeCompressed } from '../../scripts/write-compressed.ts';

const DIST = fileURLToPath(new URL('./dist/', import.meta.url));

/** Writes a `.br` and a `.gz` beside every module and source map: the server sends them under `/sdk/`. */
async function compressModules(): Promise<void> {
  const names = (await readdir(DIST)).filter((name) => /\.js(\.map)?$/.test(name));
  await writeCompressed(names.map((name) => join(DIST, name)));
}

/**
 * What several entries share of the core is one module, and so is what is loaded with `zego.js`: fewer requests, and it
 * compresses better than several. What `zego.js` loads at its first use, or never, stays apart. Declarations (`.d.ts`) are not meant.
 */
const CHUNKS = [
  {
    name: 'core',
    test: /client.src.core(?!.media.(?:stats|member-|peer-|path-|sdp|header-|section-|simulcast|codecs|autoplay)|.shared-stores)[^.]*\.ts$/,
    minShareCount: 2,
  },
  {
    name: 'zego',
    test: /client.src.zego.(?!system-check|quality\.|sei\.|streams.zego-|sound-levels|streams.audio-|views.playback-)[^.]*\.ts$/,
  },
];

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
  outputOptions: { codeSplitting: { groups: CHUNKS }, comments: false },
  inputOptions: { optimization: { inlineConst: { mode: 'all', pass: 3 } } },
  dts: { tsconfig: 'tsconfig.json' },
  tsconfig: 'tsconfig.json',
  hooks: { 'build:done': compressModules },
  deps: { alwaysBundle: [/^@gavel\//, /^typebox/], onlyBundle: false },
});
