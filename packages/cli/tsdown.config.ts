/**
 * Builds the program that others install: one module with all that it needs, for a Node that runs no TypeScript of packages.
 */

import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: { gavel: 'src/gavel.ts' },
  format: 'esm',
  platform: 'node',
  target: 'node22',
  fixedExtension: false,
  dts: false,
  tsconfig: '../../tsconfig.json',
  deps: { alwaysBundle: [/./], onlyBundle: false },
});
