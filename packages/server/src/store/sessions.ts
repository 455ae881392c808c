/**
 * The history of sessions: who was in a meeting, and when.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Page, Paged } from './store.ts';

/** Why a session ended. */
export type SessionEnd =
  /** A call ended it for everybody. */
  | 'closed'
  /** Everybody had left, and nobody joined within the keep-alive time. */
  | 'empty'
  /** The server stopped without recording an end. */
  | 'lost';

/** How long the chat of a session is stored: for a limited time, or as long as the session. */
export type SessionChat = 'temporary' | 'lasting';

/** A session: one active period of a meeting. */
export interface SessionRecord {
  readonly id: string;
  readonly appId: AppId;
  readonly meetingId: string;
  /** The meeting's title when the session started. */
  readonly title: string;
  readonly startedAtMs: number;
  /** Absent while it is active. */
  readonly endedAtMs?: number;
  readonly endReason?: SessionEnd;
  /** Absent while it is active, and if no message is stored. */
  readonly chat?: SessionChat;
  /** Number of current connections. */
  readonly liveCount: number;
  /** Maximum number of simultaneous connections so far. */
  readonly peakCount: number;
  /** Number of people so far, each counted once. */
  readonly userCount: number;
  /** Total duration of all connections in milliseconds, up to the time of the query. */
  readonly memberMs: number;
  readonly updatedAtMs: number;
}

/** One connection's stay in a session. */
export interface SessionPeerRecord {
  readonly id: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly customId: string;
  readonly name: string;
  readonly presetName: string;
  /** The preset's view type; null if there is none. */
  readonly viewType: string | null;
  readonly joinedAtMs: number;
  /** Absent while it is connected. */
  readonly leftAtMs?: number;
}

/** A change of the history. */
export type SessionChange =
  | {
      readonly type: 'begin';
      readonly session: Pick<SessionRecord, 'id' | 'appId' | 'meetingId' | 'title' | 'startedAtMs'>;
    }
  | { readonly type: 'join'; readonly peer: SessionPeerRecord }
  | { readonly type: 'leave'; readonly sessionId: string; readonly peerId: string; readonly atMs: number }
  /** Everybody who is still recorded as present leaves with it. */
  | {
      readonly type: 'end';
      readonly sessionId: string;
      readonly atMs: number;
      readonly reason: SessionEnd;
      /** Set if messages are stored. */
      readonly chat?: SessionChat;
    };

/** A session whose end was not stored, with the peers that are still recorded as present. */
export interface OpenSession {
  readonly session: SessionRecord;
  readonly peers: readonly SessionPeerRecord[];
  /** When it was last recorded as active. */
  readonly seenAtMs: number;
}

/** Selects and sorts sessions. */
export interface SessionFilter {
  readonly meetingId?: string;
  readonly isLive?: boolean;
  /** Part of the title, ignoring the case of ASCII letters, or the whole id of the meeting or the session. */
  readonly search?: string;
  /** Minimum and maximum number of people. */
  readonly minUsers?: number;
  readonly maxUsers?: number;
  /** Started at this time or later, in milliseconds since the Unix epoch. */
  readonly fromMs?: number;
  /** Started at this time or earlier. */
  readonly untilMs?: number;
  readonly sortBy?: 'startedAt' | 'memberMs';
  readonly ascending?: boolean;
}

/** Selects and sorts peers. */
export interface SessionPeerFilter {
  /** Part of the name, ignoring the case of ASCII letters, or a whole id: of the peer, the user, or the custom one. */
  readonly search?: string;
  readonly sortBy?: 'joinedAt' | 'duration';
  readonly ascending?: boolean;
}

/** Figures of the sessions that started on one day, in UTC. */
export interface SessionDay {
  /** Format: `2026-01-31`. */
  readonly day: string;
  readonly sessionCount: number;
  readonly memberMs: number;
}

/** Stores the history of sessions. `nowMs` is the time up to which active sessions are counted. */
export interface SessionRepository {
  /** Applies changes in order, all or none. A meeting has at most one session without an end. */
  keep(changes: readonly SessionChange[]): Promise<void>;
  /** Records that every session of this node without an end is active now. */
  checkpoint(nowMs: number): Promise<void>;
  /**
   * Returns the sessions without an end, oldest first.
   *
   * @param liveNodes the nodes whose sessions are not returned; by default none
   */
  open(liveNodes?: readonly string[]): Promise<readonly OpenSession[]>;
  /** Makes the session of a meeting that has no end one of this node, and returns it. */
  adopt(appId: AppId, meetingId: string): Promise<OpenSession | undefined>;
  find(appId: AppId, id: string, nowMs: number): Promise<SessionRecord | undefined>;
  /** Returns the session of a meeting that has no end. */
  findLive(appId: AppId, meetingId: string, nowMs: number): Promise<SessionRecord | undefined>;
  /** Newest first, unless the filter specifies another order. */
  list(appId: AppId, filter: SessionFilter, page: Page, nowMs: number): Promise<Paged<SessionRecord>>;
  /** Oldest first, unless the filter specifies another order. */
  peers(sessionId: string, filter: SessionPeerFilter, page: Page, nowMs: number): Promise<Paged<SessionPeerRecord>>;
  /** Finds a peer by its id, or by its user's id: then the latest peer of that user. */
  findPeer(sessionId: string, id: string): Promise<SessionPeerRecord | undefined>;
  /** Finds a peer in any session of an App. */
  findPeerOfApp(appId: AppId, peerId: string): Promise<SessionPeerRecord | undefined>;
  /** Returns the days within a time span on which sessions started, oldest first. */
  days(appId: AppId, fromMs: number, untilMs: number, nowMs: number): Promise<readonly SessionDay[]>;
  /**
   * Deletes sessions that ended before a time, oldest first, with their peers and messages: at most `limit` rows. Returns
   * their number; less than `limit` if no more are left.
   */
  purge(endedBeforeMs: number, limit: number): Promise<number>;
}
