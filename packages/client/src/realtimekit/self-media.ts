/**
 * The own microphone, camera and screen, with their devices (reference realtimekit 8.2).
 *
 * @module
 */

import { DeviceList, type DeviceListUpdate } from '../core/media/device-list.ts';
import type { MediaPlatform } from '../core/media/media-platform.ts';
import { AudioPlayback } from './audio-playback.ts';
import type { AudioMiddleware } from './audio-processing.ts';
import type { MediaConfiguration, VideoQualityConstraints } from './capture-settings.ts';
import type { LeaveState } from './causes.ts';
import { asDeclared } from './declared.ts';
import { CODES, RealtimeKitError } from './errors.ts';
import { EventEmitter } from './event-emitter.ts';
import { type CaptureKind, findLossReason, type MediaPermission, type MediaPermissions } from './media-permissions.ts';
import type { MediaScore } from './media-score.ts';
import type { MiddlewareResult } from './middlewares.ts';
import { type Kind, OwnMedia } from './own-media.ts';
import { OwnScreen, type ScreenShareState, type ScreenShareTracks } from './own-screen.ts';
import type { AudioState, VideoState } from './participant.ts';
import type { Self } from './self.ts';
import { VideoElements } from './video-elements.ts';
import type { VideoMiddleware, VideoMiddlewareGlobalConfig } from './video-processing.ts';

/** The events of the own user. */
export interface SelfEvents {
  /** The room was joined; `reconnected` after a lost connection. */
  roomJoined: [event: { readonly reconnected: boolean }];
  /** The participant is on the waiting list; `roomJoined` or `roomLeft` follows. */
  waitlisted: [];
  /** The room was left permanently. */
  roomLeft: [event: { readonly state: LeaveState }];
  audioUpdate: [state: AudioState];
  videoUpdate: [state: VideoState];
  /** Screen sharing started or ended, whoever ended it. */
  screenShareUpdate: [state: ScreenShareState];
  /** `setDevice` selected a device. */
  deviceUpdate: [event: { readonly device: MediaDeviceInfo }];
  /** Devices were added or removed. */
  deviceListUpdate: [update: DeviceListUpdate];
  /** A device may be used now, could not be opened, or was lost: its kind is then off and can be enabled again (PRIV-2). */
  mediaPermissionUpdate: [event: { readonly message: MediaPermission; readonly kind: CaptureKind }];
  /** Follows `mediaPermissionUpdate` if a device cannot be used, with the constraints with which it was opened. */
  mediaPermissionError: [
    event: {
      readonly message: MediaPermission;
      readonly kind: CaptureKind;
      readonly constraints: MediaStreamConstraints;
    },
  ];
  /** Specific to Gavel: the server forwards none of the codecs that this browser sends for a kind (MED-8). */
  mediaUnsupported: [event: { readonly kind: 'audio' | 'video'; readonly source: 'camera' | 'screen' }];
  /** Specific to Gavel: another participant's browser supports no codec of this kind, and does not get it (MED-8). */
  viewerUnsupported: [event: { readonly kind: 'audio' | 'video'; readonly source: 'camera' | 'screen' }];
  /** The quality of what is sent changed. */
  mediaScoreUpdate: [score: MediaScore];
  /** The browser does not play audio before the user clicks: call `playAudio` from a click. */
  autoplayError: [error: Error];
  /** The own tile was hidden or shown, by `hide` or `show`. */
  toggleTile: [event: { readonly hidden: boolean }];
  /** This connection was pinned for everyone. */
  pinned: [self: Self];
  unpinned: [self: Self];
}

/** The devices in use; undefined if no list of devices is known, or none of the kind is. */
export interface CurrentDevices {
  readonly audio: MediaDeviceInfo;
  readonly video: MediaDeviceInfo;
  readonly speaker: MediaDeviceInfo;
}

const KIND_OF_DEVICE = { audio: 'audioinput', video: 'videoinput', speaker: 'audiooutput' } as const;

/** The parts that a client takes over from `initMedia`. */
export interface MediaParts {
  readonly media: OwnMedia;
  readonly screen: OwnScreen;
}

