/**
 * Rules in SQL.
 *
 * @module
 */

import type { Kysely, Selectable } from 'kysely';
import type { AppScope } from '../../base/app-scope.ts';
import type { RuleRepository } from '../../policy/repository.ts';
import type { NewRule, Rule, RuleFacts } from '../../policy/rule.ts';
import type { PolicyRulesTable, Tables } from './tables.ts';

/** The rules of a database. */
export class SqlRules implements RuleRepository {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async current(endedAfterMs: number): Promise<readonly Rule[]> {
    const rows = await this.#db
      .selectFrom('policy_rules')
      .selectAll()
      .where('lifted_at_ms', 'is', null)
      .where(({ eb, or }) => or([eb('until_ms', 'is', null), eb('until_ms', '>', endedAfterMs)]))
      .orderBy('version')
      .execute();
    return rows.map(ruleOf);
  }

  async versions(): Promise<readonly (AppScope & { readonly version: number })[]> {
    const rows = await this.#db
      .selectFrom('policy_rules')
      .select(({ fn }) => ['app_id', 'environment', fn.max('version').as('version')])
      .groupBy(['app_id', 'environment'])
      .execute();
    return rows.map(({ app_id, environment, version }) => ({ appId: app_id, environment, version }));
  }

  async put(rules: readonly Rule[]): Promise<void> {
    await this.#db.transaction().execute((tx) => putRules(tx, rules));
  }

  async find({ appId, environment }: AppScope, id: string): Promise<Rule | undefined> {
    const row = await this.#db
      .selectFrom('policy_rules')
      .selectAll()
      .where('id', '=', id)
      .where('app_id', '=', appId)
      .where('environment', '=', environment)
      .executeTakeFirst();
    return row && ruleOf(row);
  }

  async bans(
    { appId, environment }: AppScope,
    { before = Number.MAX_SAFE_INTEGER, limit }: { readonly before?: number; readonly limit: number },
  ): Promise<readonly Rule[]> {
    const rows = await this.#db
      .selectFrom('policy_rules')
      .selectAll()
      .where('kind', '=', 'ban')
      .where('app_id', '=', appId)
      .where('environment', '=', environment)
      .where('version', '<', before)
      .orderBy('version', 'desc')
      .limit(limit)
      .execute();
    return rows.map(ruleOf);
  }

  async deleteEnded(beforeMs: number): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await tx.deleteFrom('policy_rules').where('lifted_at_ms', '<', beforeMs).execute();
      await tx.deleteFrom('policy_rules').where('lifted_at_ms', 'is', null).where('until_ms', '<', beforeMs).execute();
    });
  }
}

/** Stores rules in the caller's transaction. A rule replaces the row with its id. */
export async function putRules(tx: Kysely<Tables>, rules: readonly Rule[]): Promise<void> {
  for (const rule of rules) {
    const { id, ...row } = rowOf(rule);
    await tx
      .insertInto('policy_rules')
      .values({ id, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute();
  }
}

function rowOf(rule: Rule): PolicyRulesTable {
  const { id, appId, environment, version, kind, author, reason, createdAtMs, untilMs, lifted, ...definition } = rule;
  return {
    id,
    app_id: appId,
    environment,
    version,
    kind,
    definition: JSON.stringify(definition),
    author,
    reason,
    created_at_ms: createdAtMs,
    until_ms: untilMs ?? null,
    lifted_at_ms: lifted?.atMs ?? null,
    lifted_by: lifted?.by ?? null,
    lift_reason: lifted?.reason ?? null,
  };
}

function ruleOf(row: Selectable<PolicyRulesTable>): Rule {
  const { lifted_at_ms: atMs, lifted_by: by, lift_reason: reason } = row;
  const facts: RuleFacts & Pick<NewRule, 'reason' | 'untilMs'> = {
    id: row.id,
    appId: row.app_id,
    environment: row.environment,
    version: row.version,
    author: row.author,
    reason: row.reason,
    createdAtMs: row.created_at_ms,
    ...(row.until_ms !== null && { untilMs: row.until_ms }),
    ...(atMs !== null && { lifted: { atMs, by: by ?? '', reason: reason ?? '' } }),
  };
  // The row is of the kind that wrote its definition.
  return { ...JSON.parse(row.definition), kind: row.kind, ...facts } as Rule;
}
