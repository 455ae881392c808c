/**
 * What the tests of policies share: rules stored in memory.
 *
 * @module
 */

import type { AppScope } from '../base/app-scope.ts';
import type { RuleRepository } from './repository.ts';
import type { Rule } from './rule.ts';

const isOf = (rule: Rule, { appId, environment }: AppScope): boolean =>
  rule.appId === appId && rule.environment === environment;
const hasEndedBefore = ({ lifted, untilMs }: Rule, timeMs: number): boolean =>
  lifted ? lifted.atMs < timeMs : (untilMs ?? Number.POSITIVE_INFINITY) < timeMs;

/** Stores rules in memory; `rows` outlives the policies that are opened on it. */
export class MemoryRules implements RuleRepository {
  readonly rows = new Map<string, Rule>();

  async current(endedAfterMs: number): Promise<readonly Rule[]> {
    const isCurrent = ({ lifted, untilMs }: Rule) => !lifted && (untilMs ?? Number.POSITIVE_INFINITY) > endedAfterMs;
    return [...this.rows.values()].filter(isCurrent).sort((left, right) => left.version - right.version);
  }

  async versions(): Promise<readonly (AppScope & { readonly version: number })[]> {
    const scopes = Map.groupBy(this.rows.values(), ({ appId, environment }) => JSON.stringify([appId, environment]));
    return [...scopes.values()].flatMap(([first, ...rest]) => {
      if (!first) return [];
      const { appId, environment } = first;
      return { appId, environment, version: Math.max(first.version, ...rest.map(({ version }) => version)) };
    });
  }

  async put(rules: readonly Rule[]): Promise<void> {
    for (const rule of rules) this.rows.set(rule.id, structuredClone(rule));
  }

  async find(scope: AppScope, id: string): Promise<Rule | undefined> {
    const rule = this.rows.get(id);
    return rule && isOf(rule, scope) ? rule : undefined;
  }

  async bans(
    scope: AppScope,
    { before = Number.POSITIVE_INFINITY, limit }: { readonly before?: number; readonly limit: number },
  ): Promise<readonly Rule[]> {
    return [...this.rows.values()]
      .filter((rule) => rule.kind === 'ban' && isOf(rule, scope) && rule.version < before)
      .sort((left, right) => right.version - left.version)
      .slice(0, limit);
  }

  async deleteEnded(beforeMs: number): Promise<void> {
    for (const [id, rule] of this.rows) if (hasEndedBefore(rule, beforeMs)) this.rows.delete(id);
  }
}
