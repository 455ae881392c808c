/**
 * Text search, the same in every table.
 *
 * @module
 */

import { type Expression, type SqlBool, sql } from 'kysely';

/** Whether a column has a text in it, whatever the case of ASCII letters. `%` and `_` stand for themselves. */
export function contains(column: Expression<string | null>, text: string): Expression<SqlBool> {
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<SqlBool>`lower(${column}) like lower(${pattern}) escape '\\'`;
}
