/**
 * Text search, the same in every table.
 *
 * @module
 */

import { type Expression, type SqlBool, sql } from 'kysely';

/** Returns whether a column contains a text, ignoring the case of ASCII letters. `%` and `_` have no special meaning. */
export function contains(column: Expression<string | null>, text: string): Expression<SqlBool> {
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const pattern = `%${lower.replace(/[\\%_]/g, '\\$&')}%`;
  return sql<SqlBool>`lower(${column}) like ${pattern} escape '\\'`;
}
