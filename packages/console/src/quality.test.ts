import { describe, expect, it } from 'vitest';
import { formatFrames, formatRate, readQuality } from './quality.ts';

const video = {
  frameHeight: 360,
  frameWidth: 640,
  googCodecName: 'VP8',
  muteState: '0',
  videoBitrate: 1243.2,
  videoFPS: 24.3,
  videoTransferFPS: 24.3,
  videoFramesDecoded: 1,
  videoPacketsLost: 0,
  videoPacketsLostRate: 0,
  videoQuality: 0,
} as const;

describe('quality', () => {
  it('is read and written short', () => {
    const quality = readQuality({ video });
    expect(quality && [formatRate(quality), formatFrames(quality)]).toEqual(['VP8 · 1.2 Mbit/s', '24 fps · 640×360']);
    expect(formatRate({ codec: '', kbps: 199.6, fps: 0, width: 0, height: 0 })).toBe('200 kbit/s');
  });

  it('is nothing where no video moves', () => {
    expect(readQuality({ video: { ...video, muteState: '1' } })).toBeUndefined();
    expect(readQuality({ video: { ...video, videoBitrate: 0, videoFPS: 0 } })).toBeUndefined();
  });
});
