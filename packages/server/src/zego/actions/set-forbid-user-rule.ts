/**
 * SetForbidUserRule: bans an IP address, a room, a user, or a user in a room (BAN; reference zego 2.5).
 *
 * @module
 */

import { CODES } from '../codes.ts';
import { integerSet, requiredInteger } from '../params.ts';
import { defineAction } from './action.ts';
import { PRIVILEGES, requireScope, SCOPE_PARAMETERS, subjectOfScope } from './user-rule.ts';

/** Bans login, publishing, or both, for up to a day; a repeated call replaces the rule (BAN-6). */
export const setForbidUserRule = defineAction({
  name: 'SetForbidUserRule',
  rate: { production: 10, test: 10 },
  parameters: {
    ...SCOPE_PARAMETERS,
    privileges: integerSet('DisabledPrivilege', { min: 1, max: 2 }),
    seconds: requiredInteger('EffectiveTime', { min: 1, max: 86_400 }),
  },
  check: (params) => void requireScope(params),
  refusals: { 'policy.too-many-rules': CODES.tooManyBans },
  fault: CODES.failed,
  describe: (params) => subjectOfScope(params),
  async run({ privileges, seconds, ...scope }, call) {
    const untilMs = call.clock.now() + seconds * 1000;
    const names = privileges.map((number) => PRIVILEGES[number as keyof typeof PRIVILEGES]);
    const ban = { kind: 'ban', ...requireScope(scope), privileges: names, untilMs, reason: '' } as const;
    await call.policy.execute(call.scope, { type: 'setRules', rules: [ban] }, call.origin);
    // The first whole second after the ban.
    return { ExpireTime: Math.ceil(untilMs / 1000) };
  },
});
