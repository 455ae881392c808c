/**
 * Maps the media engine's errors to the error codes of the protocol.
 *
 * @module
 */

import { MediaError, type MediaErrorCode } from '@gavel/media';
import { type ErrorCode, GavelError } from '@gavel/protocol';

const CODES: Readonly<Record<MediaErrorCode, ErrorCode>> = {
  'bad-offer': 'media.bad-offer',
  'no-such-stream': 'stream.not-found',
  'no-such-peer': 'room.member-not-found',
  unavailable: 'media.unavailable',
};

/** Converts a media error to a GavelError; returns any other value unchanged. */
export function fromMediaError(error: unknown): unknown {
  return error instanceof MediaError ? toGavelError(error.code, error.message) : error;
}

/** Returns the error of a refused item, or of a refused offer. */
export function toGavelError(code: MediaErrorCode, message: string): GavelError {
  return new GavelError(CODES[code], message);
}
