/**
 * Middlewares: functions of the application that change the own audio or video before it is sent.
 *
 * @module
 */

import type { AudioMiddleware } from './audio-processing.ts';
import type { VideoMiddleware, VideoMiddlewareGlobalConfig } from './video-processing.ts';

type Kind = 'audio' | 'video';

/** What the calls that change the middlewares return. */
export interface MiddlewareResult {
  readonly success: boolean;
  readonly message: string;
}

/** A track with the middlewares applied, and what has to be released with it. */
export interface Processed {
  readonly track: MediaStreamTrack;
  release(): void;
}

/** The middlewares of both kinds, in the order in which they are applied. */
export class Middlewares {
  readonly #audio: AudioMiddleware[] = [];
  readonly #video: VideoMiddleware[] = [];
  /** The devices' tracks for which middlewares are starting. */
  readonly #starting: { readonly [K in Kind]: Set<MediaStreamTrack> } = { audio: new Set(), video: new Set() };
  readonly #rawTracks = new WeakMap<MediaStreamTrack, MediaStreamTrack>();
  #videoConfig: VideoMiddlewareGlobalConfig = {};

  /** The functions of a kind. */
  of(kind: 'audio'): AudioMiddleware[];
  of(kind: 'video'): VideoMiddleware[];
  of(kind: Kind): unknown[];
  of(kind: Kind): unknown[] {
    return kind === 'audio' ? this.#audio : this.#video;
  }

  /** Sets how video middlewares draw, from the next start on. */
  setVideoConfig(config: VideoMiddlewareGlobalConfig): void {
    this.#videoConfig = config;
  }

  /** The device's track behind a track; the track itself if no middleware is applied to it. */
  rawOf(track: MediaStreamTrack): MediaStreamTrack {
    return this.#rawTracks.get(track) ?? track;
  }

  /** Closes the device at once if the middlewares of a kind are starting: they may take long, or never end (PRIV-1). */
  abandon(kind: Kind): void {
    for (const raw of this.#starting[kind]) raw.stop();
  }

  /**
   * Applies the middlewares to a device's track. Stopping the returned track stops the device too (PRIV-1); it ends when the device does.
   *
   * @throws the error of a middleware; the device's track is then stopped
   */
  async apply(kind: Kind, raw: MediaStreamTrack): Promise<MediaStreamTrack> {
    if (this.of(kind).length === 0) return raw;
    let processed: Processed;
    this.#starting[kind].add(raw);
    try {
      processed = await this.#process(kind, raw);
    } catch (error) {
      raw.stop();
      throw error;
    } finally {
      this.#starting[kind].delete(raw);
    }
    const { track, release } = processed;
    this.#rawTracks.set(track, raw);
    const stop = track.stop.bind(track);
    track.stop = () => {
      stop();
      raw.stop();
      release();
    };
    raw.addEventListener('ended', () => {
      track.stop();
      // A track that is stopped raises no event itself.
      track.dispatchEvent(new Event('ended'));
    });
    // The device was lost while the middlewares started.
    if (raw.readyState === 'ended') track.stop();
    return track;
  }

  /** Loads the part of the client that processes the kind, which most applications do not use, and applies it. */
  async #process(kind: Kind, raw: MediaStreamTrack): Promise<Processed> {
    if (kind === 'audio') {
      const { processAudio } = await import('./audio-processing.ts');
      return processAudio(raw, [...this.#audio]);
    }
    const { processVideo } = await import('./video-processing.ts');
    return processVideo(raw, [...this.#video], this.#videoConfig);
  }
}
