/**
 * The active session: who is in a meeting now, and putting them out (RTK-3 to RTK-6, reference 5.4).
 *
 * @module
 */

import { isGavelError, type UserId } from '@gavel/protocol';
import { type Static, Type } from 'typebox';
import type { KickTarget } from '../../rooms/commands.ts';
import { eventsOf, type RoomEvent } from '../../rooms/events.ts';
import type { MemberInfo } from '../../rooms/member.ts';
import type { MeetingRecord, Participant } from '../../store/store.ts';
import { ApiError, badRequest, isoTime, noActiveSession } from '../envelope.ts';
import { type Call, defineRoute, type ResourceDeps, type Route, requireApp, requireId } from '../route.ts';
import { roomOf } from '../session.ts';
import { showSession } from '../sessions/show.ts';

const MAX_IDS = 1000;
const idList = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: MAX_IDS }));
const KICK = Type.Object({ participant_ids: idList, custom_participant_ids: idList }, { additionalProperties: false });

const SESSION = '/:app_id/meetings/:meeting_id/active-session';

/** The routes of the active session. */
export function activeSessionRoutes({ store, rooms, clock }: ResourceDeps): Route[] {
  /** A meeting that does not exist has no session either: the vendor's message for it is the same. */
  const requireMeeting = async ({ caller, ids }: Call<unknown, unknown>): Promise<MeetingRecord> => {
    const id = requireId(ids, 'meeting_id');
    const meeting = await store.meetings.find(requireApp(caller).appId, id);
    if (!meeting) throw noActiveSession(id);
    return meeting;
  };

  /** Turns what a kick names into users of the room. */
  const findTargets = async (meetingId: string, body: Static<typeof KICK>): Promise<KickTarget[]> => {
    const ids = [...new Set(body.participant_ids)];
    const customIds = [...new Set(body.custom_participant_ids)];
    if (ids.length + customIds.length === 0) {
      throw badRequest('"participant_ids" or "custom_participant_ids" must contain at least 1 items');
    }
    const users = new Map<string, UserId[]>(customIds.map((id) => [id, []]));
    for (const { customId, id } of await store.participants.findByCustomIds(meetingId, customIds)) {
      users.get(customId)?.push(id as UserId);
    }
    return [
      // A participant's id is its user id in the room; whoever came in by another door is named by its own user id.
      ...ids.map((id) => ({ label: id, userIds: [id as UserId] })),
      ...[...users].map(([label, userIds]) => ({ label, userIds })),
    ];
  };

  return [
    defineRoute({
      method: 'GET',
      path: SESSION,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(call);
        const app = requireApp(call.caller);
        // While nobody is in, a session may still be continued, but is not active.
        const room = await rooms.summary(roomOf(app.appId, meeting.id));
        const session = room && (await store.sessions.findLive(app.appId, meeting.id, clock.now()));
        if (!session) throw noActiveSession(meeting.id);
        return { data: showSession(app, session, clock.now()) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION}/kick`,
      body: KICK,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(call);
        const targets = await findTargets(meeting.id, call.body);
        const { events } = await rooms
          .execute(
            roomOf(meeting.appId, meeting.id),
            { type: 'kick', targets, require: 'all', reason: '' },
            call.origin,
          )
          .catch((error: unknown) => {
            throw translate(error, meeting.id);
          });
        const kicked = usersLeft(events);
        const records = await store.participants.findByIds(meeting.id, [...kicked.keys()]);
        const participants = new Map(records.map((record) => [record.id, record]));
        return {
          data: {
            action: 'kick',
            participants: [...kicked.values()].map((member) => showKicked(member, participants.get(member.user.id))),
          },
        };
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION}/kick-all`,
      takesAnyId: true,
      async handle(call) {
        const meeting = await requireMeeting(call);
        const { events } = await rooms
          .execute(roomOf(meeting.appId, meeting.id), { type: 'close', reason: '', announce: true }, call.origin)
          .catch((error: unknown) => {
            throw translate(error, meeting.id);
          });
        return { data: { action: 'kick_all', kicked_participants_count: usersLeft(events).size } };
      },
    }),
  ];
}

function translate(error: unknown, meetingId: string): unknown {
  if (isGavelError(error, 'room.not-found')) return noActiveSession(meetingId);
  if (isGavelError(error, 'room.member-not-found')) {
    return new ApiError(404, `No user found with id ${error.details?.label}`);
  }
  return error;
}

/** The people who left, each once, whatever the number of their connections. */
function usersLeft(events: readonly RoomEvent[]): Map<UserId, MemberInfo> {
  const users = new Map<UserId, MemberInfo>();
  for (const { member } of eventsOf(events, 'memberLeft')) {
    if (!users.has(member.user.id)) users.set(member.user.id, member);
  }
  return users;
}

/** A kicked person. Who came in by another door has no record: the times are then those of joining. */
function showKicked(member: MemberInfo, participant: Participant | undefined) {
  const name = participant ? participant.name : member.user.name;
  const picture = participant?.picture;
  return {
    id: member.user.id,
    created_at: isoTime(participant?.createdAtMs ?? member.joinedAtMs),
    updated_at: isoTime(participant?.updatedAtMs ?? member.joinedAtMs),
    ...(name && { name }),
    ...(picture && { picture }),
  };
}
