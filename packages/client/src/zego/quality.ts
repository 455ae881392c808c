/**
 * Quality of streams in this dialect's shape.
 *
 * @module
 */

import type { StreamStats } from '../core/media/stats.ts';

/** A quality from 0 (best) to 4 (worst); -1 is unknown. */
export type ZegoQualityGrade = -1 | 0 | 1 | 2 | 3 | 4;

/** Whether a track is off: `1` if it is. */
type MuteState = '0' | '1';

/** Quality of audio in both directions; rates in kbit/s. */
interface AudioStats {
  readonly audioBitrate: number;
  readonly audioCodec: string;
  readonly googCodecName: string;
  readonly audioPacketsLost: number;
  /** From 0 to 1. */
  readonly audioPacketsLostRate: number;
  readonly audioQuality: ZegoQualityGrade;
  /** Packets per second. */
  readonly audioFPS: number;
  readonly muteState: MuteState;
}

/** Quality of video in both directions; rates in kbit/s. */
interface VideoStats {
  readonly frameHeight: number;
  readonly frameWidth: number;
  readonly googCodecName: string;
  readonly videoBitrate: number;
  readonly videoFPS: number;
  readonly videoTransferFPS: number;
  readonly videoPacketsLost: number;
  /** From 0 to 1. */
  readonly videoPacketsLostRate: number;
  readonly videoQuality: ZegoQualityGrade;
  readonly muteState: MuteState;
}

/** Quality of the audio of an own stream. */
export type ZegoPublishAudioStats = AudioStats;

/** Quality of the video of an own stream. */
export interface ZegoPublishVideoStats extends VideoStats {
  /** Undefined if the browser does not say. */
  readonly isHardwareEncode?: boolean;
}

/** Quality of the audio of a played stream; times in ms. */
export interface ZegoPlayAudioStats extends AudioStats {
  readonly audioJitter: number;
  /** From 0 to 100. */
  readonly audioLevel: number;
  /** The level as it was received; equal to `audioLevel`. */
  readonly audioSendLevel: number;
  readonly audioSamplingRate: number;
  /** How much was played. */
  readonly audioCumulativeDecodeTime: number;
  /** How much of it was missing and concealed. */
  readonly audioCumulativeBreakTime: number;
  /** From 0 to 1. */
  readonly audioCumulativeBreakRate: number;
}

/** Quality of the video of a played stream; times in ms. */
export interface ZegoPlayVideoStats extends VideoStats {
  readonly videoRenderFPS: number;
  readonly videoFramesDecoded: number;
  readonly videoFramesDropped: number;
  /** How long it was played. */
  readonly videoCumulativeDecodeTime: number;
  /** For how long it stood still. */
  readonly videoCumulativeBreakTime: number;
  /** From 0 to 1. */
  readonly videoCumulativeBreakRate: number;
}

/** Quality of an own stream. */
export interface ZegoPublishStats {
  readonly video: ZegoPublishVideoStats;
  readonly audio: ZegoPublishAudioStats;
  readonly nackCount: number;
  readonly pliCount: number;
  /** In milliseconds. */
  readonly currentRoundTripTime: number;
}

/** Quality of a played stream. */
export interface ZegoPlayStats {
  readonly video: ZegoPlayVideoStats;
  readonly audio: ZegoPlayAudioStats;
  readonly nackCount: number;
  readonly pliCount: number;
  /** In milliseconds. */
  readonly currentRoundTripTime: number;
  /** In milliseconds; half of the round trip to the server. */
  readonly peerToPeerDelay: number;
  /** From 0 to 1. */
  readonly peerToPeerPacketLostRate: number;
}

/** Returns a quality from 0 (best) to 4 (worst) for a loss from 0 to 1. */
function gradeLoss(lossRate: number): ZegoQualityGrade {
  return [0.01, 0.03, 0.08, 0.15].filter((limit) => lossRate > limit).length as ZegoQualityGrade;
}

const divide = (part: number, whole: number): number => (whole > 0 ? Math.min(1, part / whole) : 0);

function toAudioStats(audio: StreamStats['audio']): AudioStats {
  return {
    audioBitrate: audio?.bitrateKbps ?? 0,
    audioCodec: audio?.codec ?? '',
    googCodecName: audio?.codec ?? '',
    audioPacketsLost: audio?.packetsLost ?? 0,
    audioPacketsLostRate: audio?.lossRate ?? 0,
    audioQuality: audio ? gradeLoss(audio.lossRate) : -1,
    audioFPS: audio?.packetsPerSecond ?? 0,
    muteState: audio ? '0' : '1',
  };
}

function toVideoStats(video: StreamStats['video']): VideoStats {
  return {
    frameHeight: video?.height ?? 0,
    frameWidth: video?.width ?? 0,
    googCodecName: video?.codec ?? '',
    videoBitrate: video?.bitrateKbps ?? 0,
    videoFPS: video?.framesPerSecond ?? 0,
    videoTransferFPS: video?.framesPerSecond ?? 0,
    videoPacketsLost: video?.packetsLost ?? 0,
    videoPacketsLostRate: video?.lossRate ?? 0,
    videoQuality: video ? gradeLoss(video.lossRate) : -1,
    muteState: video ? '0' : '1',
  };
}

/** Converts the measured quality of an own stream to this dialect's shape; kinds that are absent count as muted. */
export function toPublishStats({ audio, video, roundTripMs, nackCount, pliCount }: StreamStats): ZegoPublishStats {
  const isHardwareEncode = video?.isHardwareEncoded;
  return {
    audio: toAudioStats(audio),
    video: { ...toVideoStats(video), ...(isHardwareEncode !== undefined && { isHardwareEncode }) },
    nackCount,
    pliCount,
    currentRoundTripTime: roundTripMs,
  };
}

/** Converts the measured quality of a played stream to this dialect's shape. */
export function toPlayStats({ audio, video, roundTripMs, nackCount, pliCount }: StreamStats): ZegoPlayStats {
  const level = (audio?.level ?? 0) * 100;
  const [audioMs, audioBreakMs] = [audio?.playedMs ?? 0, audio?.interruptedMs ?? 0];
  const [videoMs, videoBreakMs] = [video?.playedMs ?? 0, video?.interruptedMs ?? 0];
  return {
    audio: {
      ...toAudioStats(audio),
      audioJitter: audio?.jitterMs ?? 0,
      audioLevel: level,
      audioSendLevel: level,
      audioSamplingRate: audio?.samplingRateHz ?? 0,
      audioCumulativeDecodeTime: audioMs,
      audioCumulativeBreakTime: audioBreakMs,
      audioCumulativeBreakRate: divide(audioBreakMs, audioMs),
    },
    video: {
      ...toVideoStats(video),
      videoRenderFPS: video?.renderedPerSecond ?? 0,
      videoFramesDecoded: video?.framesTotal ?? 0,
      videoFramesDropped: video?.framesDropped ?? 0,
      videoCumulativeDecodeTime: videoMs,
      videoCumulativeBreakTime: videoBreakMs,
      videoCumulativeBreakRate: divide(videoBreakMs, videoMs),
    },
    nackCount,
    pliCount,
    currentRoundTripTime: roundTripMs,
    peerToPeerDelay: roundTripMs / 2,
    peerToPeerPacketLostRate: Math.max(audio?.lossRate ?? 0, video?.lossRate ?? 0),
  };
}
