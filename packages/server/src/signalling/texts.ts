/**
 * Checks of what clients write.
 *
 * @module
 */

import { byteLength, GavelError } from '@gavel/protocol';

/** Refuses a text of more than `maxBytes` of UTF-8. @throws GavelError `text.too-long` */
export function requireShort(text: string, maxBytes: number): void {
  if (byteLength(text) > maxBytes) throw new GavelError('text.too-long');
}
