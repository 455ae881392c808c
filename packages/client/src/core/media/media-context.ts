/**
 * What publications and playbacks share: requests to the server, and how they end.
 *
 * @module
 */

import type { Method, Params, Results, StreamCause } from '@gavel/protocol';
import { mayRetryLater, type SessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { SessionEnd } from '../session-state.ts';
import type { MediaLinkTask, Verdict } from './media-link.ts';
import type { MediaPlatform } from './media-platform.ts';

/** Why a publication or a playback ended. */
export type MediaEnd =
  /** By a call of this client. */
  | { readonly kind: 'stopped' }
  /** The server closed it, or the stream ended; the cause is undefined if the client learned it only by comparing snapshots. */
  | { readonly kind: 'closed'; readonly cause: StreamCause | undefined }
  /** It could not be established or re-established. */
  | { readonly kind: 'failed'; readonly error: SessionError }
  /** The session ended. */
  | { readonly kind: 'session'; readonly end: SessionEnd };

/** Dependencies of a publication or a playback. */
export interface MediaContext {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly ice: MediaLinkTask['ice'];
  readonly retryWindowMs: number;
  readonly reportPath: MediaLinkTask['reportPath'];
  request<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
  /** Whether the room has a stream with this id now. */
  isListed(streamId: string): boolean;
}

/** Returns how to handle a failed negotiation. */
export function judgeFailure(error: SessionError): Verdict {
  if (error.code === 'client.disconnected' || error.code === 'client.not-joined') return 'suspend';
  return mayRetryLater(error.code) ? 'retry' : 'fail';
}
