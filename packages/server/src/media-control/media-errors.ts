/**
 * The media engine's errors in the words of the one error table.
 *
 * @module
 */

import { MediaError, type MediaErrorCode } from '@gavel/media';
import { type ErrorCode, GavelError } from '@gavel/protocol';

const CODES: Readonly<Record<MediaErrorCode, ErrorCode>> = {
  'bad-offer': 'media.bad-offer',
  'no-such-stream': 'stream.not-found',
  unavailable: 'media.unavailable',
};

/** Gives a media error as a GavelError, and anything else as it is. */
export function fromMediaError(error: unknown): unknown {
  return error instanceof MediaError ? new GavelError(CODES[error.code], error.message) : error;
}
