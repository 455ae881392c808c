/**
 * Sessions: past and active, of the meetings of an App (reference 5.6, RTK-11).
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import type { App } from '../../apps/app.ts';
import type { SessionFilter, SessionPeerRecord, SessionRecord } from '../../store/sessions.ts';
import type { PathIds } from '../auth.ts';
import { ApiError, badRequest, isoTime, notFound } from '../envelope.ts';
import { PAGING, pageOf, pagingOf } from '../paging.ts';
import { defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { showParticipant, showPeer, showSession } from '../sessions/show.ts';
import { GUID_PATTERN, RANGE_PATTERN } from '../validate.ts';

const time = Type.Optional(Type.String({ maxLength: 64, format: 'date-time' }));
const search = Type.Optional(Type.String({ maxLength: 256 }));
const sortOrder = Type.Optional(Type.Enum(['ASC', 'DESC']));
/** A boolean in a query. */
const yesNo = Type.Optional(Type.Enum(['true', 'false']));

const LIST = Type.Object({
  ...PAGING,
  associated_id: Type.Optional(Type.String({ maxLength: 36, pattern: GUID_PATTERN })),
  status: Type.Optional(Type.Enum(['LIVE', 'ENDED'])),
  search,
  participants: Type.Optional(Type.String({ maxLength: 20, pattern: RANGE_PATTERN })),
  start_time: time,
  end_time: time,
  sort_by: Type.Optional(Type.Enum(['minutesConsumed', 'createdAt'])),
  sort_order: sortOrder,
});
const DETAIL = Type.Object({ include_breakout_rooms: yesNo });
const PEERS = Type.Object({
  ...PAGING,
  search,
  sort_by: Type.Optional(Type.Enum(['joinedAt', 'duration'])),
  sort_order: sortOrder,
  // There are no breakout rooms, so both views are the same.
  view: Type.Optional(Type.Enum(['raw', 'consolidated'])),
  include_peer_events: yesNo,
});
const PEER = Type.Object({ include_peer_events: yesNo });
const PEER_REPORT = Type.Object({
  include_peer_events: yesNo,
  filters: Type.Optional(
    Type.Enum(['device_info', 'ip_information', 'precall_network_information', 'events', 'quality_stats']),
  ),
});
const TRANSCRIPT = Type.Object({ format: Type.Optional(Type.Enum(['SRT', 'VTT', 'JSON', 'CSV'])) });

const SESSIONS = '/:app_id/sessions';
const SESSION = `${SESSIONS}/:session_id`;

