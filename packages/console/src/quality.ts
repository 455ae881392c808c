/**
 * Quality reports of the SDK, reduced to what a badge shows.
 *
 * @module
 */

import type { Quality } from './room-state.ts';

/** Reads a quality report; undefined where it has no video. */
export function readQuality(stats: unknown): Quality | undefined {
  const video = isObject(stats) && isObject(stats.video) ? stats.video : undefined;
  if (!video) return undefined;
  return {
    codec: textOf(video.videoCodec ?? video.codec ?? video.googCodecName),
    kbps: numberOf(video.videoBitrate),
    fps: numberOf(video.videoFPS),
    width: numberOf(video.frameWidth),
    height: numberOf(video.frameHeight),
  };
}

/** Gives a quality as one short text, such as `VP8 · 1.2 Mbit/s · 30 fps · 640×360`. */
export function formatQuality({ codec, kbps, fps, width, height }: Quality): string {
  const rate = kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
  const size = width > 0 && height > 0 ? `${width}×${height}` : '';
  return [codec, rate, `${Math.round(fps)} fps`, size].filter((part) => part !== '').join(' · ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
