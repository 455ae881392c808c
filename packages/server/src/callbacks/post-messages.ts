/**
 * The messages between the main thread and the thread that posts callbacks. Each message is an array
 * (`MessageBatch`).
 *
 * @module
 */

import type { PostOutcome, PostRequest } from './post.ts';

/** How long a message waits for more contents while there are many, in milliseconds. */
const COLLECT_MS = 1;
/** So many running attempts are many. With fewer, none waits longer than a turn of the event loop. */
const MANY_ATTEMPTS = 8;

/** Sends the next message: at the end of the turn of the event loop, or a millisecond later while many attempts run. */
export function sendSoon(send: () => void, runningCount: number): void {
  if (runningCount < MANY_ATTEMPTS) setImmediate(send);
  else setTimeout(send, COLLECT_MS);
}

/** To the thread. */
export type PosterCommand =
  | { readonly kind: 'open'; readonly poster: number; readonly allowPrivateTargets: boolean }
  | { readonly kind: 'post'; readonly poster: number; readonly id: number; readonly request: PostRequest }
  /** Ends the running attempts of a poster, and closes its connections. */
  | { readonly kind: 'close'; readonly poster: number };

/** From the thread: how an attempt ended. */
export type PostResult =
  | { readonly id: number; readonly outcome: PostOutcome }
  /** There was no response, for this reason. */
  | { readonly id: number; readonly reason: string };
