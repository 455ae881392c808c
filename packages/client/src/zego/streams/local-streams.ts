/**
 * The local streams of one engine: created by `createStream` and `createZegoStream`, ended by `destroyStream`.
 *
 * @module
 */

import { SessionError } from '../../core/errors.ts';
import type { MediaPlatform } from '../../core/media/media-platform.ts';
import type { Publication } from '../../core/media/publication.ts';
import { CODES, refusal, toCaptureError } from '../errors.ts';
import { planStream, type StreamPlan } from './capture-plan.ts';
import { isMediaStream } from './custom-source.ts';
import type { Kind } from './feed-opener.ts';
import { LocalStream, type LocalStreamTask } from './local-stream.ts';
import type { ZegoLocalStreamConfig, ZegoStreamOptions } from './stream-types.ts';
import type { ZegoLocalStream } from './zego-local-stream.ts';

/** What a call takes as a local stream. */
export type LocalStreamLike = MediaStream | ZegoLocalStream;

/** Returns whether a value is a stream of `createZegoStream`. */
export const isZegoLocalStream = (value: unknown): value is ZegoLocalStream =>
  typeof value === 'object' && value !== null && 'zegoStream' in value && value.zegoStream instanceof LocalStream;

/** Dependencies of the local streams. */
export interface LocalStreamsTask {
  readonly media: MediaPlatform | undefined;
  publicationsOf(stream: MediaStream): readonly Publication[];
  deviceOpened(): void;
  deviceLost(stream: LocalStream, kind: Kind, track: MediaStreamTrack): void;
  screenEnded(stream: LocalStream): void;
}

/** The local streams of one engine. */
export class LocalStreams {
  readonly #task: LocalStreamsTask;
  readonly #streams = new Map<MediaStream, LocalStream>();
  /** Streams of the application that it passed to a call without `createStream`. */
  readonly #foreign = new WeakMap<MediaStream, LocalStream>();
  /** Streams that are being created. */
  readonly #opening = new Set<LocalStream>();
  #context: AudioContext | undefined;
  #isMicrophoneMuted = false;
  #isDestroyed = false;

  constructor(task: LocalStreamsTask) {
    this.#task = task;
  }

  /** Whether `destroyAll` was called. */
  get isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  /** Whether `muteMicrophone` is in effect. */
  get isMicrophoneMuted(): boolean {
    return this.#isMicrophoneMuted;
  }

  /**
   * Creates a stream from camera and microphone (the default), the screen, or the application's own media.
   *
   * @throws ZegoServerResponse the browser's refusal, or 1103001; also if `destroyAll` was called meanwhile (PRIV-1)
   */
  create(config: ZegoLocalStreamConfig): Promise<MediaStream> {
    return this.#create(async (stream) => {
      const { plan, encoding } = planStream(config);
      await this.#open(stream, plan);
      await stream.setEncoding(encoding);
      return stream.media;
    }, Boolean(config?.screen));
  }

  /** Creates a `ZegoLocalStream`; throws as `create` does. */
  createZego(options: ZegoStreamOptions): Promise<ZegoLocalStream> {
    return this.#create(async (stream) => {
      // Loaded at their first use: pages with `createStream` do without.
      const { planZegoStream } = await import('./zego-plan.ts');
      const { ZegoLocalStream } = await import('./zego-local-stream.ts');
      const { plan, encoding } = planZegoStream(options);
      stream.setSendsCaptured(false);
      await stream.setEncoding(encoding);
      const zegoStream = new ZegoLocalStream(stream, this.#requireMedia(), options);
      if (options.autoCapture !== false) await this.#open(stream, plan);
      if (options.autoPlay && options.view) zegoStream.playVideo(options.view);
      return zegoStream;
    }, Boolean(options?.screen));
  }

  /**
   * Returns the local stream that a call was given; a `MediaStream` of the application is taken over.
   *
   * @throws ZegoServerResponse 1000018 for anything else, and for a destroyed stream
   */
  require(stream: LocalStreamLike): LocalStream {
    const known = this.find(isZegoLocalStream(stream) ? stream.zegoStream.media : stream);
    if (known) return known;
    if (isZegoLocalStream(stream) || !isMediaStream(stream) || this.#isDestroyed) {
      throw refusal(CODES.notALocalStream, 'this is no local stream, or it was destroyed');
    }
    const foreign = new LocalStream(this.#createTask(), stream);
    this.#foreign.set(stream, foreign);
    return foreign;
  }

  /** Returns the local stream whose media this is. */
  find(media: MediaStream): LocalStream | undefined {
    return this.#streams.get(media) ?? this.#foreign.get(media);
  }

  /** Ends a stream: its devices are closed, and its own tracks stopped; the tracks of a custom source continue. */
  destroy(stream: LocalStreamLike): LocalStream {
    const local = this.require(stream);
    local.destroy(!this.#streams.has(local.media));
    this.#streams.delete(local.media);
    this.#foreign.delete(local.media);
    return local;
  }

  /** Ends every stream created here, also those that are being opened (PRIV-1). */
  destroyAll(): void {
    this.#isDestroyed = true;
    for (const stream of [...this.#opening, ...this.#streams.values()]) stream.destroy();
    this.#streams.clear();
    this.#context?.close().catch(() => {});
    this.#context = undefined;
  }

  /** Every stream that was created here and not destroyed. */
  all(): LocalStream[] {
    return [...this.#streams.values()];
  }

  /** Mutes or unmutes the microphone of every stream, also of those created later. */
  setMicrophoneMuted(isMuted: boolean): void {
    this.#isMicrophoneMuted = isMuted;
    for (const stream of [...this.#opening, ...this.#streams.values()]) stream.setMicrophoneMuted(isMuted);
  }

  /** The engine's audio context; undefined if there is no Web Audio. */
  audioContext(): AudioContext | undefined {
    if (!this.#isDestroyed) this.#context ??= this.#task.media?.createAudioContext?.();
    return this.#context;
  }

  async #create<T>(build: (stream: LocalStream) => Promise<T>, isScreen: boolean): Promise<T> {
    let stream: LocalStream | undefined;
    try {
      if (this.#isDestroyed) throw new SessionError('client.ended', 'the engine was destroyed');
      stream = new LocalStream(this.#createTask());
      stream.setMicrophoneMuted(this.#isMicrophoneMuted);
      this.#opening.add(stream);
      const created = await build(stream);
      if (this.#isDestroyed) throw new SessionError('client.ended', 'the engine was destroyed');
      this.#streams.set(stream.media, stream);
      return created;
    } catch (error) {
      stream?.destroy();
      throw toCaptureError(error, isScreen);
    } finally {
      if (stream) this.#opening.delete(stream);
    }
  }

  async #open(stream: LocalStream, plan: StreamPlan): Promise<void> {
    await stream.capture(plan);
    const isEmpty = stream.media.getTracks().length === 0;
    if (isEmpty) throw refusal(CODES.captureFailed, 'the source has no track');
  }

  #createTask(): LocalStreamTask {
    return { ...this.#task, media: this.#requireMedia(), audioContext: () => this.audioContext() };
  }

  #requireMedia(): MediaPlatform {
    const { media } = this.#task;
    if (!media) throw new SessionError('client.no-media', 'WebRTC is not available');
    return media;
  }
}
