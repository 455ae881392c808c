/**
 * The entry of the thread that posts callbacks: enables the compile cache, which each thread does for itself.
 *
 * This file is JavaScript for the reasons that `main.js` names.
 *
 * @module
 */

import { enableCompileCache } from 'node:module';

enableCompileCache();
await import('./serve-posts.ts');
