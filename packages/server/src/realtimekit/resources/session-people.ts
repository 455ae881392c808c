/**
 * Finds and formats the people of an active session (RTK-3, RTK-4, reference 5.4).
 *
 * @module
 */

import { isGavelError, type UserId } from '@gavel/protocol';
import { type Static, Type } from 'typebox';
import type { KickTarget } from '../../rooms/commands.ts';
import type { MemberInfo } from '../../rooms/member.ts';
import type { MeetingRecord, Participant, Store } from '../../store/store.ts';
import { ApiError, badRequest, isoTime, noActiveSession } from '../envelope.ts';
import { type Call, requireApp, requireId } from '../route.ts';

const MAX_IDS = 1000;
const idList = Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: MAX_IDS }));

/** The body of an operation on named people. */
export const NAMED_PEOPLE = Type.Object(
  { participant_ids: idList, custom_participant_ids: idList },
  { additionalProperties: false },
);

/** Finds the meeting of a call. If it does not exist, the vendor's message is that it has no active session. */
export async function requireMeeting(
  store: Pick<Store, 'meetings'>,
  { caller, ids }: Call<unknown, unknown>,
): Promise<MeetingRecord> {
  const id = requireId(ids, 'meeting_id');
  const meeting = await store.meetings.find(requireApp(caller).appId, id);
  if (!meeting) throw noActiveSession(id);
  return meeting;
}

/** Resolves the ids of a call to users of the room. @throws ApiError if the call names nobody */
export async function findTargets(
  store: Pick<Store, 'participants'>,
  meetingId: string,
  body: Static<typeof NAMED_PEOPLE>,
): Promise<KickTarget[]> {
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
    // A participant's id is its user id in the room; users of other doors are named by their own user id.
    ...ids.map((id) => ({ label: id, userIds: [id as UserId] })),
    ...[...users].map(([label, userIds]) => ({ label, userIds })),
  ];
}

/** Converts an error of a command to the error for the caller. */
export function sessionError(error: unknown, meetingId: string): unknown {
  if (isGavelError(error, 'room.not-found')) return noActiveSession(meetingId);
  if (isGavelError(error, 'room.member-not-found')) {
    return new ApiError(404, `No user found with id ${error.details?.label}`);
  }
  return error;
}

/** The fields of a member that are shown. */
export type Person = Pick<MemberInfo, 'user' | 'joinedAtMs'>;

/** Counts the people among members: each person counts once, whatever the number of its connections. */
export const countPeople = (members: readonly Person[]): number => usersOf(members).size;

/** Formats the people among members, each once. */
export async function showPeople(store: Pick<Store, 'participants'>, meetingId: string, members: readonly Person[]) {
  const users = usersOf(members);
  const records = await store.participants.findByIds(meetingId, [...users.keys()]);
  const participants = new Map(records.map((record) => [record.id, record]));
  return [...users.values()].map((member) => showPerson(member, participants.get(member.user.id)));
}

function usersOf(members: readonly Person[]): Map<UserId, Person> {
  const users = new Map<UserId, Person>();
  for (const member of members) if (!users.has(member.user.id)) users.set(member.user.id, member);
  return users;
}

/** Formats a person of the room. Users of other doors have no record; their times are those of joining. */
function showPerson(member: Person, participant: Participant | undefined) {
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
