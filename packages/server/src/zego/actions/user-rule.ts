/**
 * Shared parts of the Actions for user bans: the four rule types, and how a rule identifies its target
 * (reference zego 2.5).
 *
 * @module
 */

import type { RoomId, UserId } from '@gavel/protocol';
import { parseAddress } from '../../addresses/address.ts';
import type { BanList, NewBanRule } from '../../policy/rule.ts';
import type { BanPrivilege } from '../../rooms/bans.ts';
import { CODES, Refusal } from '../codes.ts';
import { optionalValue, requiredInteger } from '../params.ts';
import { ROOM_ID, type Subject, USER_ID } from './action.ts';

/** The list of bans by RuleType. */
export const LIST_OF_RULE_TYPE = { 1: 'address', 2: 'room', 3: 'user', 4: 'room-user' } as const satisfies Record<
  number,
  BanList
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

/** What a rule is about. */
export type RuleScope = Pick<NewBanRule, 'list' | 'subject' | 'roomId'>;

/** Returns what a call is about. @throws Refusal 2 if a parameter that its rule type needs is missing */
export function requireScope({ ruleType, address, roomId, userId }: ScopeParameters): RuleScope {
  const list = LIST_OF_RULE_TYPE[ruleType as keyof typeof LIST_OF_RULE_TYPE];
  if (list === 'address' && address !== undefined) return { list, subject: { addresses: address } };
  if (list === 'room' && roomId !== undefined) return { list, subject: {}, roomId };
  if (list === 'user' && userId !== undefined) return { list, subject: { userId } };
  if (list === 'room-user' && roomId !== undefined && userId !== undefined)
    return { list, subject: { userId }, roomId };
  throw new Refusal(CODES.parameterWrong, `A rule of type ${ruleType} needs IP, RoomId or UserId as documented.`);
}

/** Returns the target of a rule change, for the audit log. */
export function subjectOfScope(params: ScopeParameters): Subject {
  const { subject, roomId } = requireScope(params);
  const target = subject.addresses ?? subject.userId;
  return { ...(roomId !== undefined && { room: roomId }), targets: target === undefined ? [] : [target], reason: '' };
}
