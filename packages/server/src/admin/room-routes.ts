/**
 * Reads rooms in the admin API: the list of rooms, people across rooms, and one room.
 *
 * @module
 */

import { type AppId, type Epoch, type MemberId, parseRoomId, type RoomKey } from '@gavel/protocol';
import {
  type AdminIdentity,
  PEOPLE_QUERY,
  PERSON_LIST,
  type PeopleQuery,
  type Person,
  ROOM_DETAIL,
  ROOM_LIST,
  ROOM_LIST_QUERY,
  ROOM_PATH,
  ROOM_PEOPLE_QUERY,
  type RoomDetail,
  type RoomItem,
  type RoomListQuery,
  type RoomPath,
  type RoomPeopleQuery,
} from '@gavel/protocol/admin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Bus } from '../bus/bus.ts';
import type { ListedPerson, ListedRoom, ListScope, PersonPlace } from '../owner/lists.ts';
import { ALL_ROOMS } from '../owner/queries.ts';
import { callerOf } from './caller.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { AdminError } from './errors.ts';
import { describeResponses } from './responses.ts';
import { maySeeAddresses } from './roles.ts';
import { describeStream, type StreamMeter } from './stream-meter.ts';

/** The dependencies of the routes. */
export interface RoomRouteDeps {
  readonly bus: Pick<Bus, 'query'>;
  readonly meter: StreamMeter;
}

const DEFAULT_LIMIT = 50;
const ROOM_PLACE = Type.Object({ value: Type.Union([Type.String(), Type.Number()]), room: Type.String() });
const PERSON_PLACE = Type.Object({
  epoch: Type.String({ pattern: '^\\d{1,20}$' }),
  memberId: Type.String(),
  joinedAtMs: Type.Number(),
});

/** Adds the routes below `/rooms` that read, and `/people`. */
export function addRoomRoutes(scope: FastifyInstance, { bus, meter }: RoomRouteDeps): void {
  scope.get(
    '/rooms',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists rooms',
        querystring: ROOM_LIST_QUERY,
        response: describeResponses('A page.', ROOM_LIST),
      },
    },
    async (request) => {
      const query = request.query as RoomListQuery;
      const { search, sort = 'created', order = 'desc', limit = DEFAULT_LIMIT, cursor } = query;
      const after = readCursor(ROOM_PLACE, cursor);
      const isNumber = sort !== 'room';
      if (after && (typeof after.value === 'number') !== isNumber) {
        throw new AdminError('invalid-request', 'cursor: is of a list with another order');
      }
      const page = await bus.query(ALL_ROOMS, {
        type: 'listRooms',
        scope: scopeOf(request, query),
        ...(search !== undefined && { search }),
        sort,
        isDescending: order === 'desc',
        limit,
        ...(after && { after }),
      });
      return { rooms: page.rooms.map(describeRoom), totalCount: page.totalCount, next: writeCursor(page.next) };
    },
  );

  scope.get(
    '/people',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists people across rooms: those of older rooms first, in the order in which they joined',
        querystring: PEOPLE_QUERY,
        response: describeResponses('A page.', PERSON_LIST),
      },
    },
    async (request) => listPeople(request, request.query as PeopleQuery),
  );

  scope.get(
    '/rooms/:appId/:environment/:roomId',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Returns a room with its streams and the users that wait for admission',
        params: ROOM_PATH,
        response: describeResponses('The room.', ROOM_DETAIL),
      },
    },
    async (request): Promise<RoomDetail> => {
      const key = readKey(request);
      const [{ room, waiting }, { streams }] = await Promise.all([
        bus.query(key, { type: 'listing' }),
        bus.query(key, { type: 'streams' }),
      ]);
      if (!room && waiting.length === 0) throw new AdminError('not-found', `There is no room ${key.roomId}`);
      const media = streams.length === 0 ? undefined : await meter.read();
      return {
        room: room ? describeRoom(room) : null,
        streams: streams.map((stream) => describeStream(stream, media?.get(stream.publishId))),
        waiting: waiting.map(({ memberId, user, sinceMs }) => ({
          memberId,
          userId: user.id,
          userName: user.name,
          sinceMs,
        })),
      };
    },
  );

  scope.get(
    '/rooms/:appId/:environment/:roomId/people',
    {
      config: { right: 'read' },
      schema: {
        summary: 'Lists the people of a room, in the order in which they joined',
        params: ROOM_PATH,
        querystring: ROOM_PEOPLE_QUERY,
        response: describeResponses('A page; empty if there is no such room.', PERSON_LIST),
      },
    },
    async (request) => listPeople(request, request.query as RoomPeopleQuery, readKey(request)),
  );

  async function listPeople(request: FastifyRequest, query: PeopleQuery, key?: RoomKey) {
    const { search, limit = DEFAULT_LIMIT, cursor } = query;
    const after = readCursor(PERSON_PLACE, cursor);
    const page = await bus.query(ALL_ROOMS, {
      type: 'listPeople',
      scope: scopeOf(request, query),
      ...(key && { key }),
      ...(search !== undefined && { search }),
      limit,
      ...(after && { after: placeOf(after) }),
    });
    const caller = callerOf(request);
    return { people: page.people.map((person) => describePerson(person, caller)), next: writeCursor(page.next) };
  }
}

/** Returns the key of the room that the path names. @throws AdminError `not-found` if no room can have the id */
export function readKey(request: FastifyRequest): RoomKey {
  const { appId, environment, roomId } = request.params as RoomPath;
  const parsed = parseRoomId(roomId);
  if (parsed === undefined) throw new AdminError('not-found', `There is no room ${roomId}`);
  return { appId: appId as AppId, environment, roomId: parsed };
}

/** Returns the Apps whose rooms a list can have: the one that the query names, else those of the caller. */
function scopeOf(request: FastifyRequest, query: Pick<RoomListQuery, 'appId' | 'environment'>): ListScope {
  const { appId, environment } = query;
  const appIds = appId === undefined ? callerOf(request).appIds : [appId];
  return { ...(appIds && { appIds: appIds as AppId[] }), ...(environment && { environment }) };
}

const placeOf = ({
  epoch,
  memberId,
  joinedAtMs,
}: {
  epoch: string;
  memberId: string;
  joinedAtMs: number;
}): PersonPlace => ({
  epoch: epoch as Epoch,
  memberId: memberId as MemberId,
  joinedAtMs,
});

const describeRoom = ({ key, ...figures }: ListedRoom): RoomItem => ({ ...key, ...figures });

/** Returns a person; only those who may ban people see their addresses. */
function describePerson({ key, user, address, ...facts }: ListedPerson, caller: AdminIdentity): Person {
  return {
    ...key,
    ...facts,
    userId: user.id,
    userName: user.name,
    ...(maySeeAddresses(caller) && { address }),
  };
}
