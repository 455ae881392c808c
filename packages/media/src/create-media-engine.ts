/**
 * The package's entry.
 *
 * @module
 */

import type { MediaEngine } from './engine.ts';
import type { MediaEngineOptions } from './options.ts';
import { ProcessEngine } from './process-engine.ts';

/**
 * Creates a media engine. Call `start` before any other method.
 *
 * @example
 * const engine = createMediaEngine({ ports: 40_000, workers: 2, announcedAddress: '203.0.113.7' });
 * await engine.start();
 * const { answer } = await engine.negotiate({ group: 'room', peer: 'p1', offer, publish: [], subscribe: [] });
 */
export function createMediaEngine(options: MediaEngineOptions): MediaEngine {
  return new ProcessEngine(options);
}
