/**
 * Formats sessions and their participants for the API (reference 5.4, 5.6).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { App } from '../../apps/app.ts';
import type { SessionPeerRecord, SessionRecord } from '../../store/sessions.ts';
import { isoTime } from '../envelope.ts';

const MINUTE_MS = 60_000;

/** Formats a session. The figures of an active session are current. */
export function showSession(app: App, session: SessionRecord, nowMs: number) {
  const startedAt = isoTime(session.startedAtMs);
  const { endedAtMs } = session;
  return {
    id: session.id,
    associated_id: session.meetingId,
    meeting_display_name: session.title,
    type: 'meeting',
    status: endedAtMs === undefined ? 'LIVE' : 'ENDED',
    live_participants: session.liveCount,
    max_concurrent_participants: session.peakCount,
    minutes_consumed: session.memberMs / MINUTE_MS,
    organization_id: app.rtkAppId,
    started_at: startedAt,
    ...(endedAtMs !== undefined && { ended_at: isoTime(endedAtMs) }),
    created_at: startedAt,
    updated_at: isoTime(endedAtMs ?? nowMs),
  };
}

const stayMinutes = ({ joinedAtMs, leftAtMs }: SessionPeerRecord, nowMs: number): number =>
  ((leftAtMs ?? nowMs) - joinedAtMs) / MINUTE_MS;

/** Formats the fields that a session's participant and a peer report share. */
export function showPeer(peer: SessionPeerRecord, nowMs: number, withEvents: boolean) {
  return {
    id: peer.id,
    user_id: peer.userId,
    custom_participant_id: peer.customId,
    display_name: peer.name,
    joined_at: isoTime(peer.joinedAtMs),
    left_at: peer.leftAtMs === undefined ? null : isoTime(peer.leftAtMs),
    duration: stayMinutes(peer, nowMs),
    created_at: isoTime(peer.joinedAtMs),
    updated_at: isoTime(peer.leftAtMs ?? nowMs),
    ...(withEvents && { peer_events: eventsOf(peer, nowMs) }),
  };
}

/** Formats a participant of a session. */
export function showParticipant(peer: SessionPeerRecord, nowMs: number, withEvents: boolean) {
  return { ...showPeer(peer, nowMs, withEvents), preset_name: peer.presetName };
}

/** Formats a stay as the vendor's events. */
function eventsOf(peer: SessionPeerRecord, nowMs: number) {
  const eventOf = (name: string, atMs: number, minutes: number) => ({
    id: idOf(peer.id, name),
    peer_id: peer.id,
    event_name: name,
    participant_id: peer.userId,
    session_id: peer.sessionId,
    socket_session_id: null,
    preset_view_type: peer.viewType,
    minutes_consumed: minutes,
    created_at: isoTime(atMs),
    updated_at: isoTime(atMs),
  });
  return [
    eventOf('PEER_CREATED', peer.joinedAtMs, 0),
    eventOf('PEER_JOINING', peer.joinedAtMs, 0),
    ...(peer.leftAtMs === undefined ? [] : [eventOf('PEER_LEAVING', peer.leftAtMs, stayMinutes(peer, nowMs))]),
  ];
}

/** Returns a UUID that is always the same for the same event, although events are not stored. */
function idOf(peerId: string, name: string): string {
  const hex = createHash('sha256').update(`${peerId} ${name}`).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
