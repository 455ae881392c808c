/**
 * Converts custom messages of applications to commands.
 *
 * @module
 */

import { byteLength, GavelError, MAX_BYTES, type MemberId, type Params } from '@gavel/protocol';
import type { CommandOf } from '../rooms/commands.ts';
import { requireShort } from './texts.ts';

/** Types that only the server may send. */
const RESERVED_TYPES: ReadonlySet<string> = new Set(['spotlight']);

/**
 * Converts a request to send a custom message to a command.
 *
 * @throws GavelError `text.too-long` for a type of more than 64 bytes, `message.too-long` for a payload of more than
 *   8,192 bytes, `member.not-allowed` for a reserved type (CUST-2)
 */
export function customMessageCommand(memberId: MemberId, params: Params<'sendCustom'>): CommandOf<'sendCustom'> {
  const { type: messageType, payload, to, toProfile } = params;
  requireShort(messageType, MAX_BYTES.customType);
  if (RESERVED_TYPES.has(messageType))
    throw new GavelError('member.not-allowed', `message type "${messageType}" is reserved`);
  if (byteLength(JSON.stringify(payload)) > MAX_BYTES.customPayload) {
    throw new GavelError('message.too-long', `the payload can have at most ${MAX_BYTES.customPayload} bytes`);
  }
  return {
    type: 'sendCustom',
    memberId,
    messageType,
    payload,
    ...(to && { to: to as MemberId[] }),
    ...(toProfile && { toProfile }),
  };
}
