/**
 * What publications and playbacks share: the way to the server, and how they end.
 *
 * @module
 */

import type { Method, Params, Results, StreamCause } from '@gavel/protocol';
import { mayRetryLater, type SessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { SessionEnd } from '../session-state.ts';
import type { Verdict } from './media-link.ts';
import type { MediaPlatform } from './media-platform.ts';

/** Why a publication or a playback is over. */
export type MediaEnd =
  /** By a call of this client. */
  | { readonly kind: 'stopped' }
  /** The server closed it, or the stream ended; without a cause where that was only seen by comparing snapshots. */
  | { readonly kind: 'closed'; readonly cause: StreamCause | undefined }
  /** It could not be had, or not be regained. */
  | { readonly kind: 'failed'; readonly error: SessionError }
  /** The session is over. */
  | { readonly kind: 'session'; readonly end: SessionEnd };

/** What a publication or a playback works with. */
export interface MediaContext {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly iceServers: readonly RTCIceServer[];
  readonly retryWindowMs: number;
  request<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
  /** Whether the room has such a stream now. */
  isListed(streamId: string): boolean;
}

/** Says what is to be done about a failed try to negotiate. */
export function judgeFailure(error: SessionError): Verdict {
  if (error.code === 'client.disconnected' || error.code === 'client.not-joined') return 'hold';
  return mayRetryLater(error.code) ? 'retry' : 'fail';
}
