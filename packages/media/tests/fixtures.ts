/**
 * Offers as Chromium 140-odd made them, word for word.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** Reads a captured offer. */
export function readOffer(
  name: 'chromium-publish-vp8' | 'chromium-publish-h264' | 'chromium-play' | 'chromium-gathered' | 'chromium-simulcast',
): string {
  return readFileSync(new URL(`./fixtures/${name}.sdp`, import.meta.url), 'utf8');
}
