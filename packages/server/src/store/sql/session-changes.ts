/**
 * Writes changes of the session history.
 *
 * @module
 */

import { type Kysely, sql } from 'kysely';
import type { SessionChange, SessionPeerRecord } from '../sessions.ts';
import type { Tables } from './tables.ts';

type ChangeOf<T extends SessionChange['type']> = Extract<SessionChange, { readonly type: T }>;

/** Stores one change in the caller's transaction, as one of a session of the node `owner`. */
export async function keepChange(tx: Kysely<Tables>, change: SessionChange, owner: string): Promise<void> {
  switch (change.type) {
    case 'begin':
      return begin(tx, change, owner);
    case 'join':
      return join(tx, change.peer, owner);
    case 'leave':
      return leave(tx, change);
    case 'end':
      return end(tx, change);
  }
}

async function begin(tx: Kysely<Tables>, { session }: ChangeOf<'begin'>, owner: string): Promise<void> {
  await tx
    .insertInto('sessions')
    .values({
      id: session.id,
      app_id: session.appId,
      meeting_id: session.meetingId,
      title: session.title,
      started_at_ms: session.startedAtMs,
      ended_at_ms: null,
      end_reason: null,
      live_count: 0,
      live_from_ms: 0,
      peak_count: 0,
      user_count: 0,
      ended_ms: 0,
      updated_at_ms: session.startedAtMs,
      seen_at_ms: session.startedAtMs,
      chat: null,
      owner,
    })
    .execute();
}

async function join(tx: Kysely<Tables>, peer: SessionPeerRecord, owner: string): Promise<void> {
  const known = await tx
    .selectFrom('session_peers')
    .select('id')
    .where('session_id', '=', peer.sessionId)
    .where('user_id', '=', peer.userId)
    .executeTakeFirst();
  await tx
    .insertInto('session_peers')
    .values({
      id: peer.id,
      session_id: peer.sessionId,
      user_id: peer.userId,
      custom_id: peer.customId,
      name: peer.name,
      preset_name: peer.presetName,
      view_type: peer.viewType,
      joined_at_ms: peer.joinedAtMs,
      left_at_ms: null,
    })
    .execute();
  await tx
    .updateTable('sessions')
    .set((eb) => ({
      live_count: eb('live_count', '+', 1),
      live_from_ms: sql<number>`live_from_ms + ${peer.joinedAtMs} - started_at_ms`,
      peak_count: sql<number>`case when live_count < peak_count then peak_count else live_count + 1 end`,
      user_count: eb('user_count', '+', known ? 0 : 1),
      updated_at_ms: peer.joinedAtMs,
      seen_at_ms: peer.joinedAtMs,
      owner,
    }))
    .where('id', '=', peer.sessionId)
    .execute();
}

async function leave(tx: Kysely<Tables>, { sessionId, peerId, atMs }: ChangeOf<'leave'>): Promise<void> {
  const stay = await tx
    .updateTable('session_peers')
    .set({ left_at_ms: atMs })
    .where('id', '=', peerId)
    .where('left_at_ms', 'is', null)
    .returning('joined_at_ms')
    .executeTakeFirst();
  if (!stay) return;
  await tx
    .updateTable('sessions')
    .set((eb) => ({
      live_count: eb('live_count', '-', 1),
      live_from_ms: sql<number>`live_from_ms - ${stay.joined_at_ms} + started_at_ms`,
      ended_ms: eb('ended_ms', '+', atMs - stay.joined_at_ms),
      updated_at_ms: atMs,
      seen_at_ms: atMs,
    }))
    .where('id', '=', sessionId)
    .execute();
}

/** Ends a session. Peers that are still recorded as present leave with it, so that nothing is counted after the end. */
async function end(tx: Kysely<Tables>, { sessionId, atMs, reason, chat }: ChangeOf<'end'>): Promise<void> {
  await tx
    .updateTable('session_peers')
    .set({ left_at_ms: atMs })
    .where('session_id', '=', sessionId)
    .where('left_at_ms', 'is', null)
    .execute();
  await tx
    .updateTable('sessions')
    .set({
      ended_at_ms: atMs,
      end_reason: reason,
      ended_ms: sql<number>`ended_ms + live_count * (${atMs} - started_at_ms) - live_from_ms`,
      live_count: 0,
      live_from_ms: 0,
      chat: chat ?? null,
      updated_at_ms: atMs,
    })
    .where('id', '=', sessionId)
    .execute();
}
