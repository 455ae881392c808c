/**
 * Page elements that show one video, whichever track it has at the moment.
 *
 * @module
 */

import type { MediaPlatform } from '../core/media/media-platform.ts';
import type { Playback } from '../core/media/playback.ts';
import { CODES, RealtimeKitError } from './errors.ts';

/** The members of an element that this module uses. */
type Screen = Pick<HTMLVideoElement, 'srcObject' | 'muted' | 'playsInline' | 'autoplay' | 'play'> & {
  readonly style?: { display: string };
};

/** The elements that show one video. */
export class VideoElements {
  readonly #media: MediaPlatform | undefined;
  /** Each element, with the function that removes it from the views of the playback. */
  readonly #elements = new Map<Screen, () => void>();
  #playback: Playback | undefined;
  #track: MediaStreamTrack | undefined;

  constructor(media: MediaPlatform | undefined) {
    this.#media = media;
  }

  /**
   * Shows the video in an element, now and after every change. Does nothing without one: the vendor's UI kit also passes what it
   * has removed from the page.
   *
   * @throws RealtimeKitError `1100` if it is not an element
   */
  register(element: HTMLVideoElement | null | undefined): void {
    if (element === null || element === undefined) return;
    if (typeof element !== 'object' || !('srcObject' in element)) {
      throw new RealtimeKitError(CODES.badElement, 'a video element is required');
    }
    this.#elements.get(element)?.();
    this.#elements.set(element, this.#addView(element));
    this.#show(element);
  }

  /** Clears an element; does nothing without one, and for one that is not registered. */
  deregister(element: HTMLVideoElement | null | undefined): void {
    if (!element) return;
    this.#elements.get(element)?.();
    if (this.#elements.delete(element)) element.srcObject = null;
  }

  /** Shows the video of another playback, whose layer is then chosen by the size of the elements. */
  setPlayback(playback: Playback | undefined): void {
    if (playback === this.#playback) return;
    this.#playback = playback;
    for (const [element, removeView] of this.#elements) {
      removeView();
      this.#elements.set(element, this.#addView(element));
    }
  }

  /** Shows another track, or nothing. */
  setTrack(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.#track = track;
    for (const element of this.#elements.keys()) this.#show(element);
  }

  #addView(element: Screen): () => void {
    return this.#playback?.addView(element as HTMLVideoElement) ?? (() => {});
  }

  #show(element: Screen): void {
    // A page shows something else in the place of an element without a video.
    if (element.style) element.style.display = this.#track ? 'block' : 'none';
    if (!this.#track || !this.#media) {
      element.srcObject = null;
      return;
    }
    element.autoplay = true;
    element.playsInline = true;
    // There is no sound in it, and browsers start muted videos without a click.
    element.muted = true;
    element.srcObject = this.#media.createMediaStream([this.#track]);
    // Rejects if the element shows something else before it starts.
    element.play().catch(() => {});
  }
}
