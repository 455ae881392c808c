import { expect, test } from 'vitest';
import type { AudioStats, StreamStats, VideoStats } from '../core/media/stats.ts';
import { toPlayStats, toPublishStats } from './quality.ts';

const AUDIO: AudioStats = {
  codec: 'opus',
  bitrateKbps: 32,
  packetsPerSecond: 50,
  packetsLost: 3,
  lossRate: 0.05,
  jitterMs: 4,
  level: 0.5,
  samplingRateHz: 48_000,
  playedMs: 2_000,
  interruptedMs: 100,
};
const VIDEO: VideoStats = {
  codec: 'VP8',
  bitrateKbps: 800,
  framesPerSecond: 25,
  framesTotal: 250,
  framesDropped: 5,
  renderedPerSecond: 24,
  playedMs: 10_000,
  interruptedMs: 2_500,
  isHardwareEncoded: undefined,
  width: 640,
  height: 480,
  packetsLost: 0,
  lossRate: 0,
  jitterMs: 2,
  layers: [],
};
const STATS: StreamStats = { audio: AUDIO, video: VIDEO, roundTripMs: 40, nackCount: 1, pliCount: 2 };

test('quality of an own stream has the fields of the vendor, graded by loss', () => {
  const { audio, video } = toPublishStats(STATS);
  expect(audio).toEqual({
    audioBitrate: 32,
    audioCodec: 'opus',
    googCodecName: 'opus',
    audioPacketsLost: 3,
    audioPacketsLostRate: 0.05,
    audioQuality: 2,
    audioFPS: 50,
    muteState: '0',
  });
  expect(video).toMatchObject({ frameWidth: 640, googCodecName: 'VP8', videoFPS: 25, videoQuality: 0, muteState: '0' });
  expect(video).not.toHaveProperty('isHardwareEncode');
  const encoded = toPublishStats({ ...STATS, video: { ...VIDEO, isHardwareEncoded: true } });
  expect(encoded.video.isHardwareEncode).toBe(true);
});

test('quality of a played stream says how much was missing of what was played', () => {
  const { audio, video, ...rest } = toPlayStats(STATS);
  expect(audio).toMatchObject({
    audioLevel: 50,
    audioSendLevel: 50,
    audioJitter: 4,
    audioSamplingRate: 48_000,
    audioCumulativeDecodeTime: 2_000,
    audioCumulativeBreakTime: 100,
    audioCumulativeBreakRate: 0.05,
  });
  expect(video).toMatchObject({
    videoRenderFPS: 24,
    videoFramesDecoded: 250,
    videoFramesDropped: 5,
    videoCumulativeDecodeTime: 10_000,
    videoCumulativeBreakTime: 2_500,
    videoCumulativeBreakRate: 0.25,
  });
  expect(rest).toMatchObject({ peerToPeerDelay: 20, peerToPeerPacketLostRate: 0.05, currentRoundTripTime: 40 });
});

test('a kind that is not there is muted, and its quality is unknown', () => {
  const { audio, video } = toPlayStats({ ...STATS, audio: undefined, video: undefined });
  expect(audio).toMatchObject({ muteState: '1', audioQuality: -1, audioBitrate: 0, audioCumulativeBreakRate: 0 });
  expect(video).toMatchObject({ muteState: '1', videoQuality: -1, videoFramesDecoded: 0, videoCumulativeBreakRate: 0 });
});
