/**
 * Quality reports of the SDK, reduced to the data of a badge.
 *
 * @module
 */

import type { ZegoPublishStats } from '@gavel/client/zego';
import type { Quality } from './room-state.ts';

/** Parses a quality report; undefined if it has no video or the video is not moving. */
export function readQuality({ video }: Pick<ZegoPublishStats, 'video'>): Quality | undefined {
  const { googCodecName: codec, videoBitrate: kbps, videoFPS: fps, frameWidth: width, frameHeight: height } = video;
  if (video.muteState === '1' || (kbps === 0 && fps === 0)) return undefined;
  return { codec, kbps, fps, width, height };
}

/** Formats codec and bitrate, such as `VP8 · 1.2 Mbit/s`. */
export function formatRate({ codec, kbps }: Quality): string {
  const rate = kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
  return codec === '' ? rate : `${codec} · ${rate}`;
}

/** Formats frame rate and size, such as `30 fps · 640×360`. */
export function formatFrames({ fps, width, height }: Quality): string {
  const frames = `${Math.round(fps)} fps`;
  return width > 0 && height > 0 ? `${frames} · ${width}×${height}` : frames;
}
