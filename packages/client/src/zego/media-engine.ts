/**
 * The streams of the engine: what is captured, published and played (reference zego 4.3).
 *
 * @module
 */

import { Emitter } from '../core/emitter.ts';
import type { Platform } from '../core/platform.ts';
import type { RoomSession } from '../core/session.ts';
import { answer, CODES, refusal, toCaptureError } from './errors.ts';
import type { Emit, ZegoEvents } from './events.ts';
import { Players } from './players.ts';
import { Publishers } from './publishers.ts';
import { QualityReports } from './quality-reports.ts';
import type { ZegoSEIConfig } from './sei.ts';
import { requireKbps, requireOptions, toProcessing, toVideoConstraints } from './streams/capture-plan.ts';
import { isMediaTrack } from './streams/custom-source.ts';
import type { Kind } from './streams/feed-opener.ts';
import { type LocalStream, tracksOf } from './streams/local-stream.ts';
import { isZegoLocalStream, type LocalStreamLike, LocalStreams } from './streams/local-streams.ts';
import type {
  ZegoLocalStreamConfig,
  ZegoPublishStreamAudioConfig,
  ZegoPublishStreamConfig,
  ZegoStreamOptions,
} from './streams/stream-types.ts';
import type { ZegoLocalStream } from './streams/zego-local-stream.ts';
import type { ZegoPlayOptions, ZegoPublishOptions, ZegoServerResponse } from './types.ts';
import { Views } from './views/views.ts';
import { warn, warnOnce } from './warnings.ts';

/** The calls about streams of `ZegoExpressEngine`. Calls that resolve with an `errorCode` do not reject. */
export abstract class MediaEngine extends Emitter<ZegoEvents> {
  protected readonly platform: Platform;
  protected readonly local: LocalStreams;
  protected readonly publishers: Publishers;
  protected readonly players: Players;
  protected readonly views: Views;
  protected readonly quality: QualityReports;

  constructor(platform: Platform) {
    super();
    this.platform = platform;
    const emit: Emit = (event, ...args) => this.emit(event, ...args);
    const quality = new QualityReports(platform.clock, emit);
    this.quality = quality;
    this.views = new Views(platform.media?.document);
    this.publishers = new Publishers(platform.clock, quality, emit, (source) =>
      this.local.find(source)?.closeDevices(),
    );
    this.players = new Players(quality, emit, (stream) => this.views.close(stream));
    this.local = new LocalStreams({
      media: platform.media,
      publicationsOf: (stream) => this.publishers.of(stream),
      deviceOpened: () => this.handleDeviceOpened(),
      deviceLost: (stream, kind, track) => this.handleDeviceLost(stream, kind, track),
      screenEnded: ({ media }) => this.emit('screenSharingEnded', media),
    });
  }

  /**
   * Creates a local stream from camera and microphone (the default), the screen, or the application's own media.
   *
   * @throws ZegoServerResponse 1103064 not permitted, 1103065 in use by another program, 1103066 no such device, 1103061
   *   otherwise; 1103042 for a screen that the user refuses; 1103053 without https; 1103001 for a wrong option
   * @example
   * const stream = await zg.createStream({ camera: { videoQuality: 3, ANS: true } });
   */
  createStream(source: ZegoLocalStreamConfig = {}): Promise<MediaStream> {
    return this.local.create(source);
  }

  /**
   * Creates a local stream that shows itself and can change its source; captures camera and microphone by default, otherwise
   * what is named. Throws as `createStream` does.
   *
   * @example
   * const stream = await zg.createZegoStream({ camera: { video: { quality: 3 }, audio: true } });
   * stream.playVideo(document.querySelector('#preview'));
   * zg.startPublishingStream('ann-main', stream);
   */
  createZegoStream(options: ZegoStreamOptions = {}): Promise<ZegoLocalStream> {
    return this.local.createZego(options);
  }

