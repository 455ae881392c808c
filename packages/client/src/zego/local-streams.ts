/**
 * Local streams: created by `createStream`, ended by `destroyStream`.
 *
 * @module
 */

import { SessionError } from '../core/errors.ts';
import { type CaptureOptions, captureCamera, captureScreen } from '../core/media/capture.ts';
import { LocalSource, stopTracks } from '../core/media/local-source.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { toZegoError } from './errors.ts';
import type { ZegoCameraSource, ZegoLocalStreamConfig } from './types.ts';

/** Callbacks of local streams. */
export interface LocalStreamsEvents {
  /** A microphone or camera of a stream was lost, or its permission revoked. */
  deviceLost(track: MediaStreamTrack): void;
  /** The browser's own button ended screen sharing. */
  screenEnded(stream: MediaStream): void;
}

/** A local stream and its device; without a device, its tracks belong to the application. */
interface Entry {
  readonly source: LocalSource | undefined;
}

/** The local streams of one engine. */
export class LocalStreams {
  readonly #media: MediaPlatform | undefined;
  readonly #events: LocalStreamsEvents;
  readonly #entries = new Map<MediaStream, Entry>();
  /** Sources that the browser has not opened yet. */
  readonly #opening = new Set<LocalSource>();
  #isMicrophoneMuted = false;

  constructor(media: MediaPlatform | undefined, events: LocalStreamsEvents) {
    this.#media = media;
    this.#events = events;
  }

  /**
   * Creates a stream from the camera (the default), the screen, or the application's own stream.
   *
   * @throws ZegoServerResponse the browser's refusal; also if `destroyAll` was called before the device was open (PRIV-1)
   */
  async create(config: ZegoLocalStreamConfig): Promise<MediaStream> {
    try {
      const { custom } = config;
      const [stream, source] = custom ? [this.#wrap(custom.source), undefined] : await this.#capture(config);
      this.#entries.set(stream, { source });
      if (this.#isMicrophoneMuted) setEnabled(stream.getAudioTracks(), false);
      return stream;
    } catch (error) {
      throw toZegoError(error);
    }
  }

  /** Stops the tracks of a captured stream; the application's own tracks keep running. */
  destroy(stream: MediaStream): void {
    const entry = this.#entries.get(stream);
    // Also stop tracks that have been replaced meanwhile.
    entry?.source?.close();
    if (!entry || entry.source) stopTracks(stream.getTracks());
    this.#entries.delete(stream);
  }

  /** Destroys every stream created here, including those that are still being opened. */
  destroyAll(): void {
    for (const source of this.#opening) source.close();
    for (const stream of [...this.#entries.keys()]) this.destroy(stream);
  }

  /** Every stream that was created here and not destroyed. */
  all(): MediaStream[] {
    return [...this.#entries.keys()];
  }

  /** Mutes or unmutes the audio of streams that are created from now on. */
  setMicrophoneMuted(isMuted: boolean): void {
    this.#isMicrophoneMuted = isMuted;
  }

  async #capture({ camera, screen }: ZegoLocalStreamConfig): Promise<[MediaStream, LocalSource]> {
    const source = new LocalSource();
    this.#opening.add(source);
    try {
      let captured: MediaStream | undefined;
      const isOpen = await source.open(async () => {
        captured = await (screen ? captureScreen(toScreenOptions(screen)) : captureCamera(toConstraints(camera)));
        return captured;
      });
      if (!isOpen || !captured) throw new SessionError('client.ended', 'the engine was destroyed');
      const stream = captured;
      source.on('ended', (track) => {
        if (!screen) this.#events.deviceLost(track);
        else if (track.kind === 'video') this.#events.screenEnded(stream);
      });
      return [stream, source];
    } finally {
      this.#opening.delete(source);
    }
  }

  #wrap(source: MediaStream | HTMLMediaElement): MediaStream {
    if ('getTracks' in source) return this.#media?.createMediaStream(source.getTracks()) ?? source;
    if (!('captureStream' in source) || typeof source.captureStream !== 'function') {
      throw new SessionError('request.malformed', 'this element cannot be captured');
    }
    return source.captureStream() as MediaStream;
  }
}

function setEnabled(tracks: readonly MediaStreamTrack[], enabled: boolean): void {
  for (const track of tracks) track.enabled = enabled;
}

function toScreenOptions({ audio = false, frameRate }: NonNullable<ZegoLocalStreamConfig['screen']>): CaptureOptions {
  return { audio, video: frameRate === undefined ? true : { frameRate } };
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
