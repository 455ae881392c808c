/**
 * The quality of a stream as a score (reference realtimekit 8.2).
 *
 * @module
 */

import type { AudioStats, StreamStats, VideoStats } from '../core/media/stats.ts';

/** The quality of one kind of a stream. */
export interface MediaScore {
  readonly kind: 'audio' | 'video';
  readonly isScreenshare: boolean;
  /** From 0, nothing usable, to 10. */
  readonly score: number;
  /** The peer id of whoever sends it. */
  readonly participantId: string;
  /** The measurements behind the score. */
  readonly scoreStats: (AudioStats | VideoStats) & { readonly roundTripMs: number; readonly isScreenShare: boolean };
}

/** Below this score a connection is reported as poor. */
export const POOR_SCORE = 4;

const BEST = 10;
/** What costs one point. */
const POINT = { lossRate: 0.02, roundTripMs: 100, jitterMs: 30 } as const;
/** What costs nothing. */
const FREE = { roundTripMs: 150, jitterMs: 30 } as const;

/** Returns the score of a measurement. */
export function scoreOf(
  { lossRate, jitterMs }: Pick<AudioStats, 'lossRate' | 'jitterMs'>,
  roundTripMs: number,
): number {
  const lost =
    lossRate / POINT.lossRate +
    Math.max(0, roundTripMs - FREE.roundTripMs) / POINT.roundTripMs +
    Math.max(0, jitterMs - FREE.jitterMs) / POINT.jitterMs;
  return Math.round(Math.min(BEST, Math.max(0, BEST - lost)));
}

/** Returns the scores of a stream; a kind that it does not have has none, and a video that is paused for want of bandwidth has 0. */
export function scoresOf(
  { audio, video, roundTripMs }: StreamStats,
  { participantId, isScreenshare }: Pick<MediaScore, 'participantId' | 'isScreenshare'>,
  isVideoPaused = false,
): MediaScore[] {
  return (['audio', 'video'] as const).flatMap((kind) => {
    const stats = kind === 'audio' ? audio : video;
    if (!stats) return [];
    const scoreStats = { ...stats, roundTripMs, isScreenShare: isScreenshare };
    const score = kind === 'video' && isVideoPaused ? 0 : scoreOf(stats, roundTripMs);
    return [{ kind, isScreenshare, score, participantId, scoreStats }];
  });
}

/** Remembers scores, so that only changes are reported. */
export class ScoreChanges {
  readonly #known = new Map<string, number>();

  /** Returns whether a score differs from the one before. */
  isNew({ kind, isScreenshare, score }: MediaScore): boolean {
    const key = `${kind} ${isScreenshare}`;
    const isNew = this.#known.get(key) !== score;
    this.#known.set(key, score);
    return isNew;
  }
}
