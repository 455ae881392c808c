/**
 * Quality reports of the SDK, reduced to what a badge shows.
 *
 * @module
 */

import type { ZegoPublishStats } from '@gavel/client/zego';
import type { Quality } from './room-state.ts';

/** Reads a quality report; undefined where it has no video, or none that moves. */
export function readQuality({ video }: Pick<ZegoPublishStats, 'video'>): Quality | undefined {
  const { googCodecName: codec, videoBitrate: kbps, videoFPS: fps, frameWidth: width, frameHeight: height } = video;
  if (video.muteState === '1' || (kbps === 0 && fps === 0)) return undefined;
  return { codec, kbps, fps, width, height };
}

/** Gives a quality as one short text, such as `VP8 · 1.2 Mbit/s · 30 fps · 640×360`. */
export function formatQuality({ codec, kbps, fps, width, height }: Quality): string {
  const rate = kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
  const size = width > 0 && height > 0 ? `${width}×${height}` : '';
  return [codec, rate, `${Math.round(fps)} fps`, size].filter((part) => part !== '').join(' · ');
}
