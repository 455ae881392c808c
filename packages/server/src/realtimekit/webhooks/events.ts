/**
 * The events of webhooks and their payloads (reference 7.3).
 *
 * @module
 */

import type { App } from '../../apps/app.ts';
import type { SessionEnd, SessionPeerRecord } from '../../store/sessions.ts';
import type { ChatLinks } from '../chat/chat-links.ts';
import { isoTime } from '../envelope.ts';
import type { LiveSession, SessionNews } from '../sessions/session-news.ts';

/** Every event that a registration may name; only the first five are sent in this version. */
export const WEBHOOK_EVENTS = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
  'meeting.chatSynced',
  'meeting.transcript',
  'meeting.summary',
  'recording.statusUpdate',
  'livestreaming.statusUpdate',
] as const;

/** The name of an event. */
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** The event of a test delivery; the vendor has no such event. */
export const TEST_EVENT = 'webhook.test';

const NAMES: Readonly<Record<SessionNews['event'], WebhookEvent>> = {
  started: 'meeting.started',
  joined: 'meeting.participantJoined',
  left: 'meeting.participantLeft',
  ended: 'meeting.ended',
  chatReady: 'meeting.chatSynced',
};

/** A stop of the server has no reason of its own; of the vendor's two values, `ALL_PARTICIPANTS_LEFT` is the closer one. */
const REASONS: Readonly<Record<SessionEnd, string>> = {
  closed: 'HOST_ENDED_MEETING',
  empty: 'ALL_PARTICIPANTS_LEFT',
  lost: 'ALL_PARTICIPANTS_LEFT',
};

/** Returns the payload of an event of a session. */
export function payloadOf(app: App, session: LiveSession, news: SessionNews, links: Pick<ChatLinks, 'of'>) {
  const event = NAMES[news.event];
  const meeting = meetingOf(app, session);
  switch (news.event) {
    case 'started':
      return { event, meeting };
    case 'joined':
      return { event, meeting, participant: participantOf(news.peer) };
    case 'left':
      return { event, meeting, participant: { ...participantOf(news.peer), leftAt: isoTime(news.peer.leftAtMs) } };
    case 'chatReady': {
      const { url, expiresAtMs } = links.of(app, session.id);
      const { sessionId, id: meetingId, title, createdAt, startedAt, organizedBy } = meeting;
      // This payload is flat, unlike the others.
      return {
        event,
        ...{ sessionId, meetingId, title, createdAt, startedAt },
        endedAt: isoTime(news.endedAtMs),
        chatDownloadUrl: url,
        chatDownloadUrlExpiry: isoTime(expiresAtMs),
        organizedBy,
      };
    }
    case 'ended':
      return { event, meeting: { ...meeting, endedAt: isoTime(news.atMs) }, reason: REASONS[news.reason] };
  }
}

function meetingOf(app: App, session: LiveSession) {
  const startedAt = isoTime(session.startedAtMs);
  return {
    id: session.meetingId,
    sessionId: session.id,
    title: session.title,
    roomName: session.meetingId,
    // The vendor sends this status with every event, the last one included.
    status: 'LIVE',
    createdAt: startedAt,
    startedAt,
    organizedBy: { id: app.rtkAppId, name: app.name },
  };
}

function participantOf(peer: SessionPeerRecord) {
  return {
    peerId: peer.id,
    userDisplayName: peer.name,
    customParticipantId: peer.customId,
    clientSpecificId: peer.customId,
    joinedAt: isoTime(peer.joinedAtMs),
  };
}
