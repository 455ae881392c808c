/**
 * Rooms, people and streams at the admin API.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { APP_ID, appIdOf, CLOSED, ENVIRONMENT, NEXT, orNull, PAGE_QUERY, TIME_MS } from './common.ts';

const COUNT = Type.Integer({ minimum: 0 });
const ROOM_ID = Type.String({ minLength: 1, maxLength: 128 });
const SEARCH = Type.String({ minLength: 1, maxLength: 128 });

/** Identifies a room; an id of a room in another App or environment is another room. */
export const ROOM_KEY = Type.Object({ appId: APP_ID, environment: ENVIRONMENT, roomId: ROOM_ID });

/** The path parameters of a room. */
export const ROOM_PATH = Type.Object(ROOM_KEY.properties, CLOSED);
/** The path parameters of a room. */
export type RoomPath = Static<typeof ROOM_PATH>;

/** What rooms can be sorted by. */
export const ROOM_SORT = Type.Union(
  [Type.Literal('room'), Type.Literal('members'), Type.Literal('streams'), Type.Literal('created')],
  { default: 'created', description: 'What rooms are sorted by. Default: `created`.' },
);
/** What rooms can be sorted by. */
export type RoomSort = Static<typeof ROOM_SORT>;

/** Selects a page of rooms. */
export const ROOM_LIST_QUERY = Type.Object(
  {
    appId: Type.Optional(appIdOf('Only rooms of this App.')),
    environment: Type.Optional(ENVIRONMENT),
    search: Type.Optional({ ...SEARCH, description: 'A part of the room id, ignoring case.' }),
    sort: Type.Optional(ROOM_SORT),
    order: Type.Optional(
      Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
        default: 'desc',
        description: 'Ascending or descending. Default: `desc`.',
      }),
    ),
    ...PAGE_QUERY,
  },
  CLOSED,
);
/** Selects a page of rooms. */
export type RoomListQuery = Static<typeof ROOM_LIST_QUERY>;

/** A room in a list. */
export const ROOM_ITEM = Type.Object({
  ...ROOM_KEY.properties,
  epoch: Type.String({ description: 'Identifies this life of the room; decimal digits.' }),
  createdAtMs: TIME_MS,
  memberCount: COUNT,
  peakMemberCount: { ...COUNT, description: 'The most members at a time so far.' },
  streamCount: COUNT,
  waitingCount: { ...COUNT, description: 'Number of users that wait for admission.' },
});
/** A room in a list. */
export type RoomItem = Static<typeof ROOM_ITEM>;

/** A page of rooms. */
export const ROOM_LIST = Type.Object({
  rooms: Type.Array(ROOM_ITEM),
  totalCount: { ...COUNT, description: 'Number of rooms on all pages.' },
  next: NEXT,
});
/** A page of rooms. */
export type RoomList = Static<typeof ROOM_LIST>;

/** Selects a page of people. */
export const PEOPLE_QUERY = Type.Object(
  {
    appId: Type.Optional(appIdOf('Only people in rooms of this App.')),
    environment: Type.Optional(ENVIRONMENT),
    search: Type.Optional({ ...SEARCH, description: 'A part of the user id or the name, ignoring case.' }),
    ...PAGE_QUERY,
  },
  CLOSED,
);
/** Selects a page of people. */
export type PeopleQuery = Static<typeof PEOPLE_QUERY>;

/** Selects a page of the people of one room. */
export const ROOM_PEOPLE_QUERY = Type.Object(
  { search: PEOPLE_QUERY.properties.search, limit: PAGE_QUERY.limit, cursor: PAGE_QUERY.cursor },
  CLOSED,
);
/** Selects a page of the people of one room. */
export type RoomPeopleQuery = Static<typeof ROOM_PEOPLE_QUERY>;

