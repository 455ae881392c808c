/**
 * Acting on rooms at the admin API: kick, close, mute, and the end of a stream.
 *
 * @module
 */

import { type Static, Type } from 'typebox';
import { BAN } from './bans.ts';
import { CLOSED, DRY_RUN, REASON } from './common.ts';
import { AFFECTED_PERSON, ROOM_PATH } from './rooms.ts';

const USER_IDS = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 500 });
const MEMBER_IDS = Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { minItems: 1, maxItems: 500 });

/** Who is meant: users with all of their logins, and single logins. */
export const PEOPLE_NAMED = {
  userIds: Type.Optional({ ...USER_IDS, description: 'Users, with all of their logins.' }),
  memberIds: Type.Optional({ ...MEMBER_IDS, description: 'Single logins, also of users that wait for admission.' }),
};

/** Puts people out of a room. */
export const KICK_BODY = Type.Object(
  {
    ...PEOPLE_NAMED,
    allBut: Type.Optional(
      Type.Object(PEOPLE_NAMED, {
        ...CLOSED,
        description: 'Everybody in the room at the time of the call but these; instead of `userIds` and `memberIds`.',
      }),
    ),
    reason: REASON,
    ban: Type.Optional(
      Type.Object(
        {
          of: Type.Union([Type.Literal('user'), Type.Literal('address'), Type.Literal('both')], {
            description: '`user`, everybody at the `address` of its login, or whoever is either.',
          }),
          in: Type.Union([Type.Literal('room'), Type.Literal('app')], {
            description: 'In this room, or in all rooms of the App and environment.',
          }),
          seconds: Type.Optional(
            Type.Integer({ minimum: 1, maximum: 3_153_600_000, description: 'How long. Absent: for good.' }),
          ),
        },
        { ...CLOSED, description: 'Whoever is put out is also kept out (BAN-8).' },
      ),
    ),
    dryRun: DRY_RUN,
  },
  CLOSED,
);
/** Puts people out of a room. */
export type KickBody = Static<typeof KICK_BODY>;

const AFFECTED = Type.Array(AFFECTED_PERSON);

/** The result of a kick. */
export const KICK_RESULT = Type.Object({
  isDryRun: Type.Boolean(),
  people: { ...AFFECTED, description: 'Who was put out, or would be.' },
  bans: Type.Array(BAN, { description: 'The bans that were set, by whose id they are lifted; empty in a dry run.' }),
  covered: Type.Optional({
    ...AFFECTED,
    description: 'Only in a dry run with a ban: who else is present and would be kept out from the next login on.',
  }),
});
/** The result of a kick. */
export type KickResult = Static<typeof KICK_RESULT>;

/** Closes a room. */
export const CLOSE_BODY = Type.Object({ reason: REASON, dryRun: DRY_RUN }, CLOSED);
/** Closes a room. */
export type CloseBody = Static<typeof CLOSE_BODY>;

/** Mutes people. */
export const MUTE_BODY = Type.Object(
  {
    ...PEOPLE_NAMED,
    audio: Type.Optional(Type.Boolean({ description: 'Mute audio. Default: false.' })),
    video: Type.Optional(Type.Boolean({ description: 'Mute video of cameras. Default: false.' })),
    screen: Type.Optional(Type.Boolean({ description: 'End screen shares. Default: false.' })),
    allowUnmute: Type.Optional(
      Type.Boolean({ description: 'Whether the users may unmute themselves. Default: true.' }),
    ),
    reason: REASON,
    dryRun: DRY_RUN,
  },
  CLOSED,
);
/** Mutes people. */
export type MuteBody = Static<typeof MUTE_BODY>;

/** The result of a close or a mute. */
export const ACT_RESULT = Type.Object({
  isDryRun: Type.Boolean(),
  people: { ...AFFECTED, description: 'Who was hit, or would be.' },
});
/** The result of a close or a mute. */
export type ActResult = Static<typeof ACT_RESULT>;

/** The path parameters of a stream. */
export const STREAM_PATH = Type.Object(
  { ...ROOM_PATH.properties, streamId: Type.String({ minLength: 1, maxLength: 256 }) },
  CLOSED,
);
/** The path parameters of a stream. */
export type StreamPath = Static<typeof STREAM_PATH>;

/** The result of the end of a stream. */
export const DELETED_STREAM = Type.Object({
  isDryRun: Type.Boolean(),
  streamId: Type.String(),
});
/** The result of the end of a stream. */
export type DeletedStream = Static<typeof DELETED_STREAM>;
