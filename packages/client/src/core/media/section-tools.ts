/**
 * What sections are made with. It is loaded with the member's connection, and passed to the streams that need it.
 *
 * @module
 */

import { orderCodecs, selectReceived } from './codecs.ts';
import { encodingsFor } from './simulcast.ts';

/** Functions that choose the codecs and encodings of a section. */
export const SECTION_TOOLS = { encodingsFor, orderCodecs, selectReceived };

/** Functions that choose the codecs and encodings of a section. */
export type SectionTools = typeof SECTION_TOOLS;
