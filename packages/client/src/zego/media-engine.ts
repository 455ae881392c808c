/**
 * The media half of the engine: local streams, publishing and playing (reference zego 4.3).
 *
 * @module
 */

import { Emitter } from '../core/emitter.ts';
import type { Platform } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import { CODE_OF_ERROR, CODES, toZegoError } from './errors.ts';
import type { Emit, ZegoEvents } from './events.ts';
import { LocalStreams } from './local-streams.ts';
import { Players } from './players.ts';
import { Publishers } from './publishers.ts';
import type { ZegoLocalStreamConfig, ZegoPlayOptions, ZegoPublishOptions, ZegoServerResponse } from './types.ts';

/** The media calls of `ZegoExpressEngine`, which adds rooms and messages. */
export abstract class MediaEngine extends Emitter<ZegoEvents> {
  protected readonly platform: Platform;
  readonly #local: LocalStreams;
  readonly #publishers: Publishers;
  readonly #players: Players;

  constructor(platform: Platform) {
    super();
    this.platform = platform;
    const emit: Emit = (event, ...args) => this.emit(event, ...args);
    this.#local = new LocalStreams(platform.media, {
      deviceLost: ({ label }) => this.emit('deviceError', CODE_OF_ERROR['client.no-media'], label),
      screenEnded: (stream) => this.emit('screenSharingEnded', stream),
    });
    this.#publishers = new Publishers(platform.clock, emit);
    this.#players = new Players(platform.clock, emit);
  }

  /** Creates a local stream from camera and microphone (the default), the screen, or the application's own stream. */
  createStream(source: ZegoLocalStreamConfig = {}): Promise<MediaStream> {
    return this.#local.create(source);
  }

  /** Stops the tracks of a local stream; if it is still published, the other users see it as off. */
  destroyStream(stream: MediaStream): void {
    this.#local.destroy(stream);
    for (const publication of this.#publishers.of(stream)) publication.handleTracksStopped();
  }

  /** Publishes a local stream; `publisherStateUpdate` reports the progress. */
  startPublishingStream(streamID: string, stream: MediaStream, options: ZegoPublishOptions = {}): boolean {
    return this.#publishers.start(this.findSession(options.roomID), streamID, stream, options);
  }

  /** Stops publishing; returns false if the stream is not published. */
  stopPublishingStream(streamID: string): boolean {
    return this.#publishers.stop(streamID);
  }

  /** Changes the extra info of an own stream; at most 1,024 bytes. */
  setStreamExtraInfo(streamID: string, extraInfo: string): Promise<ZegoServerResponse> {
    return this.#publishers.setExtraInfo(streamID, extraInfo);
  }

  /** Plays a stream; the `MediaStream` stays the same when its media is re-created. */
  startPlayingStream(streamID: string, options: ZegoPlayOptions = {}): Promise<MediaStream> {
    return this.#players.start(this.findSessionOf(streamID), streamID, options);
  }

  /** Stops playing a stream and removes the tracks from its `MediaStream`. */
  stopPlayingStream(streamID: string): void {
    this.#players.stop(streamID);
  }

  /** Turns the audio of a local stream off or on; the other users are notified if it is published. */
  mutePublishStreamAudio(stream: MediaStream, mute: boolean): boolean {
    return this.#setPublished(stream, 'audio', !mute);
  }

  /** Turns the video of a local stream off or on; the other users are notified if it is published. */
  mutePublishStreamVideo(stream: MediaStream, mute: boolean): boolean {
    return this.#setPublished(stream, 'video', !mute);
  }

  /** Turns the audio of every local stream off or on, including streams created later. */
  muteMicrophone(mute: boolean): boolean {
    this.#local.setMicrophoneMuted(mute);
    for (const stream of this.#local.all()) this.#setPublished(stream, 'audio', !mute);
    return true;
  }

  /** Mutes or unmutes the audio of a played stream; returns false if it is not played. */
  async mutePlayStreamAudio(streamID: string, mute: boolean): Promise<boolean> {
    return this.#players.setEnabled(streamID, 'audio', !mute);
  }

  /** Mutes or unmutes the video of a played stream; returns false if it is not played. */
  async mutePlayStreamVideo(streamID: string, mute: boolean): Promise<boolean> {
    return this.#players.setEnabled(streamID, 'video', !mute);
  }

  /**
   * Replaces a track with another of the same kind, in the stream and wherever it is published. Without a connection,
   * it is sent after reconnecting. A muted kind stays muted.
   */
  async replaceTrack(stream: MediaStream, track: MediaStreamTrack): Promise<ZegoServerResponse> {
    const kind = track.kind === 'audio' ? 'audio' : 'video';
    const publications = this.#publishers.of(stream);
    const before = kind === 'audio' ? stream.getAudioTracks() : stream.getVideoTracks();
    if (before.length > 0 && !before.some(({ enabled }) => enabled)) track.enabled = false;
    for (const old of before) if (old !== track) stream.removeTrack(old);
    if (!before.includes(track)) stream.addTrack(track);
    try {
      await Promise.all(publications.map((publication) => publication.replaceTrack(kind, track)));
      return { errorCode: CODES.ok };
    } catch (error) {
      return toZegoError(error);
    }
  }

  /** Stops every captured track; a stream that is being created is closed as soon as it is open (PRIV-1). */
  protected destroyMedia(): void {
    this.#local.destroyAll();
  }

  /** Returns the session of a room, or of the first one. */
  protected abstract findSession(roomID?: string): RoomSession | undefined;

  /** Returns the session whose room has a stream, or the first one. */
  protected abstract findSessionOf(streamID: string): RoomSession | undefined;

  #setPublished(stream: MediaStream, kind: 'audio' | 'video', on: boolean): boolean {
    const tracks = kind === 'audio' ? stream.getAudioTracks() : stream.getVideoTracks();
    for (const track of tracks) track.enabled = on;
    // If the notification fails, the next change repeats it: the media is off in either case.
    for (const publication of this.#publishers.of(stream)) publication.setEnabled(kind, on).catch(() => {});
    return tracks.length > 0;
  }
}
