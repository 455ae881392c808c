/**
 * Local streams: what `createStream` made, and how `destroyStream` ends it.
 *
 * @module
 */

import { SessionError } from '../core/errors.ts';
import { type CaptureOptions, captureCamera, captureScreen } from '../core/media/capture.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { toZegoError } from './errors.ts';
import type { ZegoCameraSource, ZegoLocalStreamConfig } from './types.ts';

/** The local streams of one engine. */
export class LocalStreams {
  readonly #media: MediaPlatform | undefined;
  /** The streams made here; whether their tracks are ours to stop. */
  readonly #streams = new Map<MediaStream, { readonly ownsTracks: boolean }>();

  constructor(media: MediaPlatform | undefined) {
    this.#media = media;
  }

  /** Makes a stream from the camera (the default), the screen, or the application's own. */
  async create(config: ZegoLocalStreamConfig): Promise<MediaStream> {
    try {
      const stream = await this.#open(config);
      this.#streams.set(stream, { ownsTracks: config.custom === undefined });
      return stream;
    } catch (error) {
      throw toZegoError(error);
    }
  }

  /** Stops the tracks of a stream that was captured; the application's own tracks go on. */
  destroy(stream: MediaStream): void {
    if (this.#streams.get(stream)?.ownsTracks !== false) for (const track of stream.getTracks()) track.stop();
    this.#streams.delete(stream);
  }

  /** Destroys every stream made here. */
  destroyAll(): void {
    for (const stream of [...this.#streams.keys()]) this.destroy(stream);
  }

  /** Every stream made here and not destroyed. */
  all(): MediaStream[] {
    return [...this.#streams.keys()];
  }

  #open({ camera, screen, custom }: ZegoLocalStreamConfig): Promise<MediaStream> | MediaStream {
    if (custom) return this.#wrap(custom.source);
    if (screen) {
      const { audio = false, frameRate } = screen;
      return captureScreen({ audio, video: frameRate === undefined ? true : { frameRate } });
    }
    return captureCamera(toConstraints(camera));
  }

  #wrap(source: MediaStream | HTMLMediaElement): MediaStream {
    if ('getTracks' in source) return this.#media?.createMediaStream(source.getTracks()) ?? source;
    if (!('captureStream' in source) || typeof source.captureStream !== 'function') {
      throw new SessionError('request.malformed', 'this element cannot be captured');
    }
    return source.captureStream() as MediaStream;
  }
}

function toConstraints(camera: ZegoCameraSource = {}): CaptureOptions {
  const { audio = true, video = true, audioInput, videoInput, width, height, frameRate, facingMode } = camera;
  const given = { width, height, frameRate, facingMode, deviceId: videoInput };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return {
    audio: audio && audioInput !== undefined ? { deviceId: audioInput } : audio,
    video: video && Object.keys(chosen).length > 0 ? chosen : video,
  };
}
