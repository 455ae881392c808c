/**
 * DescribeUserList: the users of a room, by pages (reference zego 2.3).
 *
 * @module
 */

import type { MemberInfo } from '../../rooms/member.ts';
import { CODES } from '../codes.ts';
import { integer, optionalValue, requiredText } from '../params.ts';
import { defineAction, ROOM_ID } from './action.ts';
import { AUDIENCE_ROLE } from './user-role.ts';

const MAX_PAGE = 200;
/** Longer than the longest marker that this server creates. */
const MAX_MARKER_BYTES = 128;

/** A position in the list, which stays valid if the user at that position has left. */
interface Place {
  readonly joinedAtMs: number;
  readonly userId: string;
}

const placeOf = (member: MemberInfo): Place => ({ joinedAtMs: member.joinedAtMs, userId: member.user.id });

function comparePlaces(a: Place, b: Place): number {
  if (a.joinedAtMs !== b.joinedAtMs) return a.joinedAtMs - b.joinedAtMs;
  if (a.userId === b.userId) return 0;
  return a.userId < b.userId ? -1 : 1;
}

function parseMarker(marker: string): Place | undefined {
  const [, joinedAtMs, userId] = /^(\d{1,16})-(.+)$/s.exec(marker) ?? [];
  return joinedAtMs === undefined || userId === undefined ? undefined : { joinedAtMs: Number(joinedAtMs), userId };
}

/** Returns one row per user, at its earliest login: several logins of one user would make its position ambiguous. */
function usersOf(members: readonly MemberInfo[]): MemberInfo[] {
  const first = new Map<string, MemberInfo>();
  for (const member of members) {
    const known = first.get(member.user.id);
    if (!known || member.joinedAtMs < known.joinedAtMs) first.set(member.user.id, member);
  }
  return [...first.values()];
}

/** Lists the users of a room in the order of their logins; a room that does not exist has none. */
export const describeUserList = defineAction({
  name: 'DescribeUserList',
  rate: { production: 200, test: 200 },
  roomRate: { calls: 1, windowMs: 1000, roomOf: ({ roomId }) => roomId },
  parameters: {
    roomId: requiredText('RoomId', ROOM_ID),
    /** 0 sorts by login time ascending, 1 descending. */
    mode: integer('Mode', { min: 0, max: 1, fallback: 0 }),
    limit: integer('Limit', { min: 0, max: MAX_PAGE, fallback: MAX_PAGE }),
    after: optionalValue('Marker', { maxBytes: MAX_MARKER_BYTES, parse: parseMarker }),
  },
  refusals: {},
  fault: CODES.listFailed,
  async run({ roomId, mode, limit, after }, call) {
    const { room } = await call.bus.query(call.keyOf(roomId), { type: 'snapshot' });
    const sign = mode === 0 ? 1 : -1;
    const compare = (a: Place, b: Place) => sign * comparePlaces(a, b);
    const rest = usersOf(room?.members ?? [])
      .filter((member) => !after || compare(placeOf(member), after) > 0)
      .sort((a, b) => compare(placeOf(a), placeOf(b)));
    // The vendor does not document a limit of 0; here it means the default.
    const page = rest.slice(0, limit || MAX_PAGE);
    const last = page.at(-1);
    return {
      Marker: last && page.length < rest.length ? `${last.joinedAtMs}-${last.user.id}` : '',
      UserList: page.map(({ user }) => ({ UserId: user.id, UserName: user.name, UserRole: AUDIENCE_ROLE })),
    };
  },
});