  /** Stops the tracks of a local stream; if it is still published, the other users are notified that it is off. */
  destroyStream(localStream: LocalStreamLike): void {
    try {
      const { media } = this.local.destroy(localStream);
      this.views.close(media);
      for (const publication of this.publishers.of(media)) publication.handleTracksStopped();
    } catch (error) {
      warn(`destroyStream: ${toCaptureError(error).extendedData}`);
    }
  }

  /**
   * Publishes a local stream; `publisherStateUpdate` reports the progress. Returns false if it cannot begin, after
   * NO_PUBLISH with the code.
   */
  startPublishingStream(
    streamID: string,
    localStream: LocalStreamLike,
    publishOption: ZegoPublishOptions = {},
  ): boolean {
    try {
      const options = requireOptions<ZegoPublishOptions>('publishOption', publishOption);
      const stream = this.local.require(localStream);
      if (isZegoLocalStream(localStream) && !localStream.stream) {
        throw refusal(CODES.notCapturing, 'the stream captures nothing');
      }
      return this.publishers.start(this.findSession(options.roomID), streamID, stream.media, options, stream.encoding);
    } catch (error) {
      const { errorCode, extendedData } = toCaptureError(error);
      this.publishers.refuse(streamID, errorCode, extendedData);
      return false;
    }
  }

  /** Sends what a published `ZegoLocalStream` captured last: 0 its video, 1 its audio, 2 both. */
  updatePublishingStream(zegoStream: ZegoLocalStream, updateType: number): Promise<ZegoServerResponse> {
    return answer(async () => {
      if (!isZegoLocalStream(zegoStream)) throw refusal(CODES.notAZegoStream, 'not of createZegoStream');
      const kinds = ([['video'], ['audio'], ['video', 'audio']] as const)[updateType];
      if (!kinds) throw refusal(CODES.badPublishParameter, 'updateType is 0, 1 or 2');
      const stream = this.local.require(zegoStream);
      for (const kind of kinds) {
        const missing = kind === 'video' ? CODES.zegoStreamWithoutVideo : CODES.zegoStreamWithoutAudio;
        if (!stream.captured(kind)) throw refusal(missing, `the stream captures no ${kind}`);
      }
      await Promise.all(kinds.map((kind) => stream.send(kind)));
    });
  }

  /** Stops publishing; returns false if the stream is not published. */
  stopPublishingStream(streamID: string): boolean {
    return this.publishers.stop(streamID);
  }

  /**
   * Sends the picture of a local stream in several sizes when it is published next, also if it is small. Pictures of cameras that
   * are larger than 360p are sent so without this call.
   */
  enableDualStream(localStream: LocalStreamLike): void {
    try {
      void this.local.require(localStream).setEncoding({ simulcast: true });
    } catch (error) {
      warn(`enableDualStream: ${toCaptureError(error).extendedData}`);
    }
  }

  /** Changes the text sent to the other users with an own stream; at most 1,024 bytes. */
  setStreamExtraInfo(streamID: string, extraInfo: string): Promise<ZegoServerResponse> {
    return this.publishers.setExtraInfo(streamID, extraInfo);
  }

  /**
   * Sends up to 4,096 bytes in one of the next video frames of an own stream, at most 30 times in a second; `playerRecvSEI`
   * reports them to those who play it with `isSEIStart`. They are lost with their frame.
   *
   * @returns false if it is not sent: the stream is not up or was published without `isSEIStart`, the limits, or the browser
   * @example
   * zg.startPublishingStream('ann-main', stream, { isSEIStart: true });
   * zg.sendSEI('ann-main', new TextEncoder().encode('verse 2'));
   */
  sendSEI(streamID: string, inData: Uint8Array): boolean {
    return this.publishers.sendSei(streamID, inData);
  }

  /** Sets which SEI messages `playerRecvSEI` reports, also of streams that are played now. */
  setSEIConfig(config: ZegoSEIConfig): void {
    this.players.setSeiConfig(config ?? {});
  }

