/**
 * `ZegoLocalStream`: a local stream that captures, switches sources and shows itself (reference zego 4.3).
 *
 * @module
 */

import { Emitter } from '../../core/emitter.ts';
import type { MediaPlatform } from '../../core/media/media-platform.ts';
import { CODES, toCaptureError } from '../errors.ts';
import type { ZegoServerResponse } from '../types.ts';
import {
  findContainer,
  MediaPlayer,
  takeSnapshot,
  toVolume,
  type ZegoLocalViewOptions,
  type ZegoSnapshotOptions,
  type ZegoStreamViewOptions,
} from '../views/media-player.ts';
import { warn } from '../warnings.ts';
import { bitrateOf, type StreamPlan } from './capture-plan.ts';
import type { Kind } from './feed-opener.ts';
import type { LocalStream } from './local-stream.ts';
import type {
  ZegoCaptureCamera,
  ZegoCaptureMicrophone,
  ZegoCaptureScreenAudio,
  ZegoCaptureScreenVideo,
  ZegoCustomAudio,
  ZegoCustomVideo,
  ZegoStreamOptions,
} from './stream-types.ts';
import { planCustomSources, planDevices, planScreens } from './zego-plan.ts';

/** How a `ZegoLocalStream` plays its audio. */
export type ZegoLocalAudioOptions = Pick<ZegoLocalViewOptions, 'enableAutoplayDialog'>;

/** The events of a `ZegoLocalStream`. */
export interface ZegoLocalStreamEvents {
  /** The browser refuses to play before the user touches the page; call `resumeVideo` or `resumeAudio` when the user does. */
  autoplayFailed: [player: HTMLMediaElement, error?: unknown];
  /** The same for `playCaptureVideo` and `playCaptureAudio`. */
  autoplayCaptureFailed: [player: HTMLMediaElement, error?: unknown];
  canPlayVideo: [event: Event];
  canPlayAudio: [event: Event];
  canPlayCaptureVideo: [event: Event];
  canPlayCaptureAudio: [event: Event];
  /** Another track is sent, or would be if the stream were published. */
  videoTrackChanged: [videoTrack: MediaStreamTrack];
  audioTrackChanged: [audioTrack: MediaStreamTrack];
  /** Another track is captured; a published stream sends it only after `updatePublishingStream`. */
  captureVideoTrackChanged: [videoTrack: MediaStreamTrack];
  captureAudioTrackChanged: [audioTrack: MediaStreamTrack];
}

type Shown = 'video' | 'audio' | 'captureVideo' | 'captureAudio';

/**
 * A local stream of `createZegoStream`. Its `startCapture…` calls resolve with an `errorCode`, 0 for success.
 *
 * @example
 * const stream = await zg.createZegoStream({ camera: { video: { quality: 3 }, audio: true } });
 * stream.playVideo(document.querySelector('#preview'), { mirror: true });
 * zg.startPublishingStream('ann-main', stream);
 */
export class ZegoLocalStream extends Emitter<ZegoLocalStreamEvents> {
  /** What the engine knows of the stream; not for applications. */
  readonly zegoStream: LocalStream;
  readonly #media: MediaPlatform;
  readonly #options: ZegoStreamOptions;
  readonly #players: Record<Shown, MediaPlayer[]> = { video: [], audio: [], captureVideo: [], captureAudio: [] };
  #volume = 1;

  /** Called by `createZegoStream`. */
  constructor(stream: LocalStream, media: MediaPlatform, options: ZegoStreamOptions) {
    super();
    this.zegoStream = stream;
    this.#media = media;
    this.#options = options;
    stream.on('trackChanged', (kind, track) => {
      this.emit(kind === 'video' ? 'videoTrackChanged' : 'audioTrackChanged', track);
    });
    stream.on('captured', (kind, track) => {
      this.emit(kind === 'video' ? 'captureVideoTrackChanged' : 'captureAudioTrackChanged', track);
    });
    stream.on('destroyed', () => {
      for (const shown of ['video', 'audio', 'captureVideo', 'captureAudio'] as const) this.#stop(shown);
    });
  }

  /** What is published, or would be; null before anything is captured. */
  get stream(): MediaStream | null {
    return this.getTracks().length > 0 ? this.zegoStream.media : null;
  }

  /** What was captured last; null before anything is captured. */
  get videoCaptureStream(): MediaStream | null {
    return this.zegoStream.captured('video') ? this.zegoStream.preview('video') : null;
  }

  /** The same for audio. */
  get audioCaptureStream(): MediaStream | null {
    return this.zegoStream.captured('audio') ? this.zegoStream.preview('audio') : null;
  }

