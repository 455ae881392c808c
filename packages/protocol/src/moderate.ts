/**
 * What a member may ask to be done to others.
 *
 * @module
 */

import { Type } from 'typebox';
import { pollRightsChange } from './polls.ts';

const closed = { additionalProperties: false } as const;
/** Sound on every stream, video of cameras, and whole screens. */
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
  /** Takes one member out. */
  Type.Object({ action: Type.Literal('kick'), memberId }, closed),
  /** Changes what users may do, on all of their logins in this life of the room. */
  Type.Object(
    {
      action: Type.Literal('setPermissions'),
      memberIds: Type.Array(memberId, { minItems: 1, maxItems: 500 }),
      changes: permissionChanges,
    },
    closed,
  ),
  /** Pins one member for everybody, or takes the pin off it. */
  Type.Object({ action: Type.Literal('pin'), memberId, pinned: Type.Boolean() }, closed),
  /** Lets in who waits, or turns it away; those of the list who do not wait any more are passed over. */
  Type.Object(
    {
      action: Type.Union([Type.Literal('accept'), Type.Literal('reject')]),
      memberIds: Type.Array(memberId, { minItems: 1, maxItems: 500 }),
    },
    closed,
  ),
  /** Takes everybody out and closes the room. */
  Type.Object({ action: Type.Literal('kickAll') }, closed),
  Type.Object(
    {
      action: Type.Literal('mute'),
      /** Absent is everybody else. */
      memberId: Type.Optional(memberId),
      kinds: mutedKinds,
      /** Whether they may switch these on again; default true. */
      allowUnmute: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
]);
