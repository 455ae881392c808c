/**
 * The messages between the main thread and the thread that posts callbacks. Each message is an array
 * (`MessageBatch`).
 *
 * @module
 */

import type { PostOutcome, PostRequest } from './post.ts';

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
