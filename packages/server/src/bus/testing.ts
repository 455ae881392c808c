/**
 * What tests of rooms behind a bus share.
 *
 * @module
 */

import { GavelError } from '@gavel/protocol';
import type { MediaHandler } from './local-bus.ts';

/** Refuses every media command. */
export const NO_MEDIA: MediaHandler = {
  execute: () => Promise.reject(new GavelError('media.unavailable')),
};
