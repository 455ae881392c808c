/**
 * `ZegoStreamView`: shows a local or remote stream in an element of the page (reference zego 4.3).
 *
 * @module
 */

import { Emitter } from '../../core/emitter.ts';
import {
  findContainer,
  MediaPlayer,
  takeSnapshot,
  toVolume,
  type ZegoSnapshotOptions,
  type ZegoStreamViewOptions,
} from './media-player.ts';

/** The events of a view. */
export interface ZegoStreamViewEvents {
  /** The browser refuses to play before the user touches the page; call `resume` when the user does. */
  autoplayFailed: [];
  canPlayVideo: [];
  canPlayAudio: [];
}

/** Adds an element that shows a played stream; returns a function that removes it. Undefined for a local stream. */
export type AddView = (element: HTMLVideoElement) => () => void;

/**
 * Shows one stream.
 *
 * @example
 * const view = zg.createRemoteStreamView(await zg.startPlayingStream('ann-main'));
 * view.play('stage', { objectFit: 'cover' });
 */
export class ZegoStreamView extends Emitter<ZegoStreamViewEvents> {
  readonly #document: Document;
  readonly #stream: MediaStream;
  readonly #addView: AddView | undefined;
  #video: MediaPlayer | undefined;
  #audio: MediaPlayer | undefined;
  #volume = 1;
  #speaker: string | undefined;

  /** Called by `createLocalStreamView` and `createRemoteStreamView`. */
  constructor(document: Document, stream: MediaStream, addView: AddView | undefined) {
    super();
    this.#document = document;
    this.#stream = stream;
    this.#addView = addView;
  }

  /** Plays video and audio in an element of the page or the element with this id; a local stream is muted by default. */
  play(container: string | HTMLElement, options: ZegoStreamViewOptions = {}): void {
    const element = findContainer(this.#document, container);
    if (!element) return;
    this.stop();
    this.#video = this.#start('video', element, { muted: !this.#addView, ...options });
  }

  /** Stops playing and removes the elements. */
  stop(): void {
    this.stopVideo();
    this.stopAudio();
  }

  /** Plays only the video, in an element of the page or the element with this id. */
  playVideo(container: string | HTMLElement, options: ZegoStreamViewOptions = {}): void {
    const element = findContainer(this.#document, container);
    if (!element) return;
    this.stopVideo();
    this.#video = this.#start('video', element, { ...options, muted: true });
  }

  /** Stops playing what `play` or `playVideo` plays. */
  stopVideo(): void {
    this.#video?.close();
    this.#video = undefined;
  }

  /** Plays only the audio. */
  playAudio(options: ZegoStreamViewOptions = {}): void {
    this.stopAudio();
    this.#audio = this.#start('audio', undefined, options);
  }

  /** Stops playing what `playAudio` plays. */
  stopAudio(): void {
    this.#audio?.close();
    this.#audio = undefined;
  }

  /** Plays again what the browser refused; to be called while the user touches the page. */
  resume(): void {
    for (const player of this.#players()) void player.resume();
  }

  /** Mutes or unmutes the sound here; returns false if nothing is played. */
  setAudioMuted(muted: boolean): boolean {
    const player = this.#audio ?? this.#video;
    if (player) player.element.muted = muted;
    return player !== undefined;
  }

  /** Hides or shows the video here; returns false if none is played. */
  setVideoMuted(muted: boolean): boolean {
    if (this.#video) this.#video.element.style.visibility = muted ? 'hidden' : '';
    return this.#video !== undefined;
  }

  /** Selects the speaker. @throws ZegoServerResponse 1103093 if the browser cannot or the device is not there */
  async useAudioOutputDevice(deviceID: string): Promise<void> {
    this.#speaker = deviceID;
    await Promise.all(this.#players().map((player) => player.setSpeaker(deviceID)));
  }

  /** Sets the volume, from 0 to 100; returns false for any other. */
  setVolume(volume: number): boolean {
    const ratio = toVolume(volume);
    if (ratio === undefined) return false;
    this.#volume = ratio;
    for (const { element } of this.#players()) element.volume = ratio;
    return true;
  }

  /** The height of the video in pixels; 0 if none is shown. */
  getVideoHeight(): number {
    return this.#videoElement()?.videoHeight ?? 0;
  }

  /** The width of the video in pixels; 0 if none is shown. */
  getVideoWidth(): number {
    return this.#videoElement()?.videoWidth ?? 0;
  }

  /** Returns the shown frame as a data URL, or an empty text if nothing is shown. */
  takeStreamSnapshot(option: ZegoSnapshotOptions = {}): string {
    return takeSnapshot(this.#document, this.#video?.element, option);
  }

  #videoElement(): HTMLVideoElement | undefined {
    return this.#video?.element as HTMLVideoElement | undefined;
  }

  #players(): MediaPlayer[] {
    return [this.#video, this.#audio].filter((player) => player !== undefined);
  }

  #start(kind: 'audio' | 'video', container: HTMLElement | undefined, options: ZegoStreamViewOptions): MediaPlayer {
    const player = new MediaPlayer(this.#document, kind, this.#stream);
    player.on('canPlay', () => this.emit(kind === 'video' ? 'canPlayVideo' : 'canPlayAudio'));
    player.on('autoplayFailed', () => this.emit('autoplayFailed'));
    if (kind === 'video') player.on('closed', this.#addView?.(player.element as HTMLVideoElement) ?? (() => {}));
    player.element.volume = this.#volume;
    // A speaker that is not there any more leaves the default one.
    if (this.#speaker !== undefined) player.setSpeaker(this.#speaker).catch(() => {});
    player.play(container, { ...options });
    return player;
  }
}
