/**
 * The height in which a video is shown: what the page's elements need of it.
 *
 * @module
 */

import type { Clock } from '../platform.ts';

/** Changes of the page within this time are one change. */
const SETTLE_MS = 200;

/** Heights are multiples of this, so that a window that is being resized causes few changes. */
const STEP_PX = 20;

interface View {
  isIntersecting: boolean;
  wasInPage: boolean;
  /** Stops watching the element. */
  readonly stop: () => void;
}

/** Measures the elements that show one video. */
export class ShownHeight {
  readonly #clock: Clock;
  readonly #changed: (height: number | undefined) => void;
  readonly #views = new Map<HTMLVideoElement, View>();
  #height: number | undefined;
  #timer: unknown;

  /**
   * `changed` gets the height of the largest view in pixels of the screen; 0 if none is visible; undefined if there is none, or if
   * the size of one is not known because it was never in the page.
   */
  constructor(clock: Clock, changed: (height: number | undefined) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Adds an element that shows the video. */
  add(element: HTMLVideoElement): void {
    if (this.#views.has(element)) return;
    const view: View = {
      isIntersecting: true,
      wasInPage: false,
      stop: watch(element, (isIntersecting = view.isIntersecting) => {
        view.isIntersecting = isIntersecting;
        this.#schedule();
      }),
    };
    this.#views.set(element, view);
    this.#schedule();
  }

  /** Removes an element. */
  remove(element: HTMLVideoElement): void {
    this.#views.get(element)?.stop();
    if (this.#views.delete(element)) this.#schedule();
  }

  /** Removes all elements, without a further change. */
  close(): void {
    for (const { stop } of this.#views.values()) stop();
    this.#views.clear();
    this.#clock.clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      const height = this.#measure();
      if (height === this.#height) return;
      this.#height = height;
      this.#changed(height);
    }, SETTLE_MS);
  }

  #measure(): number | undefined {
    if (this.#views.size === 0) return undefined;
    const heights = [...this.#views].map(([element, view]) => {
      view.wasInPage ||= element.isConnected;
      return view.wasInPage ? measure(element, view.isIntersecting) : Number.POSITIVE_INFINITY;
    });
    const largest = Math.max(...heights);
    return Number.isFinite(largest) ? largest : undefined;
  }
}

/** Watches an element; the callback gets whether it is in the visible part of the page, if that has changed. */
function watch(element: HTMLVideoElement, changed: (isIntersecting?: boolean) => void): () => void {
  const { ownerDocument } = element;
  const { defaultView: window } = ownerDocument;
  const handle = () => changed();
  const sizes = window && new window.ResizeObserver(handle);
  const places = window && new window.IntersectionObserver((entries) => changed(entries.at(-1)?.isIntersecting));
  sizes?.observe(element);
  places?.observe(element);
  const events = ['resize', 'enterpictureinpicture', 'leavepictureinpicture'];
  for (const event of events) element.addEventListener(event, handle);
  ownerDocument.addEventListener('visibilitychange', handle);
  return () => {
    sizes?.disconnect();
    places?.disconnect();
    for (const event of events) element.removeEventListener(event, handle);
    ownerDocument.removeEventListener('visibilitychange', handle);
  };
}

/**
 * Returns the height of the picture in an element, in pixels of the screen; 0 if it is not visible. An element without any picture yet
 * needs a small one: a page may show it only then.
 */
function measure(element: HTMLVideoElement, isIntersecting: boolean): number {
  const { ownerDocument: page, clientWidth, clientHeight, videoWidth, videoHeight } = element;
  const isInWindow = page.pictureInPictureElement === element;
  const isVisible = element.isConnected && isIntersecting && !page.hidden && clientWidth * clientHeight > 0;
  if (!isVisible && !isInWindow) return videoWidth > 0 ? 0 : STEP_PX;
  const { defaultView: window } = page;
  // The picture keeps its proportions: it is as high as its width in the element makes it.
  const scaled = videoWidth > 0 ? (clientWidth * videoHeight) / videoWidth : clientHeight;
  const isCropped = window?.getComputedStyle(element).objectFit === 'cover';
  const height = isCropped ? Math.max(clientHeight, scaled) : Math.min(clientHeight, scaled);
  const steps = Math.round((height * (window?.devicePixelRatio ?? 1)) / STEP_PX);
  return Math.max(1, steps) * STEP_PX;
}
