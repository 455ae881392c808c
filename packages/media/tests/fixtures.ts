/**
 * Offers captured from Chromium 140 or later, unchanged.
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
