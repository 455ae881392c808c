/**
 * Plays a stream in an audio or video element.
 *
 * @module
 */

import { Emitter } from '../../core/emitter.ts';
import { CODES, refusal } from '../errors.ts';
import { warn } from '../warnings.ts';

/** How a view shows a stream. */
export interface ZegoLocalViewOptions {
  /** Default false. */
  readonly mirror?: boolean;
  /** Default `contain`. */
  readonly objectFit?: 'cover' | 'contain' | 'fill';
  /** Whether a button offers to start what the browser refuses to play unasked; default true. */
  readonly enableAutoplayDialog?: boolean;
  /** Not supported with false: the element goes with its stream. */
  readonly clearLastFrame?: boolean;
}

/** How a `ZegoStreamView` plays a stream. */
export interface ZegoStreamViewOptions extends ZegoLocalViewOptions {
  /** Default: true for local streams, false for remote ones. */
  readonly muted?: boolean;
}

/** What a snapshot is saved as. */
export interface ZegoSnapshotOptions {
  /** `png` (the default) or `jpeg`. */
  readonly imageType?: string;
  /** From 0 to 1, of a JPEG. */
  readonly quality?: number;
  /** Whether the browser saves it as a file. */
  readonly save?: boolean;
  /** The file's name; default `snapshot`. */
  readonly fileName?: string;
}

/** The events of a player. */
export interface MediaPlayerEvents {
  /** There is enough media to play. */
  canPlay: [event: Event];
  /** The browser refuses to play before the user touches the page. */
  autoplayFailed: [element: HTMLMediaElement, error: unknown];
  closed: [];
}

/** Plays one stream in one element until it is closed. The element follows the tracks of the stream. */
export class MediaPlayer extends Emitter<MediaPlayerEvents> {
  readonly element: HTMLVideoElement | HTMLAudioElement;
  readonly #document: Document;
  #offersPlayback = true;
  #removeButton: (() => void) | undefined;
  #isRefused = false;
  #isClosed = false;

  constructor(document: Document, kind: 'audio' | 'video', stream: MediaStream) {
    super();
    this.#document = document;
    this.element = document.createElement(kind);
    this.element.autoplay = true;
    this.element.srcObject = stream;
    this.element.addEventListener('canplay', (event) => this.emit('canPlay', event));
  }

  /** Shows the element in a container, if one is given, and plays it. */
  play(container: HTMLElement | undefined, options: ZegoStreamViewOptions = {}): void {
    const { element } = this;
    const { mirror = false, objectFit = 'contain', enableAutoplayDialog = true, muted = false } = options;
    if (options.clearLastFrame === false) warn('the view option clearLastFrame: false is not supported');
    this.#offersPlayback = enableAutoplayDialog;
    element.muted = muted;
    if (container && 'playsInline' in element) {
      element.playsInline = true;
      Object.assign(element.style, { width: '100%', height: '100%', objectFit, transform: mirror ? 'scaleX(-1)' : '' });
      container.append(element);
    }
    void this.resume();
  }

  /** Plays again what the browser refused; to be called while the user touches the page. */
  async resume(): Promise<void> {
    try {
      await this.element.play();
      this.#isRefused = false;
      this.#removeButton?.();
    } catch (error) {
      // A player that is closed, or whose stream changes, interrupts `play` with other errors.
      if (this.#isClosed || (error as Error).name !== 'NotAllowedError') return;
      this.#isRefused = true;
      this.emit('autoplayFailed', this.element, error);
      // Without the button, a page that is offline can still call `resume`.
      if (this.#offersPlayback) this.#offerPlayback().catch(() => {});
    }
  }

  async #offerPlayback(): Promise<void> {
    const { offerPlayback } = await import('./playback-button.ts');
    if (this.#isRefused && !this.#isClosed) {
      this.#removeButton ??= offerPlayback(this.#document, () => void this.resume());
    }
  }

  /** Selects the speaker. @throws ZegoServerResponse 1103093 if the browser cannot or the device is not there */
  async setSpeaker(deviceId: string): Promise<void> {
    await setSpeaker(this.element, deviceId);
  }

  /** Stops and removes the element. */
  close(): void {
    this.#isClosed = true;
    this.#removeButton?.();
    this.element.pause();
    this.element.srcObject = null;
    this.element.remove();
    this.emit('closed');
  }
}

/** Selects the speaker of a media element. @throws ZegoServerResponse 1103093 */
export async function setSpeaker(element: HTMLMediaElement, deviceId: string): Promise<void> {
  const { setSinkId } = element as { setSinkId?: (deviceId: string) => Promise<void> };
  try {
    if (!setSinkId) throw new Error('this browser cannot select a speaker');
    await setSinkId.call(element, deviceId);
  } catch (error) {
    throw refusal(CODES.audioOutputFailed, (error as Error).message);
  }
}

/** Returns the shown frame as a data URL, or an empty text if nothing is shown. */
export function takeSnapshot(
  document: Document,
  element: HTMLMediaElement | undefined,
  { imageType = 'png', quality = 1, save = false, fileName = 'snapshot' }: ZegoSnapshotOptions = {},
): string {
  const video = element as HTMLVideoElement | undefined;
  if (!video?.videoWidth) return '';
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  const type = imageType === 'jpeg' ? 'jpeg' : 'png';
  const url = canvas.toDataURL(`image/${type}`, quality);
  if (save) Object.assign(document.createElement('a'), { href: url, download: `${fileName}.${type}` }).click();
  return url;
}

/** Returns the element of a container or of its id; warns and returns undefined if there is none. */
export function findContainer(document: Document, container: unknown): HTMLElement | undefined {
  const element = typeof container === 'string' ? document.getElementById(container) : container;
  if (typeof element === 'object' && element !== null && 'append' in element) return element as HTMLElement;
  warn('a view needs an element of the page, or the id of one');
  return undefined;
}

/** Returns a volume of 0 to 100 as 0 to 1; undefined for anything else. */
export function toVolume(volume: unknown, most = 100): number | undefined {
  return typeof volume === 'number' && volume >= 0 && volume <= most ? volume / 100 : undefined;
}
