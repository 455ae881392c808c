/**
 * The media servers that are compared; Gavel first.
 *
 * @module
 */

import { findMediaBaseline, gavelMedia } from './gavel-media.ts';
import { janus } from './janus.ts';
import type { MediaServerKind } from './media-server.ts';
import { mediasoup } from './mediasoup.ts';

/** All of them. */
export const MEDIA_SERVERS: readonly MediaServerKind[] = [gavelMedia, ...findMediaBaseline(), janus, mediasoup];
