/**
 * How loud the streams are, reported at an interval.
 *
 * @module
 */

import { SILENCE_DBOV, toAmplitude } from '../core/media/amplitude.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Clock } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import type { Emit, ZegoSoundLevelInfo } from './events.ts';
import { AudioMeter } from './streams/audio-meter.ts';
import { startAudio } from './streams/audio-start.ts';
import type { LocalStream } from './streams/local-stream.ts';

/** The least interval at which the server reports levels, in milliseconds. */
const MIN_SERVER_INTERVAL_MS = 200;

/** A stream that is published or played. */
export interface Audible {
  readonly streamId: string;
}

/** Dependencies of the sound levels. */
export interface SoundLevelsTask {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly media: MediaPlatform | undefined;
  /** The sessions of all rooms, which report what the server hears. */
  sessions(): readonly RoomSession[];
  published(): readonly Audible[];
  played(): readonly Audible[];
  captured(): readonly LocalStream[];
  audioContext(): AudioContext | undefined;
}

/** Reports levels from 0 to 100 while it is on: of published and played streams, and of what is captured. */
export class SoundLevels {
  readonly #task: SoundLevelsTask;
  /** The latest levels of each session, in -dBov, by stream id. */
  readonly #levels = new Map<RoomSession, ReadonlyMap<string, number>>();
  /** The member of each session for which levels were asked. */
  readonly #watched = new Map<RoomSession, string>();
  readonly #meters = new Map<MediaStreamTrack, AudioMeter>();
  #timer: unknown;
  #intervalMs = 1_000;
  #reportsInBackground = false;
  /** Increases with every call, so that a handler that starts or stops it ends the schedule before. */
  #generation = 0;

  constructor(task: SoundLevelsTask) {
    this.#task = task;
  }

  /** Starts to report at an interval, or again with another one. */
  start(intervalMs: number, reportsInBackground: boolean): void {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#reportsInBackground = reportsInBackground;
    this.#watchSessions();
    this.#schedule();
  }

  /** Stops reporting. */
  stop(): void {
    this.#generation += 1;
    this.#task.clock.clearTimeout(this.#timer);
    for (const session of this.#watched.keys()) session.request('watchSoundLevels', {}).catch(() => {});
    this.#watched.clear();
    for (const meter of this.#meters.values()) meter.close();
    this.#meters.clear();
  }

  #schedule(): void {
    const generation = this.#generation;
    this.#timer = this.#task.clock.setTimeout(() => this.#report(generation), this.#intervalMs);
  }

  #report(generation: number): void {
    this.#watchSessions();
    const isHidden = this.#task.media?.document?.hidden === true;
    if (!isHidden || this.#reportsInBackground) {
      const { emit } = this.#task;
      const levels = this.#readStreams();
      if (levels.length > 0) emit('soundLevelUpdate', levels);
      const captured = this.#readCaptured();
      if (captured !== undefined) emit('capturedSoundLevelUpdate', captured);
    }
    // A handler may have stopped it.
    if (generation === this.#generation) this.#schedule();
  }

  /** Asks every session for levels, again after a new login: then it is another member. */
  #watchSessions(): void {
    const sessions = this.#task.sessions();
    for (const session of this.#levels.keys()) if (!sessions.includes(session)) this.#levels.delete(session);
    for (const session of sessions) {
      const { memberId } = session.self ?? {};
      if (session.state.name !== 'joined' || memberId === undefined || this.#watched.get(session) === memberId)
        continue;
      if (!this.#levels.has(session)) {
        session.on('soundLevels', (levels) =>
          this.#levels.set(session, new Map(levels.map(({ streamId, level }) => [streamId, level]))),
        );
      }
      this.#levels.set(session, new Map());
      this.#watched.set(session, memberId);
      const intervalMs = Math.max(MIN_SERVER_INTERVAL_MS, this.#intervalMs);
      // It is asked again with the next report.
      session.request('watchSoundLevels', { intervalMs }).catch(() => this.#watched.delete(session));
    }
  }

  #readStreams(): ZegoSoundLevelInfo[] {
    const read = (type: 'push' | 'pull', { streamId }: Audible): ZegoSoundLevelInfo => {
      const [level = SILENCE_DBOV] = [...this.#levels.values()].flatMap((levels) => levels.get(streamId) ?? []);
      return { streamID: streamId, soundLevel: 100 * toAmplitude(level), type };
    };
    const { published, played } = this.#task;
    return [
      ...published().map((audible) => read('push', audible)),
      ...played().map((audible) => read('pull', audible)),
    ];
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