/** A member of a room: one login of one user. */
export const PERSON = Type.Object({
  ...ROOM_KEY.properties,
  memberId: Type.String({ description: 'Identifies the login.' }),
  userId: Type.String(),
  userName: Type.String(),
  externalId: Type.Optional(Type.String({ description: "The user's id in the customer's own system." })),
  joinedAtMs: TIME_MS,
  address: Type.Optional(Type.String({ description: 'The IP address of the client. Absent for viewers.' })),
  scheme: Type.String({ description: 'How it logged in: `app-token` or `participant-token`.' }),
  isDetached: Type.Boolean({ description: 'Whether its connection is lost, and may still be resumed.' }),
  isHidden: Type.Boolean({ description: 'Whether other members cannot see it.' }),
});
/** A member of a room. */
export type Person = Static<typeof PERSON>;

/** A page of people. */
export const PERSON_LIST = Type.Object({
  people: Type.Array(PERSON, {
    description: 'Can have fewer entries than `limit`, also none, where a search continues on the next page.',
  }),
  next: NEXT,
});
/** A page of people. */
export type PersonList = Static<typeof PERSON_LIST>;

/** What is known of the network of one stream. */
export const STREAM_MEDIA = Type.Object({
  state: Type.Union([Type.Literal('connecting'), Type.Literal('connected'), Type.Literal('lost')]),
  audioBps: { ...COUNT, description: 'Bits per second that the publisher sends.' },
  videoBps: { ...COUNT, description: 'Bits per second that the publisher sends, over all layers.' },
  subscriberCount: { ...COUNT, description: 'Number of members that receive it.' },
  packets: { ...COUNT, description: 'Packets received from the publisher.' },
  lostPackets: { ...COUNT, description: 'Packets detected as missing.' },
});
/** What is known of the network of one stream. */
export type StreamMedia = Static<typeof STREAM_MEDIA>;

/** A live stream. */
export const STREAM_ITEM = Type.Object({
  streamId: Type.String(),
  userId: Type.String(),
  userName: Type.String(),
  memberId: Type.Optional(Type.String({ description: 'Absent if a backend announced the stream.' })),
  source: Type.String({ description: '`camera` or `screen`.' }),
  title: Type.String(),
  createdAtMs: TIME_MS,
  audio: Type.Boolean({ description: 'Whether its publisher has audio on.' }),
  video: Type.Boolean({ description: 'Whether its publisher has video on.' }),
  blocked: Type.Object(
    { audio: Type.Boolean(), video: Type.Boolean() },
    { description: 'The kinds that a rule holds back from all players.' },
  ),
  muted: Type.Object(
    { audio: Type.Boolean(), video: Type.Boolean() },
    { description: 'The kinds that a host or a backend muted.' },
  ),
  media: orNull(STREAM_MEDIA, 'Null if no media of the stream has arrived.'),
});
/** A live stream. */
export type StreamItem = Static<typeof STREAM_ITEM>;

/** A user that waits for admission. */
export const WAITING_ITEM = Type.Object({
  memberId: Type.String({ description: 'The id that it will have as a member.' }),
  userId: Type.String(),
  userName: Type.String(),
  sinceMs: TIME_MS,
});
/** A user that waits for admission. */
export type WaitingItem = Static<typeof WAITING_ITEM>;

/** One room. Its people are a list of their own. */
export const ROOM_DETAIL = Type.Object({
  room: orNull(ROOM_ITEM, 'Null if users only wait for admission.'),
  streams: Type.Array(STREAM_ITEM),
  waiting: Type.Array(WAITING_ITEM),
});
/** One room. Its people are a list of their own. */
export type RoomDetail = Static<typeof ROOM_DETAIL>;

/** Somebody who is hit by a call. */
export const AFFECTED_PERSON = Type.Object({
  ...ROOM_KEY.properties,
  memberId: Type.String(),
  userId: Type.String(),
  userName: Type.String(),
  address: Type.Optional(Type.String()),
  isWaiting: Type.Boolean({ description: 'Whether it waits for admission.' }),
});
/** Somebody who is hit by a call. */
export type AffectedPerson = Static<typeof AFFECTED_PERSON>;
