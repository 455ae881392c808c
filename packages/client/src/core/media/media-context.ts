/**
 * What publications and playbacks share: requests to the server, and how they end.
 *
 * @module
 */

import type { Method, Params, Results, StreamCause } from '@gavel/protocol';
import { mayRetryLater, type SessionError } from '../errors.ts';
import type { Clock } from '../platform.ts';
import type { SessionEnd } from '../session-state.ts';
import type { LinkHost, Verdict } from './media-link.ts';
import type { MediaPlatform } from './media-platform.ts';
import type { MemberConnectionTask } from './member-connection.ts';

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

/** What media needs from its session. */
export interface MediaContext {
  readonly media: MediaPlatform;
  readonly clock: Clock;
  readonly random: () => number;
  readonly ice: MemberConnectionTask['ice'];
  readonly retryWindowMs: number;
  readonly reportPath: MemberConnectionTask['reportPath'];
  request<M extends Method>(method: M, params: Params<M>): Promise<Results[M]>;
  /** Whether the room has a stream with this id now. */
  isListed(streamId: string): boolean;
  /** Whether the room has a stream with this id that shows a screen. */
  isScreen(streamId: string): boolean;
}

/** Dependencies of a publication or a playback. */
export interface StreamContext extends MediaContext {
  /** The peer connection that carries it. */
  readonly host: LinkHost;
}

/** Returns how to handle a failed negotiation. */
export function judgeFailure(error: SessionError): Verdict {
  if (error.code === 'client.disconnected' || error.code === 'client.not-joined') return 'suspend';
  return mayRetryLater(error.code) ? 'retry' : 'fail';
}
