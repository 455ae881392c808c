/**
 * Quality of streams in this dialect, reported every 3 s.
 *
 * @module
 */

import type { StreamStats } from '../core/media/stats.ts';
import type { Clock } from '../core/platform.ts';

/** The interval of quality reports, in milliseconds. */
export const QUALITY_INTERVAL_MS = 3_000;

/** Quality of audio; rates in kbit/s, times in ms, loss from 0 to 1. */
export interface ZegoAudioStats {
  readonly audioBitrate: number;
  readonly audioCodec: string;
  readonly audioJitter: number;
  readonly audioLevel: number;
  readonly audioPacketsLost: number;
  readonly audioPacketsLostRate: number;
  /** -1 unknown, 0 best, to 4 worst. */
  readonly audioQuality: number;
  readonly audioFPS: number;
  readonly muteState: '0' | '1';
}

/** Quality of video; rates in kbit/s, loss from 0 to 1. */
export interface ZegoVideoStats {
  readonly frameHeight: number;
  readonly frameWidth: number;
  readonly googCodecName: string;
  readonly muteState: '0' | '1';
  readonly videoBitrate: number;
  readonly videoFPS: number;
  readonly videoTransferFPS: number;
  readonly videoFramesDecoded: number;
  readonly videoPacketsLost: number;
  readonly videoPacketsLostRate: number;
  /** -1 unknown, 0 best, to 4 worst. */
  readonly videoQuality: number;
}

/** Quality of an own stream. */
export interface ZegoPublishStats {
  readonly video: ZegoVideoStats;
  readonly audio: ZegoAudioStats;
  readonly nackCount: number;
  readonly pliCount: number;
  /** In milliseconds. */
  readonly currentRoundTripTime: number;
}

/** Quality of a played stream. */
export interface ZegoPlayStats extends ZegoPublishStats {
  /** In milliseconds; half of the round trip to the server. */
  readonly peerToPeerDelay: number;
  /** From 0 to 1. */
  readonly peerToPeerPacketLostRate: number;
}

/** Returns a quality from 0 (best) to 4 (worst) for a packet loss from 0 to 1. */
function gradeLoss(lossRate: number): number {
  return [0.01, 0.03, 0.08, 0.15].filter((limit) => lossRate > limit).length;
}

/** Converts measured quality to this dialect's shape; absent kinds count as muted. */
export function toPublishStats({ audio, video, ...rest }: StreamStats): ZegoPublishStats {
  return {
    audio: {
      audioBitrate: audio?.bitrateKbps ?? 0,
      audioCodec: audio?.codec ?? '',
      audioJitter: audio?.jitterMs ?? 0,
      audioLevel: (audio?.level ?? 0) * 100,
      audioPacketsLost: audio?.packetsLost ?? 0,
      audioPacketsLostRate: audio?.lossRate ?? 0,
      audioQuality: audio ? gradeLoss(audio.lossRate) : -1,
      audioFPS: audio?.packetsPerSecond ?? 0,
      muteState: audio ? '0' : '1',
    },
    video: {
      frameHeight: video?.height ?? 0,
      frameWidth: video?.width ?? 0,
      googCodecName: video?.codec ?? '',
      muteState: video ? '0' : '1',
      videoBitrate: video?.bitrateKbps ?? 0,
      videoFPS: video?.framesPerSecond ?? 0,
      videoTransferFPS: video?.framesPerSecond ?? 0,
      videoFramesDecoded: video?.framesTotal ?? 0,
      videoPacketsLost: video?.packetsLost ?? 0,
      videoPacketsLostRate: video?.lossRate ?? 0,
      videoQuality: video ? gradeLoss(video.lossRate) : -1,
    },
    nackCount: rest.nackCount,
    pliCount: rest.pliCount,
    currentRoundTripTime: rest.roundTripMs,
  };
}

/** Converts the measured quality of a played stream to this dialect's shape. */
export function toPlayStats(stats: StreamStats): ZegoPlayStats {
  return {
    ...toPublishStats(stats),
    peerToPeerDelay: stats.roundTripMs / 2,
    peerToPeerPacketLostRate: Math.max(stats.audio?.lossRate ?? 0, stats.video?.lossRate ?? 0),
  };
}

/** A publication or playback whose quality can be read. */
export interface Measured {
  stats(): Promise<StreamStats | undefined>;
}

/** Reads and reports quality every 3 s, until the returned function is called. */
export function reportQuality(clock: Clock, measured: Measured, report: (stats: StreamStats) => void): () => void {
  let timer: unknown;
  let isStopped = false;
  const tick = async (): Promise<void> => {
    // A peer connection that is being closed has no statistics.
    const stats = await measured.stats().catch(() => undefined);
    if (isStopped) return;
    if (stats) report(stats);
    schedule();
  };
  const schedule = () => {
    timer = clock.setTimeout(() => void tick(), QUALITY_INTERVAL_MS);
  };
  schedule();
  return () => {
    isStopped = true;
    clock.clearTimeout(timer);
  };
}
