/**
 * The platform APIs that the core uses, so that tests and other runtimes can provide their own.
 *
 * @module
 */

import { browserMedia, type MediaPlatform } from './media/media-platform.ts';

/** Time and timers. */
export interface Clock {
  /**
   * Milliseconds since an arbitrary moment; only differences are meaningful. A step of the machine's wall clock does not
   * change it (ROOM-9).
   */
  now(): number;
  setTimeout(task: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** Callbacks of a socket. */
export interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** Called once, even if the socket never opened. */
  closed(code: number, reason: string): void;
}

/** One WebSocket, reduced to what the core uses. */
export interface SocketLink {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Opens a WebSocket. */
export type OpenSocket = (url: string, protocol: string, handlers: SocketHandlers) => SocketLink;

/** Calls back whenever the machine is online again; returns a function that stops watching. */
export type WatchOnline = (back: () => void) => () => void;

/** Calls back when the page is closed, reloaded or left; returns a function that stops watching. */
export type WatchPageHide = (hidden: () => void) => () => void;

/** The browser's `fetch`, reduced to what the core uses. */
export type Fetch = (
  url: string,
  init: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body: Blob },
) => Promise<{ json(): Promise<unknown> }>;

/** The platform APIs that the core uses. */
export interface Platform {
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly openSocket: OpenSocket;
  readonly watchOnline: WatchOnline;
  readonly watchPageHide: WatchPageHide;
  readonly fetch: Fetch;
  /** Undefined if there is no WebRTC. */
  readonly media: MediaPlatform | undefined;
}

/** The system clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (task, delayMs) => globalThis.setTimeout(task, delayMs),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as ReturnType<typeof setTimeout> | undefined),
};

/** Creates an `OpenSocket` from a WebSocket class: the browser's, Node's, or that of the `ws` package. */
export function openSocketWith(SocketClass: typeof WebSocket): OpenSocket {
  return (url, protocol, handlers) => {
    // Throws if the page may not open this address, such as ws on an https page.
    const socket = new SocketClass(url, protocol);
    socket.onopen = () => handlers.opened();
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') handlers.message(event.data);
    };
    socket.onclose = (event) => handlers.closed(event.code, event.reason);
    return { send: (text) => socket.send(text), close: (code, reason) => socket.close(code, reason) };
  };
}

/** Listens to the browser's `online` event; never calls back in a runtime without it. */
export const watchBrowserOnline: WatchOnline = (back) => {
  const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
  target.addEventListener?.('online', back);
  return () => target.removeEventListener?.('online', back);
};

/** Listens to the browser's `pagehide` event; never calls back in a runtime without it. */
export const watchBrowserPageHide: WatchPageHide = (hidden) => {
  const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
  target.addEventListener?.('pagehide', hidden);
  return () => target.removeEventListener?.('pagehide', hidden);
};

/** Fills in the parts of a platform that are not given with those of the runtime. */
export function completePlatform(given: Partial<Platform> = {}): Platform {
  return {
    clock: given.clock ?? systemClock,
    random: given.random ?? Math.random,
    openSocket: given.openSocket ?? openSocketWith(globalThis.WebSocket),
    watchOnline: given.watchOnline ?? watchBrowserOnline,
    watchPageHide: given.watchPageHide ?? watchBrowserPageHide,
    fetch: given.fetch ?? ((...request) => globalThis.fetch(...request)),
    media: 'media' in given ? given.media : browserMedia(),
  };
}

/** Returns a random id of 32 hex digits; also works on pages without a secure context. */
export function randomId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
