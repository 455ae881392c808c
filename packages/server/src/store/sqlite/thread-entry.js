/**
 * The entry of the store's thread: enables the compile cache, which each thread does for itself, and serves the store.
 *
 * This file is JavaScript for the reasons that `main.js` names.
 *
 * @module
 */

import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./serve-store.ts');
