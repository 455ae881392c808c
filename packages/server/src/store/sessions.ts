/**
 * The history of sessions: who was in a meeting, from when to when.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import type { Page, Paged } from './store.ts';

/** Why a session ended. */
export type SessionEnd =
  /** By a call that ended it for everybody. */
  | 'closed'
  /** Everybody had left, and nobody came back in time. */
  | 'empty'
  /** The server stopped, and could not tell. */
  | 'lost';

/** How long what was said in a session is kept: for a time, or as long as the session itself. */
export type SessionChat = 'temporary' | 'lasting';

/** A session: one live run of a meeting. */
export interface SessionRecord {
  readonly id: string;
  readonly appId: AppId;
  readonly meetingId: string;
  /** The meeting's title when it began. */
  readonly title: string;
  readonly startedAtMs: number;
  /** Absent while it is live. */
  readonly endedAtMs?: number;
  readonly endReason?: SessionEnd;
  /** Absent while it is live, and where nothing that was said is kept. */
  readonly chat?: SessionChat;
  /** Connections now. */
  readonly liveCount: number;
  /** Most connections at a time. */
  readonly peakCount: number;
  /** People so far, each counted once. */
  readonly userCount: number;
  /** Milliseconds of all connections together, until the time at which it was asked for. */
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
  /** How the preset shows a meeting; null where there was none. */
  readonly viewType: string | null;
  readonly joinedAtMs: number;
  /** Absent while it is in. */
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
  /** Whoever is still in has left by it. */
  | {
      readonly type: 'end';
      readonly sessionId: string;
      readonly atMs: number;
      readonly reason: SessionEnd;
      /** Where there is something that was said. */
      readonly chat?: SessionChat;
    };

/** A session that no end was kept of, with those who are still in it. */
export interface OpenSession {
  readonly session: SessionRecord;
  readonly peers: readonly SessionPeerRecord[];
  /** When it was last known to be live. */
  readonly seenAtMs: number;
}

/** Which sessions a list has, and in which order. */
export interface SessionFilter {
  readonly meetingId?: string;
  readonly isLive?: boolean;
  /** Part of the title, whatever the case of ASCII letters, or the whole id of the meeting or the session. */
  readonly search?: string;
  /** Fewest and most people. */
  readonly minUsers?: number;
  readonly maxUsers?: number;
  /** Begun at this time or later, in milliseconds since the Unix epoch. */
  readonly fromMs?: number;
  /** Begun at this time or earlier. */
  readonly untilMs?: number;
  readonly sortBy?: 'startedAt' | 'memberMs';
  readonly ascending?: boolean;
}

/** Which peers a list has, and in which order. */
export interface SessionPeerFilter {
  /** Part of the name, whatever the case of ASCII letters, or a whole id: the peer's, the user's or the custom one. */
  readonly search?: string;
  readonly sortBy?: 'joinedAt' | 'duration';
  readonly ascending?: boolean;
}

/** Sessions that began on one day, in UTC. */
export interface SessionDay {
  /** As in `2026-01-31`. */
  readonly day: string;
  readonly sessionCount: number;
  readonly memberMs: number;
}

/** Stores the history of sessions. `nowMs` is the time up to which live ones are counted. */
export interface SessionRepository {
  /** Stores changes in order, all or none. A meeting has one session without an end at most. */
  keep(changes: readonly SessionChange[]): Promise<void>;
  /** Records that every session without an end is live now. */
  checkpoint(nowMs: number): Promise<void>;
  /** The sessions without an end, oldest first. */
  open(): Promise<readonly OpenSession[]>;
  find(appId: AppId, id: string, nowMs: number): Promise<SessionRecord | undefined>;
  /** The session of a meeting without an end. */
  findLive(appId: AppId, meetingId: string, nowMs: number): Promise<SessionRecord | undefined>;
  /** Newest first, where the filter says nothing else. */
  list(appId: AppId, filter: SessionFilter, page: Page, nowMs: number): Promise<Paged<SessionRecord>>;
  /** Oldest first, where the filter says nothing else. */
  peers(sessionId: string, filter: SessionPeerFilter, page: Page, nowMs: number): Promise<Paged<SessionPeerRecord>>;
  /** A peer by its id, or by its user's: then the last one of that user. */
  findPeer(sessionId: string, id: string): Promise<SessionPeerRecord | undefined>;
  /** A peer of any session of an App. */
  findPeerOfApp(appId: AppId, peerId: string): Promise<SessionPeerRecord | undefined>;
  /** The days of a time with sessions that began then, oldest first. */
  days(appId: AppId, fromMs: number, untilMs: number, nowMs: number): Promise<readonly SessionDay[]>;
  /**
   * Forgets sessions that ended before a time, oldest first, with those who were in them and what was said: `limit` rows
   * at most. Returns how many; fewer than `limit` where that was all.
   */
  purge(endedBeforeMs: number, limit: number): Promise<number>;
}
