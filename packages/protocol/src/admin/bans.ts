/**
 * Bans at the admin API.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { APP_ID, CLOSED, DRY_RUN, ENVIRONMENT, NEXT, orNull, PAGE_QUERY, REASON, TIME_MS } from './common.ts';
import { AFFECTED_PERSON } from './rooms.ts';

const ROOM_ID = Type.String({ minLength: 1, maxLength: 128 });
const USER_ID = Type.String({ minLength: 1, maxLength: 64 });
const ADDRESSES = Type.String({ minLength: 2, maxLength: 64 });
const PRIVILEGE = Type.Union([Type.Literal('login'), Type.Literal('publish')]);
/** An environment of an App, whose bans apply to none else. */
export const SCOPE_PATH = Type.Object({ appId: APP_ID, environment: ENVIRONMENT }, CLOSED);
/** An environment of an App. */
export type ScopePath = Static<typeof SCOPE_PATH>;

/** A ban, in force or ended. */
export const BAN = Type.Object({
  id: Type.String(),
  appId: APP_ID,
  environment: ENVIRONMENT,
  list: Type.String({
    description:
      '`moderation`: set by the admin API, or with a kick. `address`, `room`, `user`, `room-user`: set by a backend, one per subject.',
  }),
  roomId: Type.Optional(Type.String({ description: 'Absent: in all rooms of the App and environment.' })),
  userId: Type.Optional(Type.String()),
  addresses: Type.Optional(Type.String({ description: 'An IP address, or a range such as `198.51.100.0/24`.' })),
  privileges: Type.Array(PRIVILEGE, { description: 'What is forbidden.' }),
  reason: Type.String(),
  author: Type.String({ description: 'Who has set it.' }),
  createdAtMs: TIME_MS,
  untilMs: Type.Optional({ ...TIME_MS, description: 'Milliseconds since the Unix epoch. Absent: for good.' }),
  isInForce: Type.Boolean(),
  lifted: Type.Optional(
    Type.Object(
      { atMs: TIME_MS, by: Type.String(), reason: Type.String() },
      { description: 'Who has ended it early.' },
    ),
  ),
});
/** A ban, in force or ended. */
export type BanItem = Static<typeof BAN>;

/** Selects a page of bans. */
export const BAN_LIST_QUERY = Type.Object(
  {
    state: Type.Optional(
      Type.Union([Type.Literal('in-force'), Type.Literal('all')], {
        default: 'in-force',
        description: '`all`: also those that have ended or were lifted in the last 90 days. Default: `in-force`.',
      }),
    ),
    ...PAGE_QUERY,
  },
  CLOSED,
);
/** Selects a page of bans. */
export type BanListQuery = Static<typeof BAN_LIST_QUERY>;

/** A page of bans, latest change first. */
export const BAN_LIST = Type.Object({
  bans: Type.Array(BAN, {
    description: 'Can have fewer entries than `limit`, also none, where the list continues on the next page.',
  }),
  next: NEXT,
});
/** A page of bans. */
export type BanList = Static<typeof BAN_LIST>;

/** Sets a ban. */
export const BAN_BODY = Type.Object(
  {
    roomId: Type.Optional({ ...ROOM_ID, description: 'Absent: in all rooms of the App and environment.' }),
    userId: Type.Optional({
      ...USER_ID,
      description: 'The user, or the user with this id in the customer’s own system.',
    }),
    addresses: Type.Optional({
      ...ADDRESSES,
      description: 'An IP address, or a range. With `userId` too: whoever is either.',
    }),
    privileges: Type.Optional(
      Type.Array(PRIVILEGE, { minItems: 1, maxItems: 2, uniqueItems: true, description: 'Default: both.' }),
    ),
    seconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 3_153_600_000, description: 'How long. Absent: for good.' }),
    ),
    reason: REASON,
    removesPresent: Type.Optional(
      Type.Boolean({ description: 'Also puts out whoever is covered and present. Default: false.' }),
    ),
    dryRun: DRY_RUN,
  },
  CLOSED,
);
/** Sets a ban. */
export type BanBody = Static<typeof BAN_BODY>;

/** The result of setting a ban. */
export const BAN_RESULT = Type.Object({
  isDryRun: Type.Boolean(),
  ban: orNull(BAN, 'The ban that was set; null in a dry run.'),
  covered: Type.Array(AFFECTED_PERSON, {
    description: 'Who is present and covered by the ban, at the time of the call.',
  }),
});
/** The result of setting a ban. */
export type BanResult = Static<typeof BAN_RESULT>;

/** The path parameters of a ban. */
export const BAN_PATH = Type.Object(
  { ...SCOPE_PATH.properties, id: Type.String({ minLength: 1, maxLength: 64 }) },
  CLOSED,
);
/** The path parameters of a ban. */
export type BanPath = Static<typeof BAN_PATH>;

/** Lifts a ban. */
export const LIFT_BODY = Type.Object({ reason: REASON }, CLOSED);
/** Lifts a ban. */
export type LiftBody = Static<typeof LIFT_BODY>;

/** A ban that was lifted. */
export const LIFTED = Type.Object({ ban: BAN });
