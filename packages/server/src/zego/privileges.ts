/**
 * The privileges in a token's payload (AUTH-1; reference zego 5.3).
 *
 * @module
 */

import { GavelError, parseStreamId, type StreamId } from '@gavel/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** What a token's payload allows. */
export interface Privileges {
  /** The only room it is good for; undefined is any. */
  readonly roomId?: string;
  readonly mayLogin: boolean;
  readonly mayPublish: boolean;
  /** The only streams it may publish; undefined is any. */
  readonly streamIds?: readonly StreamId[];
}

const choice = Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1)]));
const PAYLOAD = Type.Object({
  room_id: Type.Optional(Type.String()),
  /** 1 is logging in, 2 is publishing; what is not named is allowed. */
  privilege: Type.Optional(Type.Union([Type.Object({ 1: choice, 2: choice }), Type.Null()])),
  stream_id_list: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
});

/**
 * Reads a payload; an empty one restricts nothing.
 *
 * @throws GavelError `login.bad-credential` if it is not of the documented shape: a restriction that cannot be read
 *   must not be passed over
 */
export function parsePrivileges(payload: string): Privileges {
  if (payload === '') return { mayLogin: true, mayPublish: true };
  const value = parseJson(payload);
  if (!Value.Check(PAYLOAD, value)) {
    throw new GavelError('login.bad-credential', 'The payload of the token does not have the documented format.');
  }
  const listed = value.stream_id_list ?? [];
  return {
    ...(value.room_id && { roomId: value.room_id }),
    mayLogin: value.privilege?.[1] !== 0,
    mayPublish: value.privilege?.[2] !== 0,
    // An id that none can be published under allows nothing; a list of only such ids still is a restriction.
    ...(listed.length > 0 && { streamIds: listed.flatMap((id) => parseStreamId(id) ?? []) }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
