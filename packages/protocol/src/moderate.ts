/**
 * Moderation of members by members: the parameters of `moderate`.
 *
 * @module
 */

import { Type } from 'typebox';
import { pollRightsChange } from './polls.ts';

const closed = { additionalProperties: false } as const;
/** Audio of every stream, video of cameras, and whole screen shares. */
const mutedKinds = Type.Array(Type.Union([Type.Literal('audio'), Type.Literal('video'), Type.Literal('screen')]), {
  minItems: 1,
  maxItems: 3,
});
const memberId = Type.String({ minLength: 1, maxLength: 128 });

const permissionChanges = Type.Object(
  {
    publishAudio: Type.Optional(Type.Boolean()),
    publishVideo: Type.Optional(Type.Boolean()),
    publishScreen: Type.Optional(Type.Boolean()),
    chat: Type.Optional(
      Type.Object(
        {
          sendPublic: Type.Optional(Type.Boolean()),
          sendPrivate: Type.Optional(Type.Boolean()),
          receivePrivate: Type.Optional(Type.Boolean()),
          publicText: Type.Optional(Type.Boolean()),
          privateText: Type.Optional(Type.Boolean()),
          publicFiles: Type.Optional(Type.Boolean()),
          privateFiles: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    polls: Type.Optional(pollRightsChange),
  },
  closed,
);

/** The parameters of `moderate`, by action. */
export const moderate = Type.Union([
  /** Removes one member. */
  Type.Object({ action: Type.Literal('kick'), memberId }, closed),
  /** Changes the permissions of users, on all of their logins in this life of the room. */
  Type.Object(
    {
      action: Type.Literal('setPermissions'),
      memberIds: Type.Array(memberId, { minItems: 1, maxItems: 500 }),
      changes: permissionChanges,
    },
    closed,
  ),
  /** Pins one member for everybody, or unpins it. */
  Type.Object({ action: Type.Literal('pin'), memberId, pinned: Type.Boolean() }, closed),
  /** Admits or rejects users in the waiting room; ids that are no longer waiting are ignored. */
  Type.Object(
    {
      action: Type.Union([Type.Literal('accept'), Type.Literal('reject')]),
      memberIds: Type.Array(memberId, { minItems: 1, maxItems: 500 }),
    },
    closed,
  ),
  /** Grants or denies access to the stage, or takes users off it; users that are not in the room are ignored. */
  Type.Object(
    {
      action: Type.Union([Type.Literal('grantStage'), Type.Literal('denyStage'), Type.Literal('removeFromStage')]),
      userIds: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 500 }),
    },
    closed,
  ),
  /** Removes everybody and closes the room. */
  Type.Object({ action: Type.Literal('kickAll') }, closed),
  Type.Object(
    {
      action: Type.Literal('mute'),
      /** Absent: everybody else. */
      memberId: Type.Optional(memberId),
      kinds: mutedKinds,
      /** Whether those muted may unmute themselves; default true. */
      allowUnmute: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
]);
