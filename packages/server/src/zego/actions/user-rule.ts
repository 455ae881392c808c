/**
 * What the Actions about bans of users share: the four types of rule, and how a rule names whom it is about
 * (reference zego 2.5).
 *
 * @module
 */

import type { RoomId, UserId } from '@gavel/protocol';
import { parseAddress } from '../../addresses/address.ts';
import type { BanPrivilege, BanScope } from '../../rooms/bans.ts';
import { CODES, Refusal } from '../codes.ts';
import { optionalValue, requiredInteger } from '../params.ts';
import { ROOM_ID, type Subject, USER_ID } from './action.ts';

/** The scope of a ban by RuleType. */
export const SCOPE_OF_RULE_TYPE = { 1: 'address', 2: 'room', 3: 'user', 4: 'room-user' } as const satisfies Record<
  number,
  BanScope['type']
>;

/** The privileges by their number. */
export const PRIVILEGES = { 1: 'login', 2: 'publish' } as const satisfies Record<number, BanPrivilege>;

/** How the type of a rule is read. */
export const RULE_TYPE = requiredInteger('RuleType', { min: 1, max: 4 });

/** More than the longest text of an IPv6 address. */
const MAX_ADDRESS_BYTES = 64;

/** An address with an IPv6 zone names an interface of one machine: it is no address of a client (ADDR-1). */
const parseClientAddress = (text: string): string | undefined => (text.includes('%') ? undefined : parseAddress(text));

/** The parameters that name whom a rule is about. */
export const SCOPE_PARAMETERS = {
  ruleType: RULE_TYPE,
  address: optionalValue('IP', { maxBytes: MAX_ADDRESS_BYTES, parse: parseClientAddress }),
  roomId: optionalValue('RoomId', ROOM_ID),
  userId: optionalValue('UserId', USER_ID),
} as const;

/** Those parameters as they were read. */
export interface ScopeParameters {
  readonly ruleType: number;
  readonly address: string | undefined;
  readonly roomId: RoomId | undefined;
  readonly userId: UserId | undefined;
}

/** Returns the scope that a call names. @throws Refusal 2 if a parameter that its type of rule needs is missing */
export function requireScope({ ruleType, address, roomId, userId }: ScopeParameters): BanScope {
  const type = SCOPE_OF_RULE_TYPE[ruleType as keyof typeof SCOPE_OF_RULE_TYPE];
  if (type === 'address' && address !== undefined) return { type, address };
  if (type === 'room' && roomId !== undefined) return { type, roomId };
  if (type === 'user' && userId !== undefined) return { type, userId };
  if (type === 'room-user' && roomId !== undefined && userId !== undefined) return { type, roomId, userId };
  throw new Refusal(CODES.parameterWrong, `A rule of type ${ruleType} needs IP, RoomId or UserId as documented.`);
}

/** What a change of a rule was about. */
export function subjectOfScope(params: ScopeParameters): Subject {
  const scope = requireScope(params);
  return {
    ...('roomId' in scope && { room: scope.roomId }),
    targets: 'address' in scope ? [scope.address] : 'userId' in scope ? [scope.userId] : [],
    reason: '',
  };
}
