/**
 * How loud the streams are, reported at an interval.
 *
 * @module
 */

import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Clock } from '../core/platform.ts';
import type { Emit, ZegoSoundLevelInfo } from './events.ts';
import { AudioMeter } from './streams/audio-meter.ts';
import { startAudio } from './streams/audio-start.ts';
import type { LocalStream } from './streams/local-stream.ts';

/** Something whose audio level can be read, from 0 to 1. */
export interface Audible {
  readonly streamId: string;
  audioLevel(): Promise<number | undefined>;
}

/** Dependencies of the sound levels. */
export interface SoundLevelsTask {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly media: MediaPlatform | undefined;
  published(): readonly Audible[];
  played(): readonly Audible[];
  captured(): readonly LocalStream[];
  audioContext(): AudioContext | undefined;
}

/** Reports levels from 0 to 100 while it is on: of published and played streams, and of what is captured. */
export class SoundLevels {
  readonly #task: SoundLevelsTask;
  readonly #meters = new Map<MediaStreamTrack, AudioMeter>();
  #timer: unknown;
  #intervalMs = 1_000;
  #reportsInBackground = false;
  /** Increases with every call, so that a reading that is under way reports nothing afterwards. */
  #generation = 0;

  constructor(task: SoundLevelsTask) {
    this.#task = task;
  }

  /** Starts to report at an interval, or again with another one. */
  start(intervalMs: number, reportsInBackground: boolean): void {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#reportsInBackground = reportsInBackground;
    this.#schedule();
  }

  /** Stops reporting. */
  stop(): void {
    this.#generation += 1;
    this.#task.clock.clearTimeout(this.#timer);
    for (const meter of this.#meters.values()) meter.close();
    this.#meters.clear();
  }

  #schedule(): void {
    const generation = this.#generation;
    this.#timer = this.#task.clock.setTimeout(() => void this.#report(generation), this.#intervalMs);
  }

  async #report(generation: number): Promise<void> {
    const isHidden = this.#task.media?.document?.hidden === true;
    if (!isHidden || this.#reportsInBackground) {
      const { emit } = this.#task;
      const levels = await this.#readStreams();
      if (generation !== this.#generation) return;
      if (levels.length > 0) emit('soundLevelUpdate', levels);
      const captured = this.#readCaptured();
      if (captured !== undefined) emit('capturedSoundLevelUpdate', captured);
    }
    // A handler may have stopped it.
    if (generation === this.#generation) this.#schedule();
  }

  #readStreams(): Promise<ZegoSoundLevelInfo[]> {
    const read = async (type: 'push' | 'pull', audible: Audible): Promise<ZegoSoundLevelInfo> => ({
      streamID: audible.streamId,
      // A peer connection that is being closed has no level.
      soundLevel: ((await audible.audioLevel().catch(() => undefined)) ?? 0) * 100,
      type,
    });
    const { published, played } = this.#task;
    return Promise.all([
      ...published().map((audible) => read('push', audible)),
      ...played().map((audible) => read('pull', audible)),
    ]);
  }

  /** Returns the loudest captured track; undefined if none is captured or there is no Web Audio. */
  #readCaptured(): number | undefined {
    const tracks = this.#task.captured().flatMap((stream) => stream.captured('audio') ?? []);
    for (const [track, meter] of this.#meters) {
      if (tracks.includes(track)) continue;
      meter.close();
      this.#meters.delete(track);
    }
    const levels = tracks.flatMap((track) => this.#meterOf(track)?.read() ?? []);
    return levels.length > 0 ? Math.max(...levels) * 100 : undefined;
  }

  #meterOf(track: MediaStreamTrack): AudioMeter | undefined {
    const { media } = this.#task;
    const context = this.#task.audioContext();
    if (!media || !context || track.readyState !== 'live') return undefined;
    const known = this.#meters.get(track);
    if (known) return known;
    // Until the user has touched the page, the level may be 0.
    startAudio(context, media.document).catch(() => {});
    const meter = new AudioMeter(context, media.createMediaStream([track]));
    this.#meters.set(track, meter);
    return meter;
  }
}
