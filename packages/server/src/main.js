/**
 * The entry point: enables the compile cache of Node, which halves the time of the next start, and runs the server.
 *
 * This file is JavaScript because Node cannot cache code compiled before this line, and to strip types from one file Node first
 * loads its parser, which takes 40 ms.
 *
 * @module
 */

import { enableCompileCache } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// The cache is in node_modules, where other users cannot write. If Node cannot write there either, it runs without a cache.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../../../node_modules/.cache/node', import.meta.url));
enableCompileCache();
// On one core, V8's helpers for young objects take turns with the thread that waits for them.
if (availableParallelism() === 1) setFlagsFromString('--no-parallel-scavenge');
await import('./run.ts');
