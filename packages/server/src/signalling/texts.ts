/**
 * Validation of texts from clients.
 *
 * @module
 */

import { GavelError, isLongerThan, MAX_BYTES } from '@gavel/protocol';

/** Refuses a text of more than `maxBytes` of UTF-8. @throws GavelError `text.too-long` */
export function requireShort(text: string, maxBytes: number): void {
  if (isLongerThan(text, maxBytes)) throw new GavelError('text.too-long');
}

/** Refuses a message that is empty or too long. @throws GavelError `message.empty`, `message.too-long` */
export function requireMessage(text: string): void {
  if (text.length === 0) throw new GavelError('message.empty');
  if (isLongerThan(text, MAX_BYTES.message)) throw new GavelError('message.too-long');
}
