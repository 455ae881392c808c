/**
 * A page without a browser: elements that remember, and playback that can be refused. For tests only.
 *
 * @module
 */

import { FakeStream, FakeTrack } from './fake-stream.ts';

/** An element. A media element plays unless the page forbids it; a captured one has an audio track. */
export class FakeElement {
  readonly name: string;
  readonly style: Record<string, string> = {};
  readonly children: FakeElement[] = [];
  parent: FakeElement | undefined;
  srcObject: unknown = null;
  autoplay = false;
  playsInline = false;
  muted = false;
  volume = 1;
  textContent = '';
  videoWidth = 0;
  videoHeight = 0;
  /** The size in the layout, in pixels of the page. */
  clientWidth = 0;
  clientHeight = 0;
  width = 0;
  height = 0;
  href = '';
  download = '';
  sinkId = '';
  isPlaying = false;
  clicks = 0;
  readonly captured = new FakeStream([new FakeTrack('audio', 'element')]);
  readonly #page: FakePage;
  readonly #handlers = new Map<string, Set<(event: unknown) => void>>();

  constructor(page: FakePage | undefined, name: string) {
    // A page is its own document.
    this.#page = page ?? (this as unknown as FakePage);
    this.name = name;
  }

  get ownerDocument(): FakePage {
    return this.#page;
  }

  /** Whether it is in the page. */
  get isConnected(): boolean {
    return this.#page.body === this || (this.parent?.isConnected ?? false);
  }

  append(child: FakeElement): void {
    child.remove();
    child.parent = this;
    this.children.push(child);
  }

  remove(): void {
    const siblings = this.parent?.children ?? [];
    if (siblings.includes(this)) siblings.splice(siblings.indexOf(this), 1);
    this.parent = undefined;
  }

  addEventListener(type: string, handler: (event: unknown) => void): void {
    const handlers = this.#handlers.get(type) ?? new Set();
    this.#handlers.set(type, handlers.add(handler));
  }

  removeEventListener(type: string, handler: (event: unknown) => void): void {
    this.#handlers.get(type)?.delete(handler);
  }

  /** Raises an event. */
  raise(type: string): void {
    for (const handler of [...(this.#handlers.get(type) ?? [])]) handler({ type });
  }

  async play(): Promise<void> {
    if (this.#page.refusesPlayback) throw new DOMException('the user has not touched the page', 'NotAllowedError');
    this.isPlaying = true;
  }

  pause(): void {
    this.isPlaying = false;
  }

  async setSinkId(deviceId: string): Promise<void> {
    if (!this.#page.speakers.includes(deviceId)) throw new DOMException('there is no such speaker', 'NotFoundError');
    this.sinkId = deviceId;
  }

  captureStream(): FakeStream {
    return this.captured;
  }

  getContext() {
    return {
      drawImage: (source: FakeElement) => {
        this.textContent = `frame of ${source.name}`;
      },
    };
  }

  toDataURL(type: string, quality: number): string {
    return `data:${type};${quality},${this.textContent} ${this.width}x${this.height}`;
  }

  click(): void {
    this.clicks += 1;
    this.raise('click');
  }
}

type Observer = { readonly targets: Set<FakeElement>; notify(isIntersecting: boolean): void };

/** The window of a page: a screen with two pixels per pixel of the page, and observers of elements. */
export class FakeWindow {
  devicePixelRatio = 2;
  readonly navigator = { userActivation: { hasBeenActive: false } };
  readonly #sizes = new Set<Observer>();
  readonly #places = new Set<Observer>();

  /** How many observers watch elements. */
  get observerCount(): number {
    return [...this.#sizes, ...this.#places].filter(({ targets }) => targets.size > 0).length;
  }

  readonly ResizeObserver = createObserverClass(this.#sizes);
  readonly IntersectionObserver = createObserverClass(this.#places);

  getComputedStyle({ style }: FakeElement) {
    return { objectFit: style.objectFit ?? 'contain' };
  }

  /** Lays an element out in another size. */
  resize(element: FakeElement, width: number, height: number): void {
    Object.assign(element, { clientWidth: width, clientHeight: height });
    for (const observer of this.#sizes) if (observer.targets.has(element)) observer.notify(true);
  }

  /** Scrolls an element into the visible part of the page, or out of it. */
  scroll(element: FakeElement, isIntersecting: boolean): void {
    for (const observer of this.#places) if (observer.targets.has(element)) observer.notify(isIntersecting);
  }
}

function createObserverClass(all: Set<Observer>) {
  return class {
    readonly targets = new Set<FakeElement>();
    readonly notify: (isIntersecting: boolean) => void;

    constructor(callback: (entries: readonly { readonly isIntersecting: boolean }[]) => void) {
      this.notify = (isIntersecting) => callback([{ isIntersecting }]);
      all.add(this);
    }

    observe(element: FakeElement): void {
      this.targets.add(element);
    }

    disconnect(): void {
      this.targets.clear();
    }
  };
}

/** A page. */
export class FakePage extends FakeElement {
  readonly body: FakeElement;
  hidden = false;
  /** The element that is shown in a window of its own. */
  pictureInPictureElement: FakeElement | null = null;
  readonly defaultView = new FakeWindow();
  /** Whether media elements may not play yet. */
  refusesPlayback = false;
  speakers: string[] = [];
  /** Every element that was created. */
  readonly created: FakeElement[] = [];
  readonly #ids = new Map<string, FakeElement>();

  constructor() {
    super(undefined, 'document');
    this.body = new FakeElement(this, 'body');
  }

  createElement(name: string): FakeElement {
    const element = new FakeElement(this, name);
    this.created.push(element);
    return element;
  }

  getElementById(id: string): FakeElement | null {
    return this.#ids.get(id) ?? null;
  }

  /** Puts an empty container with an id into the page. */
  addContainer(id: string): FakeElement {
    const element = new FakeElement(this, 'div');
    this.#ids.set(id, element);
    this.body.append(element);
    return element;
  }
}
