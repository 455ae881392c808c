/**
 * Sessions and those who were in them, as the API writes them (reference 5.4, 5.6).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { App } from '../../apps/app.ts';
import type { SessionPeerRecord, SessionRecord } from '../../store/sessions.ts';
import { isoTime } from '../envelope.ts';

const MINUTE_MS = 60_000;

/** A session. The figures of one that is live are of this moment. */
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

/** What a session's participant and the one of a peer report have in common. */
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

/** A participant of a session. */
export function showParticipant(peer: SessionPeerRecord, nowMs: number, withEvents: boolean) {
  return { ...showPeer(peer, nowMs, withEvents), preset_name: peer.presetName };
}

/** What is known of a stay, as the vendor's events tell it. */
function eventsOf(peer: SessionPeerRecord, nowMs: number) {
  const told = (name: string, atMs: number, minutes: number) => ({
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
    told('PEER_CREATED', peer.joinedAtMs, 0),
    told('PEER_JOINING', peer.joinedAtMs, 0),
    ...(peer.leftAtMs === undefined ? [] : [told('PEER_LEAVING', peer.leftAtMs, stayMinutes(peer, nowMs))]),
  ];
}

/** A UUID that is the same for the same event, though the event itself is kept nowhere. */
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
