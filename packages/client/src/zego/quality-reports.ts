/**
 * Reads and reports the quality of an engine's streams every 3 s, and of the own network with it.
 *
 * @module
 */

import type { StreamStats } from '../core/media/stats.ts';
import type { Clock } from '../core/platform.ts';
import type { Emit } from './events.ts';
import type { ZegoPlayStats, ZegoPublishStats, ZegoQualityGrade } from './quality.ts';

/** The interval of quality reports, in milliseconds. */
export const QUALITY_INTERVAL_MS = 3_000;

/** A publication or playback whose quality can be read. */
export interface Measured {
  readonly streamId: string;
  stats(): Promise<StreamStats | undefined>;
}

/** The last report about each stream. */
type Board<Stats> = Map<string, Stats>;

/** Reports the quality of an engine's streams. */
export class QualityReports {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #published: Board<ZegoPublishStats> = new Map();
  readonly #played: Board<ZegoPlayStats> = new Map();
  #networkReportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The last report about an own stream; null before the first, and if it is not published. */
  published(streamID: string): ZegoPublishStats | null {
    return this.#published.get(streamID) ?? null;
  }

  /** The last report about a played stream; null before the first, and if it is not played. */
  played(streamID: string): ZegoPlayStats | null {
    return this.#played.get(streamID) ?? null;
  }

  /** Reports the quality of an own stream while `isUp`, until the returned function is called. */
  watchPublished(publication: Measured, isUp: () => boolean): () => void {
    const convert = async (stats: StreamStats) => (await this.#shapes()).toPublishStats(stats);
    return this.#watch(publication, isUp, this.#published, convert, (streamID, stats) =>
      this.#emit('publishQualityUpdate', streamID, stats),
    );
  }

  /** Reports the quality of a played stream while `isUp`, until the returned function is called. */
  watchPlayed(playback: Measured, isUp: () => boolean): () => void {
    const convert = async (stats: StreamStats) => (await this.#shapes()).toPlayStats(stats);
    return this.#watch(playback, isUp, this.#played, convert, (streamID, stats) =>
      this.#emit('playQualityUpdate', streamID, stats),
    );
  }

  #watch<Stats>(
    measured: Measured,
    isUp: () => boolean,
    board: Board<Stats>,
    convert: (stats: StreamStats) => Promise<Stats>,
    report: (streamID: string, stats: Stats) => void,
  ): () => void {
    const { streamId } = measured;
    let timer: unknown;
    let isStopped = false;
    const schedule = () => {
      timer = this.#clock.setTimeout(() => void tick(), QUALITY_INTERVAL_MS);
    };
    const tick = async (): Promise<void> => {
      // A peer connection that is being closed has no statistics; a module that cannot be loaded is tried again.
      const stats = await this.#read(measured, convert).catch(() => undefined);
      if (isStopped) return;
      if (stats && isUp()) {
        board.set(streamId, stats);
        report(streamId, stats);
        this.#reportNetwork();
      }
      // A handler may have stopped the stream.
      if (!isStopped) schedule();
    };
    schedule();
    return () => {
      isStopped = true;
      board.delete(streamId);
      this.#clock.clearTimeout(timer);
    };
  }

  async #read<Stats>(measured: Measured, convert: (stats: StreamStats) => Promise<Stats>): Promise<Stats | undefined> {
    const stats = await measured.stats();
    return stats && convert(stats);
  }

  /** Loads the shapes of reports at the first one. */
  #shapes(): Promise<typeof import('./quality.ts')> {
    return import('./quality.ts');
  }

  /** Once for the reports of all streams. */
  #reportNetwork(): void {
    const now = this.#clock.now();
    if (now - this.#networkReportedAtMs < QUALITY_INTERVAL_MS) return;
    this.#networkReportedAtMs = now;
    this.#emit('networkQuality', '', findWorst(this.#published), findWorst(this.#played));
  }
}

/** Returns the worst grade of all streams; -1 if there is none. */
function findWorst(board: Board<ZegoPublishStats> | Board<ZegoPlayStats>): ZegoQualityGrade {
  const grades = [...board.values()].flatMap(({ audio, video }) => [audio.audioQuality, video.videoQuality]);
  return Math.max(-1, ...grades) as ZegoQualityGrade;
}
