/**
 * Lists of rooms and of the people in them, across Apps, page by page.
 *
 * A page never costs more than a bounded part of all people: people are found room by room, and a search stops after
 * `MAX_SCANNED_PEOPLE`. Rooms are few enough to be compared one by one.
 *
 * @module
 */

import { type AppId, compareEpochs, type Environment, type Epoch, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Member, MemberInfo } from '../rooms/member.ts';
import type { Room } from '../rooms/room.ts';
import type { OwnedRoom } from './owned-room.ts';

/** Maximum number of people that one query compares with a search, so that it does not delay the server's other work. */
export const MAX_SCANNED_PEOPLE = 20_000;

/** Selects rooms; an absent field selects all. */
export interface ListScope {
  readonly appIds?: readonly AppId[];
  readonly environment?: Environment;
}

/** What rooms can be sorted by. */
export type RoomSort = 'room' | 'members' | 'streams' | 'created';

/** The place of a room in a sorted list. */
export interface RoomPlace {
  readonly value: string | number;
  /** The text of the room's key. */
  readonly room: string;
}

/** The place of a member in the list of people: rooms in the order of their creation, members in that of their login. */
export interface PersonPlace {
  readonly epoch: Epoch;
  readonly memberId: MemberInfo['memberId'];
  readonly joinedAtMs: number;
}

/** A query about the rooms of several Apps. */
export type ListQuery =
  | {
      readonly type: 'listRooms';
      readonly scope: ListScope;
      /** A part of the room id, ignoring case. */
      readonly search?: string;
      readonly sort: RoomSort;
      readonly isDescending: boolean;
      readonly limit: number;
      /** The place of the last room of the previous page. */
      readonly after?: RoomPlace;
    }
  | {
      readonly type: 'listPeople';
      readonly scope: ListScope;
      /** Only of this room. */
      readonly key?: RoomKey;
      /** A part of the user id or the name, ignoring case. */
      readonly search?: string;
      readonly limit: number;
      /** The place of the last compared member of the previous page. */
      readonly after?: PersonPlace;
    };

/** A room in a list. */
export interface ListedRoom {
  readonly key: RoomKey;
  readonly epoch: Epoch;
  readonly createdAtMs: number;
  readonly memberCount: number;
  readonly peakMemberCount: number;
  readonly streamCount: number;
  readonly waitingCount: number;
}

/** A member in a list. */
export interface ListedPerson {
  readonly key: RoomKey;
  /** The life of the room. */
  readonly epoch: Epoch;
  readonly memberId: MemberInfo['memberId'];
  readonly user: MemberInfo['user'];
  /** The user's id in the customer's own system, if it has one. */
  readonly externalId?: string;
  readonly joinedAtMs: number;
  readonly address: string;
  readonly scheme: string;
  /** Whether its connection is lost, and may still be resumed. */
  readonly isDetached: boolean;
  /** Whether other members cannot see it. */
  readonly isHidden: boolean;
}

/** The answers of the queries. `next` is absent on the last page. */
export interface ListAnswers {
  readonly listRooms: {
    readonly rooms: readonly ListedRoom[];
    /** Number of rooms on all pages. */
    readonly totalCount: number;
    readonly next?: RoomPlace;
  };
  /** A page can have fewer people than its limit, also none, and still have a `next`. */
  readonly listPeople: { readonly people: readonly ListedPerson[]; readonly next?: PersonPlace };
}

interface Candidate extends RoomPlace {
  readonly owned: OwnedRoom;
  readonly live: Room;
}

/** Makes the lists, from the rooms of an owner. */
export class RoomLists {
  readonly #owned: ReadonlyMap<string, OwnedRoom>;

  /** @param owned by the text of the key */
  constructor(owned: ReadonlyMap<string, OwnedRoom>) {
    this.#owned = owned;
  }

  answer(query: ListQuery): ListAnswers[ListQuery['type']] {
    return query.type === 'listRooms' ? this.#listRooms(query) : this.#listPeople(query);
  }