/** The routes of sessions. */
export function sessionRoutes({ store, clock, chatLinks }: ResourceDeps): Route[] {
  const requireSession = async (app: App, ids: PathIds): Promise<SessionRecord> => {
    const id = requireId(ids, 'session_id');
    const session = await store.sessions.find(app.appId, id, clock.now());
    if (!session) throw notFound('session', id);
    return session;
  };
  /** Creates a route for a file of a session that this server never produces. */
  const absent = (file: 'transcript' | 'summary', query = Type.Object({})): Route =>
    defineRoute({
      method: 'GET',
      path: `${SESSION}/${file}`,
      status: 404,
      query,
      async handle({ caller, ids }) {
        const { id } = await requireSession(requireApp(caller), ids);
        throw new ApiError(404, `No ${file} found for session_id ${id}`);
      },
    });

  return [
    defineRoute({
      method: 'GET',
      path: SESSIONS,
      query: LIST,
      async handle({ caller, query }) {
        const app = requireApp(caller);
        const page = pageOf(query);
        const nowMs = clock.now();
        const { items, totalCount } = await store.sessions.list(app.appId, filterOf(query), page, nowMs);
        return {
          data: { sessions: items.map((session) => showSession(app, session, nowMs)) },
          paging: pagingOf(page, items.length, totalCount),
        };
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${SESSIONS}/peer-report/:peer_id`,
      query: PEER_REPORT,
      async handle({ caller, ids, query }) {
        const id = requireId(ids, 'peer_id');
        const peer = await store.sessions.findPeerOfApp(requireApp(caller).appId, id);
        const report = { metadata: {}, quality: {} };
        const facts = showPeer(requirePeer(peer, id), clock.now(), query.include_peer_events === 'true');
        const { presetName: role = '', sessionId } = peer ?? {};
        return { data: { participant: { ...facts, role, session_id: sessionId, peer_report: report } } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: SESSION,
      query: DETAIL,
      async handle({ caller, ids }) {
        const app = requireApp(caller);
        return { data: showSession(app, await requireSession(app, ids), clock.now()) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${SESSION}/participants`,
      query: PEERS,
      async handle({ caller, ids, query }) {
        const { id } = await requireSession(requireApp(caller), ids);
        const page = pageOf(query);
        const nowMs = clock.now();
        const { sort_by: sortBy, sort_order: order } = query;
        const filter = {
          ...(query.search !== undefined && { search: query.search }),
          ...(sortBy !== undefined && { sortBy }),
          ...(order !== undefined && { ascending: order === 'ASC' }),
        };
        const { items, totalCount } = await store.sessions.peers(id, filter, page, nowMs);
        const withEvents = query.include_peer_events === 'true';
        const participants = items.map((peer) => showParticipant(peer, nowMs, withEvents));
        // Clients look for it in either place.
        const paging = pagingOf(page, items.length, totalCount);
        return { data: { participants, paging }, paging };
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${SESSION}/participants/:participant_id`,
      query: PEER,
      async handle({ caller, ids, query }) {
        const session = await requireSession(requireApp(caller), ids);
        const id = requireId(ids, 'participant_id');
        const peer = requirePeer(await store.sessions.findPeer(session.id, id), id);
        return { data: { participant: showParticipant(peer, clock.now(), query.include_peer_events === 'true') } };
      },
    }),
    defineRoute({
      method: 'GET',
      path: `${SESSION}/chat`,
      async handle({ caller, ids }) {
        const app = requireApp(caller);
        const session = await requireSession(app, ids);
        if (!session.chat) throw new ApiError(404, `No chat found for session_id ${session.id}`);
        const { url, expiresAtMs } = chatLinks.of(app, session.id);
        return { data: { chat_download_url: url, chat_download_url_expiry: isoTime(expiresAtMs) } };
      },
    }),
    absent('transcript', TRANSCRIPT),
    absent('summary'),
  ];
}

function requirePeer(peer: SessionPeerRecord | undefined, id: string): SessionPeerRecord {
  if (!peer) throw notFound('participant', id);
  return peer;
}

function filterOf(query: Static<typeof LIST>): SessionFilter {
  const { associated_id: meetingId, status, start_time: start, end_time: end, sort_order: order } = query;
  return {
    ...(meetingId !== undefined && { meetingId }),
    ...(status !== undefined && { isLive: status === 'LIVE' }),
    ...(query.search !== undefined && { search: query.search }),
    ...rangeOf(query.participants),
    ...(start !== undefined && { fromMs: Date.parse(start) }),
    ...(end !== undefined && { untilMs: Date.parse(end) }),
    ...(query.sort_by !== undefined && { sortBy: query.sort_by === 'createdAt' ? 'startedAt' : 'memberMs' }),
    ascending: order === 'ASC',
  };
}

/** Parses a range such as `1:10`, `5:` or `:3`. */
function rangeOf(text: string | undefined): Pick<SessionFilter, 'minUsers' | 'maxUsers'> {
  if (text === undefined) return {};
  const [min = '', max = ''] = text.split(':');
  if (min !== '' && max !== '' && Number(min) > Number(max))
    throw badRequest('"participants" must be a range such as 1:10');
  return { ...(min !== '' && { minUsers: Number(min) }), ...(max !== '' && { maxUsers: Number(max) }) };
}
