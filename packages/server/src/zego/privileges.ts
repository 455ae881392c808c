/**
 * The privileges in a token's payload (AUTH-1; reference zego 5.3).
 *
 * @module
 */

import { GavelError, parseStreamId, type StreamId } from '@gavel/protocol';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** The privileges of a token's payload. */
export interface Privileges {
  /** The only room that the token is valid for; undefined means any room. */
  readonly roomId?: string;
  readonly mayLogin: boolean;
  readonly mayPublish: boolean;
  /** The only streams that the user may publish; undefined means any stream. */
  readonly streamIds?: readonly StreamId[];
}

const choice = Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1)]));
const PAYLOAD = Type.Object({
  room_id: Type.Optional(Type.String()),
  /** 1 is login, 2 is publishing; privileges that are not listed are allowed. */
  privilege: Type.Optional(Type.Union([Type.Object({ 1: choice, 2: choice }), Type.Null()])),
  stream_id_list: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
});

/**
 * Parses a payload; an empty one restricts nothing.
 *
 * @throws GavelError `login.bad-credential` if the payload does not have the documented format: a restriction that cannot be read
 *   must not be ignored
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
    // An invalid stream id allows nothing; a list of only invalid ids is still a restriction.
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
