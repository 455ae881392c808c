/**
 * DescribeForbidUserRules: the bans of one type that are in force, or ended within the last day (BAN; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { defineAction } from './action.ts';
import { LIST_OF_RULE_TYPE, PRIVILEGES, RULE_TYPE } from './user-rule.ts';

const NUMBERS = Object.entries(PRIVILEGES).map(([number, name]) => [Number(number), name] as const);

/** Lists the bans of one type, in the order in which they were set. */
export const describeForbidUserRules = defineAction({
  name: 'DescribeForbidUserRules',
  rate: { production: 10, test: 10 },
  parameters: { ruleType: RULE_TYPE },
  refusals: {},
  fault: CODES.failed,
  async run({ ruleType }, call) {
    const list = LIST_OF_RULE_TYPE[ruleType as keyof typeof LIST_OF_RULE_TYPE];
    const RuleList = call.policy.policies
      .bans(call.scope, list)
      .map(({ subject, roomId, privileges, untilMs = 0 }) => ({
        RuleType: ruleType,
        IP: subject.addresses ?? '',
        RoomId: roomId ?? '',
        UserId: subject.userId ?? '',
        DisabledPrivilegeList: NUMBERS.flatMap(([number, name]) => (privileges.includes(name) ? number : [])),
        ExpireTime: Math.ceil(untilMs / 1000),
      }));
    return { RuleList };
  },
});