  /** The id of the stream that is published. */
  get id(): string {
    return this.zegoStream.media.id;
  }

  /** Whether a track is live. */
  get active(): boolean {
    return this.getTracks().some(({ readyState }) => readyState === 'live');
  }

  /** The device id of the camera; empty without one. */
  get videoDeviceId(): string {
    return this.#settings('video').deviceId ?? '';
  }

  /** The device id of the microphone; empty without one. */
  get audioDeviceId(): string {
    return this.#settings('audio').deviceId ?? '';
  }

  /** The audio tracks that are sent. */
  getAudioTracks(): MediaStreamTrack[] {
    return this.zegoStream.media.getAudioTracks();
  }

  /** The video tracks that are sent. */
  getVideoTracks(): MediaStreamTrack[] {
    return this.zegoStream.media.getVideoTracks();
  }

  /** The tracks that are sent. */
  getTracks(): MediaStreamTrack[] {
    return this.zegoStream.media.getTracks();
  }

  /** Captures a microphone. A published stream sends it only after `updatePublishingStream`, as after every capture. */
  startCaptureMicrophone(options: ZegoCaptureMicrophone = {}): Promise<ZegoServerResponse> {
    return this.#capture(() => planDevices(false, options));
  }

  /** Captures a camera. */
  startCaptureCamera(options: ZegoCaptureCamera = {}): Promise<ZegoServerResponse> {
    return this.#capture(
      () => planDevices(options, false),
      () => bitrateOf('camera', options.quality),
    );
  }

  /** Captures camera and microphone with one question to the user. */
  startCaptureCameraAndMicrophone(
    cameraOptions: ZegoCaptureCamera = {},
    microphoneOptions: ZegoCaptureMicrophone = {},
  ): Promise<ZegoServerResponse> {
    return this.#capture(
      () => planDevices(cameraOptions, microphoneOptions),
      () => bitrateOf('camera', cameraOptions.quality),
    );
  }

  /** Takes audio of the application's own. */
  startCaptureCustomAudio(options: ZegoCustomAudio): Promise<ZegoServerResponse> {
    return this.#capture(() => planCustomSources(undefined, options));
  }

  /** Takes video of the application's own. */
  startCaptureCustomVideo(options: ZegoCustomVideo): Promise<ZegoServerResponse> {
    return this.#capture(() => planCustomSources(options, undefined));
  }

  /** Takes video and audio of the application's own. */
  startCaptureCustomVideoAndAudio(
    videoOptions: ZegoCustomVideo,
    audioOptions: ZegoCustomAudio,
  ): Promise<ZegoServerResponse> {
    return this.#capture(() => planCustomSources(videoOptions, audioOptions));
  }

  /** Captures a screen, a window or a tab, as the user chooses. */
  startCaptureScreen(options: ZegoCaptureScreenVideo = {}): Promise<ZegoServerResponse> {
    return this.#capture(
      () => planScreens(options, false),
      () => bitrateOf('screen', options.quality),
      true,
    );
  }

  /** The same with the audio of the screen, where the browser and the user allow it. */
  startCaptureScreenWithAudio(
    screenVideoOptions: ZegoCaptureScreenVideo = {},
    screenAudioOptions: ZegoCaptureScreenAudio = {},
  ): Promise<ZegoServerResponse> {
    const plan = () => planScreens(screenVideoOptions, screenAudioOptions);
    return this.#capture(plan, () => bitrateOf('screen', screenVideoOptions.quality), true);
  }

  /** Stops capturing and sending audio; resolves with false if there is none. */
  async stopCaptureAudio(): Promise<boolean> {
    this.stopPlayCaptureAudio();
    return this.zegoStream.stop('audio');
  }

  /** Stops capturing and sending video; resolves with false if there is none. */
  async stopCaptureVideo(): Promise<boolean> {
    this.stopPlayCaptureVideo();
    return this.zegoStream.stop('video');
  }

  /** Shows the video that is sent in an element of the page; a second call moves it there. */
  playVideo(view: HTMLElement, config: ZegoLocalViewOptions = {}): void {
    this.#show('video', view ?? this.#options.view, config);
  }

  /** Shows the video that was captured last in an element of the page. */
  playCaptureVideo(view: HTMLElement, config: ZegoLocalViewOptions = {}): void {
    this.#show('captureVideo', view ?? this.#options.captureView, config);
  }

  /** Plays the audio that is sent. */
  playAudio(config: ZegoLocalAudioOptions = {}): void {
    this.#start('audio', undefined, config);
  }

  /** Plays the audio that was captured last. */
  playCaptureAudio(config: ZegoLocalAudioOptions = {}): void {
    this.#start('captureAudio', undefined, config);
  }

  /** Stops `playVideo`. */
  stopVideo(): void {
    this.#stop('video');
  }

  /** Stops `playAudio`. */
  stopAudio(): void {
    this.#stop('audio');
  }

  /** Stops every `playCaptureVideo`. */
  stopPlayCaptureVideo(): void {
    this.#stop('captureVideo');
  }

  /** Stops `playCaptureAudio`. */
  stopPlayCaptureAudio(): void {
    this.#stop('captureAudio');
  }

  /** Plays video again that the browser refused; to be called while the user touches the page. */
  async resumeVideo(): Promise<void> {
    await this.#resume('video', 'captureVideo');
  }

  /** Plays audio again that the browser refused; to be called while the user touches the page. */
  async resumeAudio(): Promise<void> {
    await this.#resume('audio', 'captureAudio');
  }

  /** Sets the volume at which the audio is played here, from 0 to 100; returns false for any other. */
  setVolume(volume: number): boolean {
    const ratio = toVolume(volume);
    if (ratio === undefined) return false;
    this.#volume = ratio;
    for (const { element } of [...this.#players.audio, ...this.#players.captureAudio]) element.volume = ratio;
    return true;
  }

  /** Selects the speaker. @throws ZegoServerResponse 1103093 if the browser cannot or the device is not there */
  async useAudioOutputDevice(deviceID: string): Promise<void> {
    const players = [...this.#players.audio, ...this.#players.captureAudio];
    await Promise.all(players.map((player) => player.setSpeaker(deviceID)));
  }

  /** Returns the frame that `playVideo` shows as a data URL, or an empty text if it shows nothing. */
  takeStreamSnapshot(option: ZegoSnapshotOptions = {}): string {
    const { document } = this.#media;
    return document ? takeSnapshot(document, this.#players.video[0]?.element, option) : '';
  }

  /** Returns what of a screen is shared: `browser` (a tab), `window`, `monitor`, or `unknown`. */
  getScreenDisplaySurface(): string {
    return this.#settings('video').displaySurface ?? 'unknown';
  }

  async #capture(
    plan: () => StreamPlan,
    findKbps: () => number | undefined = () => undefined,
    isScreen = false,
  ): Promise<ZegoServerResponse> {
    try {
      await this.zegoStream.capture(plan());
      const maxVideoKbps = findKbps();
      // The bitrate of the options holds for every quality.
      if (maxVideoKbps !== undefined && this.#options.videoBitrate === undefined) {
        await this.zegoStream.setEncoding({ maxVideoKbps });
      }
      return { errorCode: CODES.ok };
    } catch (error) {
      return toCaptureError(error, isScreen);
    }
  }

  #settings(kind: Kind): MediaTrackSettings {
    return this.zegoStream.captured(kind)?.getSettings() ?? {};
  }

  #show(shown: 'video' | 'captureVideo', view: unknown, config: ZegoLocalViewOptions): void {
    const { document } = this.#media;
    const container = document && findContainer(document, view);
    if (container) this.#start(shown, container, { ...config, muted: true });
  }

  #start(shown: Shown, container: HTMLElement | undefined, options: ZegoStreamViewOptions): void {
    const { document } = this.#media;
    if (!document || this.zegoStream.isDestroyed) return warn('a destroyed stream cannot be played');
    const isMany = shown === 'captureVideo' && this.#options.multiplacePreview;
    if (!isMany) this.#stop(shown);
    const kind = shown === 'video' || shown === 'captureVideo' ? 'video' : 'audio';
    const isCapture = shown === 'captureVideo' || shown === 'captureAudio';
    const player = new MediaPlayer(document, kind, isCapture ? this.zegoStream.preview(kind) : this.zegoStream.media);
    this.#players[shown].push(player);
    player.on('canPlay', (event) => this.emit(CAN_PLAY[shown], event));
    player.on('autoplayFailed', (element, error) => {
      this.emit(isCapture ? 'autoplayCaptureFailed' : 'autoplayFailed', element, error);
    });
    if (kind === 'audio') player.element.volume = this.#volume;
    player.play(container, { ...options });
  }

  #stop(shown: Shown): void {
    for (const player of this.#players[shown].splice(0)) player.close();
  }

  async #resume(...shown: Shown[]): Promise<void> {
    await Promise.all(shown.flatMap((one) => this.#players[one]).map((player) => player.resume()));
  }
}

const CAN_PLAY = {
  video: 'canPlayVideo',
  audio: 'canPlayAudio',
  captureVideo: 'canPlayCaptureVideo',
  captureAudio: 'canPlayCaptureAudio',
} as const satisfies Record<Shown, keyof ZegoLocalStreamEvents>;
