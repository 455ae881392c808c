/**
 * Divides rows over several statements.
 *
 * @module
 */

/** Maximum number of rows or ids in one statement: engines limit its parameters. */
const MAX_ROWS = 200;

/** Yields items in parts that fit into one statement. */
export function* inParts<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += MAX_ROWS) yield items.slice(from, from + MAX_ROWS);
}
