/**
 * The events of a session, for webhooks.
 *
 * @module
 */

import type { SessionEnd, SessionPeerRecord, SessionRecord } from '../../store/sessions.ts';

/** The facts of a session that do not change. */
export type LiveSession = Pick<SessionRecord, 'id' | 'appId' | 'meetingId' | 'title' | 'startedAtMs'>;

/** One event of a session. */
export type SessionNews =
  | { readonly event: 'started' }
  | { readonly event: 'joined'; readonly peer: SessionPeerRecord }
  | { readonly event: 'left'; readonly peer: SessionPeerRecord & { readonly leftAtMs: number } }
  /** The chat can be downloaded. */
  | { readonly event: 'chatReady'; readonly endedAtMs: number }
  | { readonly event: 'ended'; readonly atMs: number; readonly reason: SessionEnd };
