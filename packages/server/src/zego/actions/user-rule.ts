/**
 * Shared parts of the Actions for user bans: the four rule types, and how a rule identifies its target
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

/** Validation of the rule type. */
export const RULE_TYPE = requiredInteger('RuleType', { min: 1, max: 4 });

/** Longer than the longest text of an IPv6 address. */
const MAX_ADDRESS_BYTES = 64;

/** An address with an IPv6 zone identifies an interface of one machine and is not a client address (ADDR-1). */
const parseClientAddress = (text: string): string | undefined => (text.includes('%') ? undefined : parseAddress(text));

/** The parameters that identify the target of a rule. */
export const SCOPE_PARAMETERS = {
  ruleType: RULE_TYPE,
  address: optionalValue('IP', { maxBytes: MAX_ADDRESS_BYTES, parse: parseClientAddress }),
  roomId: optionalValue('RoomId', ROOM_ID),
  userId: optionalValue('UserId', USER_ID),
} as const;

/** The values of these parameters. */
export interface ScopeParameters {
  readonly ruleType: number;
  readonly address: string | undefined;
  readonly roomId: RoomId | undefined;
  readonly userId: UserId | undefined;
}

/** Returns the scope of a call. @throws Refusal 2 if a parameter that its rule type needs is missing */
export function requireScope({ ruleType, address, roomId, userId }: ScopeParameters): BanScope {
  const type = SCOPE_OF_RULE_TYPE[ruleType as keyof typeof SCOPE_OF_RULE_TYPE];
  if (type === 'address' && address !== undefined) return { type, address };
  if (type === 'room' && roomId !== undefined) return { type, roomId };
  if (type === 'user' && userId !== undefined) return { type, userId };
  if (type === 'room-user' && roomId !== undefined && userId !== undefined) return { type, roomId, userId };
  throw new Refusal(CODES.parameterWrong, `A rule of type ${ruleType} needs IP, RoomId or UserId as documented.`);
}

/** Returns the target of a rule change, for the audit log. */
export function subjectOfScope(params: ScopeParameters): Subject {
  const scope = requireScope(params);
  return {
    ...('roomId' in scope && { room: scope.roomId }),
    targets: 'address' in scope ? [scope.address] : 'userId' in scope ? [scope.userId] : [],
    reason: '',
  };
}
