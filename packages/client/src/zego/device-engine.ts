/**
 * The devices, sounds and views of the engine (reference zego 4.3).
 *
 * @module
 */

import type { Platform } from '../core/platform.ts';
import { Devices, type ZegoDeviceInfo, type ZegoDeviceInfos } from './devices.ts';
import { answer, CODES, refusal } from './errors.ts';
import { MediaEngine } from './media-engine.ts';
import type { SoundLevels } from './sound-levels.ts';
import { isMediaElement } from './streams/custom-source.ts';
import type { Kind } from './streams/feed-opener.ts';
import type { LocalStream } from './streams/local-stream.ts';
import { isZegoLocalStream, type LocalStreamLike } from './streams/local-streams.ts';
import type { ZegoServerResponse } from './types.ts';
import { setSpeaker, toVolume } from './views/media-player.ts';
import type { ZegoStreamView } from './views/stream-view.ts';
import { warn } from './warnings.ts';

/** Which lost devices are replaced by another one. */
export interface ZegoAutoSwitchDeviceConfig {
  /** Default false. */
  readonly camera?: boolean;
  /** Default false. */
  readonly microphone?: boolean;
}

/** The calls about devices, sounds and views of `ZegoExpressEngine`. */
export abstract class DeviceEngine extends MediaEngine {
  readonly #devices: Devices;
  /** Loaded at its first use. */
  #soundLevels: Promise<SoundLevels> | undefined;
  /** Increases with every `setSoundLevelDelegate`: the last call wins. */
  #soundLevelCall = 0;
  #autoSwitch: ZegoAutoSwitchDeviceConfig = {};

  constructor(platform: Platform) {
    super(platform);
    this.#devices = new Devices((event, ...args) => this.emit(event, ...args));
  }

  /** Returns all devices; names and ids are empty before the user has permitted one. @throws ZegoServerResponse 1103011 */
  enumDevices(): Promise<ZegoDeviceInfos> {
    return this.#devices.all();
  }

  /** Returns the cameras; asks the user if none is permitted yet. @throws ZegoServerResponse as `createStream` */
  getCameras(): Promise<ZegoDeviceInfo[]> {
    return this.#devices.list('videoinput');
  }

  /** Returns the microphones; asks the user if none is permitted yet. @throws ZegoServerResponse as `createStream` */
  getMicrophones(): Promise<ZegoDeviceInfo[]> {
    return this.#devices.list('audioinput');
  }

  /** Returns the speakers; asks for a microphone if none is permitted yet. @throws ZegoServerResponse as `createStream` */
  getSpeakers(): Promise<ZegoDeviceInfo[]> {
    return this.#devices.list('audiooutput');
  }

  /** Switches a local stream to another camera, also while it is published; on failure the old one stays. */
  useVideoDevice(localStream: LocalStreamLike, deviceID: string): Promise<ZegoServerResponse> {
    return this.#useDevice(localStream, 'video', deviceID);
  }

  /** Switches a local stream to another microphone, also while it is published; on failure the old one stays. */
  useAudioDevice(localStream: LocalStreamLike, deviceID: string): Promise<ZegoServerResponse> {
    return this.#useDevice(localStream, 'audio', deviceID);
  }

  /** Switches a local stream to the front camera, or to the back one. */
  useFrontCamera(localStream: LocalStreamLike, enable: boolean): Promise<ZegoServerResponse> {
    const facingMode = enable ? 'user' : 'environment';
    return answer(() => this.local.require(localStream).recapture('video', { facingMode }));
  }

  /** Selects the speaker of a media element; resolves with false if the browser cannot, or the device is not there. */
  async useAudioOutputDevice(media: HTMLMediaElement, deviceID: string): Promise<boolean> {
    if (!isMediaElement(media) || typeof deviceID !== 'string') return false;
    return setSpeaker(media, deviceID).then(
      () => true,
      () => false,
    );
  }

  /** Closes the camera of a local stream, or opens it again; resolves with false if that fails. */
  async enableVideoCaptureDevice(localStream: LocalStreamLike, enable = true): Promise<boolean> {
    const { errorCode } = await answer(() => this.local.require(localStream).setCameraOpen(enable));
    return errorCode === CODES.ok;
  }

  /** Sets whether a lost camera or microphone is replaced by another one; `deviceError` is emitted either way. */
  enableAutoSwitchDevice(config: ZegoAutoSwitchDeviceConfig): void {
    this.#autoSwitch = { ...this.#autoSwitch, ...config };
  }

  /** Whether `muteMicrophone` is in effect. */
  isMicrophoneMuted(): boolean {
    return this.local.isMicrophoneMuted;
  }

  /** Turns the microphone of every local stream off or on, also of those created later; what is mixed in stays audible. */
  muteMicrophone(mute = false): boolean {
    this.local.setMicrophoneMuted(mute);
    return true;
  }

  /** Sets the volume of the captured audio of a local stream: 100 is its own, at most 200. */
  setCaptureVolume(localStream: LocalStreamLike, volume: number): Promise<ZegoServerResponse> {
    return answer(() => {
      const stream = this.local.require(localStream);
      const ratio = toVolume(volume, 200);
      if (ratio === undefined) throw refusal(CODES.badPublishParameter, 'the volume is a number from 0 to 200');
      if (!stream.captured('audio')) throw refusal(CODES.noAudioInStream, 'the stream has no audio');
      if (!stream.setCaptureVolume(ratio)) throw refusal(CODES.captureFailed, 'this browser has no Web Audio');
    });
  }