  /** Plays a stream; its `MediaStream` stays the same when its media is re-created. @throws ZegoServerResponse */
  async startPlayingStream(streamID: string, playOption: ZegoPlayOptions = {}): Promise<MediaStream> {
    const session = this.findSessionOf(streamID);
    return this.players.start(session, streamID, typeof playOption === 'object' ? (playOption ?? {}) : {});
  }

  /**
   * Chooses the size of a played stream that is sent in several: 0 the smallest, 1 the largest, 2 automatic, which is the default: by
   * the size of its views. Resolves with false if the stream is not played, or for another number.
   */
  async setPlayStreamVideoType(streamID: string, streamType: number): Promise<boolean> {
    return this.players.setVideoType(streamID, streamType);
  }

  /** Stops playing a stream; its tracks are removed from its `MediaStream`, and its views from the page. */
  stopPlayingStream(streamID: string): void {
    this.players.stop(streamID);
  }

  /** Turns the audio of a local stream off or on; the other users are notified if it is published. */
  mutePublishStreamAudio(localStream: LocalStreamLike, mute = true): boolean {
    return this.#setEnabled(localStream, 'audio', !mute);
  }

  /** Turns the video of a local stream off or on; the other users are notified if it is published. */
  mutePublishStreamVideo(localStream: LocalStreamLike, mute = true, retain = false): boolean {
    if (mute && retain) warnOnce('mutePublishStreamVideo: retain is not supported; the preview is black too');
    return this.#setEnabled(localStream, 'video', !mute);
  }

  /** Mutes or unmutes the audio of a played stream; returns false if it is not played. */
  async mutePlayStreamAudio(streamID: string, mute: boolean): Promise<boolean> {
    return this.players.setEnabled(streamID, 'audio', !mute);
  }

  /** Mutes or unmutes the video of a played stream; returns false if it is not played. */
  async mutePlayStreamVideo(streamID: string, mute: boolean): Promise<boolean> {
    return this.players.setEnabled(streamID, 'video', !mute);
  }

  /** Mutes or unmutes the audio of every played stream, also of those that are played later. */
  async muteAllPlayAudioStreams(mute: boolean): Promise<boolean> {
    this.players.setAllEnabled('audio', !mute);
    return true;
  }

  /** Mutes or unmutes the video of every played stream, also of those that are played later. */
  async muteAllPlayVideoStreams(mute: boolean): Promise<boolean> {
    this.players.setAllEnabled('video', !mute);
    return true;
  }

  /**
   * Replaces a track with another of the same kind, in the stream and wherever it is published. Without a connection,
   * it is sent after reconnecting. A muted kind stays muted; the device of the replaced track stays open.
   */
  replaceTrack(localStream: LocalStreamLike, mediaStreamTrack: MediaStreamTrack): Promise<ZegoServerResponse> {
    return answer(() => this.local.require(localStream).replaceTrack(requireTrack(mediaStreamTrack)));
  }

  /** Adds a track of a kind that the stream does not have, also while it is published. */
  addTrack(localStream: LocalStreamLike, track: MediaStreamTrack): Promise<ZegoServerResponse> {
    return answer(() => {
      const stream = this.local.require(localStream);
      const { kind } = requireTrack(track);
      if (tracksOf(stream.media, kind as Kind).length > 0) {
        throw refusal(CODES.cannotAddTrack, `the stream has ${kind} already`);
      }
      return stream.replaceTrack(track);
    });
  }

  /** Removes a track, also while the stream is published; its device stays open until the stream is destroyed. */
  removeTrack(localStream: LocalStreamLike, track: MediaStreamTrack): Promise<ZegoServerResponse> {
    return answer(() => this.local.require(localStream).removeTrack(requireTrack(track)));
  }

