/**
 * What the core needs of the world around it, so that tests and other runtimes can give their own.
 *
 * @module
 */

import { browserMedia, type MediaPlatform } from './media/media-platform.ts';

/** Time and timers. */
export interface Clock {
  /**
   * Milliseconds since a moment that has no meaning; only differences count. A step of the machine's wall clock does not
   * change it (ROOM-9).
   */
  now(): number;
  setTimeout(task: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** What a socket tells its owner. */
export interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** Called once, also where the socket never opened. */
  closed(code: number, reason: string): void;
}

/** One WebSocket, reduced to what the core uses. */
export interface SocketLink {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** Opens a WebSocket. */
export type OpenSocket = (url: string, protocol: string, handlers: SocketHandlers) => SocketLink;

/** Calls back whenever the machine says that it is on a network again; gives the function that ends it. */
export type WatchOnline = (back: () => void) => () => void;

/** Calls back when the page is being closed, reloaded or left; gives the function that ends it. */
export type WatchPageHide = (hidden: () => void) => () => void;

/** Everything the core needs of the world around it. */
export interface Platform {
  readonly clock: Clock;
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number;
  readonly openSocket: OpenSocket;
  readonly watchOnline: WatchOnline;
  readonly watchPageHide: WatchPageHide;
  /** Undefined where there is no WebRTC. */
  readonly media: MediaPlatform | undefined;
}

/** The real time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (task, delayMs) => globalThis.setTimeout(task, delayMs),
  clearTimeout: (handle) => globalThis.clearTimeout(handle as ReturnType<typeof setTimeout> | undefined),
};

/** Makes an `OpenSocket` of a WebSocket class: the browser's, Node's, or that of the `ws` package. */
export function openSocketWith(SocketClass: typeof WebSocket): OpenSocket {
  return (url, protocol, handlers) => {
    // Throws where the page may not open such an address.
    const socket = new SocketClass(url, protocol);
    socket.onopen = () => handlers.opened();
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') handlers.message(event.data);
    };
    socket.onclose = (event) => handlers.closed(event.code, event.reason);
    return { send: (text) => socket.send(text), close: (code, reason) => socket.close(code, reason) };
  };
}

/** Follows the browser's `online` event; where there is none, nothing comes. */
export const watchBrowserOnline: WatchOnline = (back) => {
  const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
  target.addEventListener?.('online', back);
  return () => target.removeEventListener?.('online', back);
};

/** Follows the browser's `pagehide` event; where there is none, nothing comes. */
export const watchBrowserPageHide: WatchPageHide = (hidden) => {
  const target = globalThis as Partial<Pick<Window, 'addEventListener' | 'removeEventListener'>>;
  target.addEventListener?.('pagehide', hidden);
  return () => target.removeEventListener?.('pagehide', hidden);
};

/** Completes a platform with the real thing for what is not given. */
export function completePlatform(given: Partial<Platform> = {}): Platform {
  return {
    clock: given.clock ?? systemClock,
    random: given.random ?? Math.random,
    openSocket: given.openSocket ?? openSocketWith(globalThis.WebSocket),
    watchOnline: given.watchOnline ?? watchBrowserOnline,
    watchPageHide: given.watchPageHide ?? watchBrowserPageHide,
    media: 'media' in given ? given.media : browserMedia(),
  };
}

/** Makes a random id of 32 hex digits; works on pages without a secure context too. */
export function randomId(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
