/**
 * What happens to sessions, for whoever is told of it.
 *
 * @module
 */

import type { SessionEnd, SessionPeerRecord, SessionRecord } from '../../store/sessions.ts';

/** What stays the same over a session. */
export type LiveSession = Pick<SessionRecord, 'id' | 'appId' | 'meetingId' | 'title' | 'startedAtMs'>;

/** One thing that happened. */
export type SessionNews =
  | { readonly event: 'started' }
  | { readonly event: 'joined'; readonly peer: SessionPeerRecord }
  | { readonly event: 'left'; readonly peer: SessionPeerRecord & { readonly leftAtMs: number } }
  /** What was said can be downloaded. */
  | { readonly event: 'chatReady'; readonly endedAtMs: number }
  | { readonly event: 'ended'; readonly atMs: number; readonly reason: SessionEnd };
