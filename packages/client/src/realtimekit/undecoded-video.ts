/**
 * Detects video that arrives and is not decoded.
 *
 * @module
 */

import type { VideoStats } from '../core/media/stats.ts';

/** How many measurements in a row, one per second, video may arrive without a decoded frame. */
const MAX_WITHOUT_FRAME = 5;

/** The measurements of one stream. */
export class UndecodedVideo {
  #withoutFrame = 0;

  /** Returns true once, with the measurement after which decoding counts as failed; a decoded frame starts again. */
  isOverdue({ bitrateKbps, framesPerSecond }: Pick<VideoStats, 'bitrateKbps' | 'framesPerSecond'>): boolean {
    if (framesPerSecond > 0) this.#withoutFrame = 0;
    else if (bitrateKbps > 0) this.#withoutFrame += 1;
    return bitrateKbps > 0 && this.#withoutFrame === MAX_WITHOUT_FRAME;
  }
}