/** The own media, before and in a meeting. */
export class SelfMedia extends EventEmitter<SelfEvents> {
  /** Plays the participants' audio, if the application asks for it. */
  readonly audioPlayback: AudioPlayback;
  /** For a client that takes the media over. */
  readonly parts: MediaParts;
  /** The vendor's inside; there is none here. */
  // biome-ignore lint/suspicious/noExplicitAny: applications compile with whatever they read of it
  readonly context: any = undefined;
  protected readonly media: OwnMedia;
  protected readonly screen: OwnScreen;
  protected readonly devices = new DeviceList((update) => this.emit('deviceListUpdate', update));
  readonly #elements: VideoElements;
  #permissions: MediaPermissions = { audio: 'NOT_REQUESTED', video: 'NOT_REQUESTED', screenshare: 'NOT_REQUESTED' };
  #speakerId: string | undefined;

  constructor(platform: MediaPlatform | undefined, parts?: MediaParts) {
    super();
    this.media = parts?.media ?? new OwnMedia(platform);
    this.screen = parts?.screen ?? new OwnScreen(platform, this.media.settings);
    this.parts = { media: this.media, screen: this.screen };
    this.audioPlayback = new AudioPlayback(platform, (error) => this.emit('autoplayError', error));
    this.#elements = new VideoElements(platform);
    this.#elements.setTrack(this.media.track('video'));
    for (const kind of ['audio', 'video'] as const) {
      if (this.media.track(kind)) this.#permissions = { ...this.#permissions, [kind]: 'ACCEPTED' };
    }
    this.media.on('changed', (kind) => this.#emitUpdate(kind));
    this.media.on('lost', (kind, constraints) => void this.#handleLoss(kind, constraints));
    this.media.on('permission', (kind, message, constraints) => this.#setPermission(kind, message, constraints));
    this.media.on('unsupported', (kind) => this.emit('mediaUnsupported', { kind, source: 'camera' }));
    this.screen.on('unsupported', (kind) => this.emit('mediaUnsupported', { kind, source: 'screen' }));
    this.media.on('viewerUnsupported', (kind) => this.emit('viewerUnsupported', { kind, source: 'camera' }));
    this.screen.on('viewerUnsupported', (kind) => this.emit('viewerUnsupported', { kind, source: 'screen' }));
    this.screen.on('changed', (state) => this.emit('screenShareUpdate', state));
    this.screen.on('permission', (message, constraints) => this.#setPermission('screenshare', message, constraints));
  }

  get audioEnabled(): boolean {
    return this.media.isEnabled('audio');
  }

  get videoEnabled(): boolean {
    return this.media.isEnabled('video');
  }

  /** What is sent of the microphone; undefined until it was opened. */
  get audioTrack(): MediaStreamTrack {
    return asDeclared(this.media.track('audio'));
  }

  /** What is sent of the camera; undefined while it is off. */
  get videoTrack(): MediaStreamTrack {
    return asDeclared(this.media.track('video'));
  }

  /** The microphone's track before any middleware. */
  get rawAudioTrack(): MediaStreamTrack {
    return asDeclared(this.media.rawTrack('audio'));
  }

  /** The camera's track before any middleware. */
  get rawVideoTrack(): MediaStreamTrack {
    return asDeclared(this.media.rawTrack('video'));
  }

  get screenShareEnabled(): boolean {
    return this.screen.state.screenShareEnabled;
  }

  /** The tracks of the shared screen, with audio if the browser provides it. */
  get screenShareTracks(): ScreenShareTracks {
    return this.screen.state.screenShareTracks;
  }

  /** Whether the user permits the devices; `NOT_REQUESTED` until a device was opened. */
  get mediaPermissions(): MediaPermissions {
    return this.#permissions;
  }

  /**
   * Opens microphone and camera, like `enableAudio` and `enableVideo`.
   *
   * @throws RealtimeKitError of the first that fails; the other is opened
   */
  async init(options: InitMediaOptions = {}): Promise<void> {
    const { audio, video, constraints } = options ?? {};
    if (constraints) this.media.settings.configure(constraints);
    const openings = [...(audio === true ? [this.enableAudio()] : []), ...(video === true ? [this.enableVideo()] : [])];
    const failed = (await Promise.allSettled(openings)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Turns the microphone on, or uses the given track instead. The last call wins: if another call supersedes this one
   * before the device is open, this one resolves, and a device that the browser opens later is closed (PRIV-1).
   *
   * @throws RealtimeKitError `1101` if the preset or a host does not allow it; `1601` if the browser refuses it, `1606` without
   *   a microphone
   */
  async enableAudio(customTrack?: MediaStreamTrack): Promise<void> {
    await this.media.enable('audio', customTrack);
  }

  /** Turns the camera on, or uses the given track instead. @throws RealtimeKitError as `enableAudio`, with `1602` and `1607` */
  async enableVideo(customTrack?: MediaStreamTrack): Promise<void> {
    await this.media.enable('video', customTrack);
  }

  /** Turns the microphone off; the device stays open, so that it can be turned on again at once. */
  async disableAudio(): Promise<void> {
    await this.media.disable('audio');
  }

  /** Turns the camera and its light off. */
  async disableVideo(): Promise<void> {
    await this.media.disable('video');
  }

  /**
   * Asks the user for a screen, window or tab and shares it, with audio if the browser provides it; resolves when it is sent.
   *
   * `disableScreenShare`, the browser's own button, a host, or the end of the session ends the sharing.
   *
   * @throws RealtimeKitError `1101` if the preset or a host does not allow it, or the maximum number of screens is
   *   already shared; `1105` before the join; `1612` if the browser or its user refuses
   */
  async enableScreenShare(): Promise<void> {
    await this.screen.enable();
  }

  /** Ends screen sharing. */
  async disableScreenShare(): Promise<void> {
    this.screen.disable();
  }

  /** Returns the machine's microphones, cameras and speakers; their names are empty until the user has permitted a device. @throws RealtimeKitError `1609` */
  async getAllDevices(): Promise<InputDeviceInfo[]> {
    try {
      // The vendor declares it so; speakers have no `getCapabilities`.
      return (await this.devices.all()) as InputDeviceInfo[];
    } catch (error) {
      throw new RealtimeKitError(CODES.noDeviceList, (error as Error).message, error);
    }
  }

  /** Returns the microphones. */
  getAudioDevices(): Promise<MediaDeviceInfo[]> {
    return this.#listDevices('audioinput');
  }

  /** Returns the cameras. */
  getVideoDevices(): Promise<MediaDeviceInfo[]> {
    return this.#listDevices('videoinput');
  }

  /** Returns the speakers; empty in browsers that do not list them. */
  getSpeakerDevices(): Promise<MediaDeviceInfo[]> {
    return this.#listDevices('audiooutput');
  }

  /** Returns a device. @throws RealtimeKitError `1603` if there is none with this id */
  async getDeviceById(deviceId: string, kind: 'audio' | 'video' | 'speaker'): Promise<MediaDeviceInfo> {
    const devices = await this.#listDevices(KIND_OF_DEVICE[kind]);
    const found = devices.find((device) => device.deviceId === deviceId);
    if (!found) throw new RealtimeKitError(CODES.unknownDevice, 'there is no such device');
    return found;
  }

  /** The devices in use, or those that would be; from the list of devices as it was read last. */
  getCurrentDevices(): CurrentDevices {
    const current = (kind: Kind) => {
      const deviceId = this.media.rawTrack(kind)?.getSettings?.().deviceId ?? this.media.settings.deviceId(kind);
      return asDeclared(this.#findDevice(KIND_OF_DEVICE[kind], deviceId));
    };
    return {
      audio: current('audio'),
      video: current('video'),
      speaker: asDeclared(this.#findDevice('audiooutput', this.#speakerId)),
    };
  }

  async #listDevices(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
    return (await this.getAllDevices()).filter((device) => device.kind === kind);
  }

  /** Finds a device among those listed last; the first of the kind if no id is given. */
  #findDevice(kind: MediaDeviceKind, deviceId: string | undefined): MediaDeviceInfo | undefined {
    const isMeant = (device: MediaDeviceInfo) => deviceId === undefined || device.deviceId === deviceId;
    return this.devices.known.find((device) => device.kind === kind && isMeant(device));
  }

  /**
   * Selects a microphone, a camera or a speaker; takes effect at once if the kind is on. The speaker is that of `meeting.audio`: a
   * page that plays audio itself selects it there too, when it receives `deviceUpdate`.
   *
   * @throws RealtimeKitError `1104` without a device, `1604` if the browser refuses it
   */
  async setDevice(device: MediaDeviceInfo): Promise<void> {
    if (typeof device?.deviceId !== 'string') throw new RealtimeKitError(CODES.noDevice, 'no device is given');
    if (device.kind === 'audiooutput') {
      this.#speakerId = device.deviceId;
      this.audioPlayback.setSpeakerDevice(device.deviceId);
    } else {
      await this.media.setDevice(device.kind === 'audioinput' ? 'audio' : 'video', device.deviceId);
    }
    this.emit('deviceUpdate', { device });
  }

  /** Sets how microphone, camera and screen are captured from now on. */
  configureMedia(configuration: MediaConfiguration): void {
    this.media.settings.configure(configuration);
  }

  /** Changes the size and the rate of the camera, now and later. @throws RealtimeKitError `1602` if the camera cannot */
  async updateVideoConstraints(resolution: VideoQualityConstraints): Promise<void> {
    await this.media.constrainVideo(resolution);
  }

  /** Changes the size and the rate of the shared screen, now and later. @throws RealtimeKitError `1612` if the browser refuses */
  async updateScreenshareConstraints(resolution: VideoQualityConstraints): Promise<void> {
    await this.screen.constrain(resolution);
  }

  /** Adds a function that changes the own audio before it is sent; takes effect at once if the microphone is on. */
  async addAudioMiddleware(audioMiddleware: AudioMiddleware): Promise<MiddlewareResult> {
    return this.media.addMiddleware('audio', audioMiddleware);
  }

  /** Removes a function; the audio is sent without it at once. */
  async removeAudioMiddleware(audioMiddleware: AudioMiddleware): Promise<MiddlewareResult> {
    return this.media.removeMiddlewares('audio', audioMiddleware);
  }

  /** Removes all functions that change the own audio. */
  async removeAllAudioMiddlewares(): Promise<MiddlewareResult> {
    return this.media.removeMiddlewares('audio');
  }

  /** Adds a function that changes the own video before it is sent; takes effect at once if the camera is on. */
  async addVideoMiddleware(videoMiddleware: VideoMiddleware): Promise<MiddlewareResult> {
    return this.media.addMiddleware('video', videoMiddleware);
  }

  /** Removes a function; the video is sent without it at once. */
  async removeVideoMiddleware(videoMiddleware: VideoMiddleware): Promise<MiddlewareResult> {
    return this.media.removeMiddlewares('video', videoMiddleware);
  }

  /** Removes all functions that change the own video. */
  async removeAllVideoMiddlewares(): Promise<MiddlewareResult> {
    return this.media.removeMiddlewares('video');
  }

  /** Sets how video middlewares draw, from their next start on. */
  async setVideoMiddlewareGlobalConfig(config: VideoMiddlewareGlobalConfig = {}): Promise<void> {
    this.media.middlewares.setVideoConfig(config);
  }

  /** Shows the own video in an element of the page, now and after every change. */
  registerVideoElement(videoElement: HTMLVideoElement, _isPreview = false): void {
    this.#elements.register(videoElement);
  }

  /** Clears an element of the page; does nothing without one. */
  deregisterVideoElement(videoElement?: HTMLVideoElement, _isPreview = false): void {
    this.#elements.deregister(videoElement);
  }

  /** Plays audio that the browser has refused to play (`autoplayError`); call it from a click. */
  async playAudio(): Promise<void> {
    await this.audioPlayback.play();
  }

  #emitUpdate(kind: Kind): void {
    if (kind === 'audio') {
      this.emit('audioUpdate', { audioEnabled: this.audioEnabled, audioTrack: this.audioTrack });
    } else {
      this.#elements.setTrack(this.videoTrack);
      this.emit('videoUpdate', { videoEnabled: this.videoEnabled, videoTrack: this.videoTrack });
    }
  }

  async #handleLoss(kind: Kind, constraints: MediaStreamConstraints): Promise<void> {
    this.#setPermission(kind, await findLossReason(kind), constraints);
  }

  #setPermission(kind: CaptureKind, message: MediaPermission, constraints: MediaStreamConstraints): void {
    const isError = message !== 'ACCEPTED';
    const isChange = this.#permissions[kind] !== message;
    this.#permissions = { ...this.#permissions, [kind]: message };
    // Names of devices appear with the permission.
    if (!isError) this.devices.refresh();
    if (isError || isChange) this.emit('mediaPermissionUpdate', { message, kind });
    if (isError) this.emit('mediaPermissionError', { message, kind, constraints });
  }
}

/** What `initMedia` opens, and how. */
export interface InitMediaOptions {
  readonly audio?: boolean;
  readonly video?: boolean;
  readonly constraints?: MediaConfiguration;
}
