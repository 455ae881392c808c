/**
 * Rules in SQL.
 *
 * @module
 */

import type { Kysely, Selectable } from 'kysely';
import type { KeptRule, RuleKeeper, RuleName } from '../../rooms/rule-keeper.ts';
import type { RulesTable, Tables } from './tables.ts';

/** The rules of a database. */
export class SqlRules implements RuleKeeper {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async all(kind: string): Promise<readonly KeptRule[]> {
    const rows = await this.#db.selectFrom('rules').selectAll().where('kind', '=', kind).orderBy('seq').execute();
    return rows.map(ruleOf);
  }

  async put(rules: readonly KeptRule[]): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      for (const rule of rules) {
        // A rule that is set again moves to the end of the list, so it gets a new row.
        await remove(tx, rule);
        await tx.insertInto('rules').values(rowOf(rule)).execute();
      }
    });
  }

  async delete(names: readonly RuleName[]): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      for (const name of names) await remove(tx, name);
    });
  }

  async deleteEnded(nowMs: number): Promise<void> {
    await this.#db.deleteFrom('rules').where('until_ms', '<=', nowMs).execute();
  }
}

async function remove(db: Kysely<Tables>, { appId, environment, kind, subject }: RuleName): Promise<void> {
  await db
    .deleteFrom('rules')
    .where('app_id', '=', appId)
    .where('environment', '=', environment)
    .where('kind', '=', kind)
    .where('subject', '=', subject)
    .execute();
}

function rowOf({ appId, environment, kind, subject, definition, createdAtMs, untilMs }: KeptRule) {
  return {
    app_id: appId,
    environment,
    kind,
    subject,
    definition: JSON.stringify(definition),
    created_at_ms: createdAtMs,
    until_ms: untilMs ?? null,
  };
}

function ruleOf(row: Selectable<RulesTable>): KeptRule {
  return {
    appId: row.app_id,
    environment: row.environment,
    kind: row.kind,
    subject: row.subject,
    definition: JSON.parse(row.definition) as KeptRule['definition'],
    createdAtMs: row.created_at_ms,
    ...(row.until_ms !== null && { untilMs: row.until_ms }),
  };
}