  #listRooms(query: ListQuery & { type: 'listRooms' }): ListAnswers['listRooms'] {
    const { scope, sort, isDescending, limit, after } = query;
    const search = query.search?.toLowerCase();
    const compare = isDescending ? (a: RoomPlace, b: RoomPlace) => comparePlaces(b, a) : comparePlaces;
    const page: Candidate[] = [];
    let totalCount = 0;
    for (const [text, owned] of this.#owned) {
      const live = owned.room;
      if (!live || !isInScope(live.key, scope)) continue;
      if (search !== undefined && !live.key.roomId.toLowerCase().includes(search)) continue;
      totalCount += 1;
      const candidate = { value: sortValueOf(live, sort), room: text, owned, live };
      if (after && compare(candidate, after) <= 0) continue;
      insertSorted(page, candidate, compare, limit + 1);
    }
    const shown = page.slice(0, limit);
    const last = shown.at(-1);
    return {
      rooms: shown.map(({ owned, live }) => describeRoom(owned, live)),
      totalCount,
      ...(page.length > limit && last && { next: { value: last.value, room: last.room } }),
    };
  }

  #listPeople(query: ListQuery & { type: 'listPeople' }): ListAnswers['listPeople'] {
    const { limit, after } = query;
    const search = query.search?.toLowerCase();
    const people: ListedPerson[] = [];
    let scanned = 0;
    for (const room of this.#roomsOf(query)) {
      for (const member of membersAfter(room, after)) {
        scanned += 1;
        if (search === undefined || matches(member, search)) people.push(describePerson(room, member));
        if (people.length < limit && scanned < MAX_SCANNED_PEOPLE) continue;
        const { memberId, joinedAtMs } = member;
        return { people, next: { epoch: room.epoch, memberId, joinedAtMs } };
      }
    }
    return { people };
  }

  /** Returns the rooms whose people a page can have, in the order of their creation. */
  #roomsOf({ scope, key, after }: ListQuery & { type: 'listPeople' }): Room[] {
    const of = key ? [this.#owned.get(roomKeyText(key))] : this.#owned.values();
    const rooms: Room[] = [];
    for (const owned of of) {
      const room = owned?.room;
      if (room && isInScope(room.key, scope) && (!after || compareEpochs(room.epoch, after.epoch) >= 0)) {
        rooms.push(room);
      }
    }
    return rooms.sort((a, b) => compareEpochs(a.epoch, b.epoch));
  }
}

function isInScope(key: RoomKey, { appIds, environment }: ListScope): boolean {
  return (!appIds || appIds.includes(key.appId)) && (!environment || environment === key.environment);
}

function sortValueOf(room: Room, sort: RoomSort): string | number {
  switch (sort) {
    case 'room':
      return room.key.roomId;
    case 'members':
      return room.summary().memberCount;
    case 'streams':
      return room.streamCount;
    case 'created':
      return room.summary().createdAtMs;
  }
}

/** Compares two places of one list: their values are of one type. */
export function comparePlaces(one: RoomPlace, other: RoomPlace): number {
  if (one.value !== other.value) return one.value < other.value ? -1 : 1;
  if (one.room === other.room) return 0;
  return one.room < other.room ? -1 : 1;
}

/** Inserts an item into a sorted list of at most `max` items; the last one goes if there are more. */
function insertSorted<T>(list: T[], item: T, compare: (a: T, b: T) => number, max: number): void {
  const last = list.at(-1);
  if (last !== undefined && list.length >= max && compare(item, last) >= 0) return;
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle];
    if (other !== undefined && compare(other, item) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, item);
  if (list.length > max) list.pop();
}

/** Yields the members of a room that are after a place. If that member has left, members of the same time may be repeated. */
function* membersAfter(room: Room, after: PersonPlace | undefined): Generator<Readonly<Member>> {
  if (!after || room.epoch !== after.epoch) return yield* room.eachMember();
  const isThere = room.findMember(after.memberId) !== undefined;
  let isReached = false;
  for (const member of room.eachMember()) {
    if (isReached) yield member;
    else if (isThere) isReached = member.memberId === after.memberId;
    else if (member.joinedAtMs >= after.joinedAtMs) {
      isReached = true;
      yield member;
    }
  }
}

const matches = ({ user }: Readonly<Member>, search: string): boolean =>
  user.id.toLowerCase().includes(search) || user.name.toLowerCase().includes(search);

/** Returns a room as lists show it. */
export function describeRoom(owned: OwnedRoom, room: Room): ListedRoom {
  const { key, epoch, createdAtMs, memberCount, peakMemberCount } = room.summary();
  const { streamCount } = room;
  return { key, epoch, createdAtMs, memberCount, peakMemberCount, streamCount, waitingCount: owned.waiting().length };
}

function describePerson({ key, epoch }: Room, member: Readonly<Member>): ListedPerson {
  const { memberId, user, externalId, joinedAtMs, address, scheme, link, permissions } = member;
  return {
    key,
    epoch,
    memberId,
    user,
    ...(externalId !== undefined && { externalId }),
    joinedAtMs,
    address,
    scheme,
    isDetached: link.kind === 'detached',
    isHidden: permissions.hidden ?? false,
  };
}