  /**
   * Changes size, frame rate and highest bitrate of a local stream, also while it is published.
   *
   * @throws ZegoServerResponse 1103001 for wrong constraints, 1103045 without video, 1103066 if the device cannot
   */
  async setVideoConfig(
    localStream: LocalStreamLike,
    constraints: ZegoPublishStreamConfig,
  ): Promise<ZegoServerResponse> {
    return this.#configure(localStream, constraints, async (stream) => {
      const { maxBitrate, videoQuality } = constraints;
      requireKbps(maxBitrate);
      const size = toVideoConstraints('camera', {
        quality: 4,
        ...constraints,
        ...(videoQuality && { quality: videoQuality }),
      });
      if (Object.keys(size).length > 0) await stream.constrainVideo(size);
      if (maxBitrate !== undefined) await stream.setEncoding({ maxVideoKbps: maxBitrate });
    });
  }

  /**
   * Changes noise suppression, gain control and echo cancellation: the microphone is opened anew.
   *
   * @throws ZegoServerResponse 1103001 for wrong constraints, 1103046 without a microphone, or the browser's refusal
   */
  async setAudioConfig(
    localStream: LocalStreamLike,
    constraints: ZegoPublishStreamAudioConfig,
  ): Promise<ZegoServerResponse> {
    return this.#configure(localStream, constraints, (stream) => stream.recapture('audio', toProcessing(constraints)));
  }

  /** Resolves with whether the video of a local stream is live and delivers frames. */
  async checkVideoTrackIsActive(stream: LocalStreamLike): Promise<boolean> {
    return this.#isActive(stream, 'video');
  }

  /** Resolves with whether the audio of a local stream is live and delivers sound. */
  async checkAudioTrackIsActive(stream: LocalStreamLike): Promise<boolean> {
    return this.#isActive(stream, 'audio');
  }

  /** Stops every captured track; a stream that is being created is closed as soon as it is open (PRIV-1). */
  protected destroyMedia(): void {
    this.local.destroyAll();
    this.views.closeAll();
  }

  /** Returns the session of a room, or of the first one. */
  protected abstract findSession(roomID?: string): RoomSession | undefined;

  /** Returns the sessions of all rooms. */
  protected abstract findSessions(): readonly RoomSession[];

  /** Returns the session whose room has a stream, or the first one. */
  protected abstract findSessionOf(streamID: string): RoomSession | undefined;

  /** Handles a device that the browser opened. */
  protected abstract handleDeviceOpened(): void;

  /** Handles a microphone or camera that was lost, or its permission (PRIV-2). */
  protected handleDeviceLost(_stream: LocalStream, kind: Kind, { label }: MediaStreamTrack): void {
    this.emit('deviceError', kind === 'audio' ? CODES.microphoneEnded : CODES.cameraEnded, label);
  }

  async #configure(
    localStream: LocalStreamLike,
    constraints: object,
    configure: (stream: LocalStream) => Promise<void>,
  ): Promise<ZegoServerResponse> {
    try {
      const stream = this.local.require(localStream);
      const isEmpty = Object.keys(requireOptions('constraints', constraints)).length === 0;
      if (isEmpty) throw refusal(CODES.badPublishParameter, 'the constraints are empty');
      await configure(stream);
      return { errorCode: CODES.ok };
    } catch (error) {
      throw toCaptureError(error);
    }
  }

  #isActive(stream: LocalStreamLike, kind: Kind): boolean {
    const [track] = tracksOf(this.local.require(stream).media, kind);
    return track !== undefined && track.readyState === 'live' && !track.muted;
  }

  #setEnabled(localStream: LocalStreamLike, kind: Kind, isOn: boolean): boolean {
    try {
      return this.local.require(localStream).setEnabled(kind, isOn);
    } catch {
      return false;
    }
  }
}

/** @throws ZegoServerResponse 1100001 unless it is a track */
function requireTrack(track: unknown): MediaStreamTrack {
  if (!isMediaTrack(track)) throw refusal(CODES.badParameter, 'this is no audio or video track');
  return track;
}