  /**
   * Mixes the sound of playing media elements into a local stream, named by itself or by the id it is published under. Returns
   * false if the browser cannot capture an element.
   *
   * @example
   * const music = document.querySelector('audio');
   * zg.startMixingAudio('ann-main', [music]);
   * zg.setMixingAudioVolume('ann-main', 30, music);
   */
  startMixingAudio(streamID: string | LocalStreamLike, mediaList: HTMLMediaElement[]): boolean {
    const isRight = Array.isArray(mediaList) && mediaList.length > 0 && mediaList.every(isMediaElement);
    return isRight && (this.#findLocal(streamID)?.mix(mediaList) ?? false);
  }

  /** Removes media elements, or all, from the sound of a local stream; returns false if one is not in it. */
  stopMixingAudio(streamID: string | LocalStreamLike, mediaList?: HTMLMediaElement[]): boolean {
    if (mediaList !== undefined && !Array.isArray(mediaList)) return false;
    return this.#findLocal(streamID)?.unmix(mediaList?.length ? mediaList : undefined) ?? false;
  }

  /** Sets the volume of a media element in the mix, from 0 to 100, its own; returns false if it is not in the mix. */
  setMixingAudioVolume(streamID: string | LocalStreamLike, volume: number, media: HTMLMediaElement): boolean {
    const ratio = toVolume(volume);
    return ratio !== undefined && (this.#findLocal(streamID)?.setMixVolume(media, ratio) ?? false);
  }

  /**
   * Reports sound levels with `soundLevelUpdate`, as the server hears the streams, and `capturedSoundLevelUpdate`, or stops;
   * `interval` is in milliseconds, 100 to 3,000. While the page is hidden it reports only with `enableInBackground`.
   */
  setSoundLevelDelegate(bool: boolean, interval = 1_000, options: { enableInBackground?: boolean } = {}): void {
    const isRight = Number.isInteger(interval) && interval >= 100 && interval <= 3_000;
    if (bool && !isRight) {
      return warn('setSoundLevelDelegate: the interval is 100 to 3,000 ms');
    }
    this.#soundLevelCall += 1;
    const call = this.#soundLevelCall;
    const useLevels = (levels: SoundLevels): void => {
      if (call !== this.#soundLevelCall || this.local.isDestroyed) return;
      if (bool) levels.start(interval, options?.enableInBackground ?? false);
      else levels.stop();
    };
    const levels = bool ? this.#loadSoundLevels() : this.#soundLevels;
    levels?.then(useLevels, (error: Error) => warn(`sound levels cannot be loaded: ${error.message}`));
  }

  /** Returns the view of a local stream. @throws ZegoServerResponse 1100001 for anything else */
  createLocalStreamView(localStream: LocalStreamLike): ZegoStreamView {
    return this.views.create(isZegoLocalStream(localStream) ? localStream.zegoStream.media : localStream);
  }

  /**
   * Returns the view of a played stream. Its size chooses the size of the picture that is received, and while it is not visible no
   * picture is received. @throws ZegoServerResponse 1100001 for anything else
   *
   * @example
   * zg.createRemoteStreamView(await zg.startPlayingStream('ann-main')).play('stage');
   */
  createRemoteStreamView(remoteStream: MediaStream): ZegoStreamView {
    return this.views.create(remoteStream, (element) => this.players.addView(remoteStream, element));
  }

  protected override destroyMedia(): void {
    this.#soundLevels?.then((levels) => levels.stop()).catch(() => {});
    this.#devices.close();
    super.destroyMedia();
  }

  protected override handleDeviceOpened(): void {
    // Now the browser tells the ids of the devices.
    this.#devices.all().catch(() => {});
  }

  protected override handleDeviceLost(stream: LocalStream, kind: Kind, track: MediaStreamTrack): void {
    super.handleDeviceLost(stream, kind, track);
    const isWanted = kind === 'audio' ? this.#autoSwitch.microphone : this.#autoSwitch.camera;
    if (isWanted) void answer(() => this.#switchDevice(stream, kind));
  }

  /** Loads the module at its first use: many pages show no levels. */
  #loadSoundLevels(): Promise<SoundLevels> {
    this.#soundLevels ??= import('./sound-levels.ts').then(
      ({ SoundLevels }) =>
        new SoundLevels({
          clock: this.platform.clock,
          media: this.platform.media,
          emit: (event, ...args) => this.emit(event, ...args),
          sessions: () => this.findSessions(),
          published: () => this.publishers.publishing(),
          played: () => this.players.playing(),
          captured: () => this.local.all(),
          audioContext: () => this.local.audioContext(),
        }),
    );
    return this.#soundLevels;
  }

  /** Switches to the first device that is left. */
  async #switchDevice(stream: LocalStream, kind: Kind): Promise<void> {
    const { microphones, cameras } = await this.#devices.all();
    const [device] = kind === 'audio' ? microphones : cameras;
    if (device) await stream.recapture(kind, { deviceId: { exact: device.deviceID } });
  }

  #useDevice(localStream: LocalStreamLike, kind: Kind, deviceID: string): Promise<ZegoServerResponse> {
    return answer(() => {
      const stream = this.local.require(localStream);
      if (typeof deviceID !== 'string' || deviceID === '') throw refusal(CODES.badPublishParameter, 'no device id');
      return stream.recapture(kind, { deviceId: { exact: deviceID } });
    });
  }

  #findLocal(streamID: string | LocalStreamLike): LocalStream | undefined {
    const stream = typeof streamID === 'string' ? this.publishers.sourceOf(streamID) : streamID;
    try {
      return stream && this.local.require(stream);
    } catch {
      return undefined;
    }
  }
}
