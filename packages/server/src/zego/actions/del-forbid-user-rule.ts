/**
 * DelForbidUserRule: ends a ban (BAN; reference zego 2.5).
 *
 * @module
 */

import { CODES, Refusal } from '../codes.ts';
import { defineAction } from './action.ts';
import { requireScope, SCOPE_PARAMETERS, subjectOfScope } from './user-rule.ts';

/** Ends the ban of a scope, for all its privileges. */
export const delForbidUserRule = defineAction({
  name: 'DelForbidUserRule',
  rate: { production: 10, test: 10 },
  parameters: SCOPE_PARAMETERS,
  check: (params) => void requireScope(params),
  refusals: {},
  codes: [CODES.banNotFound],
  fault: CODES.failed,
  describe: (params) => subjectOfScope(params),
  async run(params, call) {
    const like = { kind: 'ban', ...requireScope(params), privileges: [], reason: '' } as const;
    const command = { type: 'liftRules', rules: [{ like }], reason: '' } as const;
    const { rules } = await call.policy.execute(call.scope, command, call.origin);
    if (rules.length === 0) throw new Refusal(CODES.banNotFound);
    return undefined;
  },
});
