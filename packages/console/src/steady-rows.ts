/**
 * Lists of actions whose rows keep their place while the user interacts with them.
 *
 * Without this, the next row moves up when a person leaves, and a second click, or a click slightly
 * later, acts on another person.
 *
 * @module
 */

/** A row of a list of actions. */
export interface Row {
  readonly key: string;
}

/** A row with its place. */
export interface SteadyRow<R extends Row> {
  readonly row: R;
  /** Whether the target of the row no longer exists. */
  readonly isGone: boolean;
}

/** Returns the current rows, without those whose target is gone. */
export function showRows<R extends Row>(wanted: readonly R[]): readonly SteadyRow<R>[] {
  return wanted.map((row) => ({ row, isGone: false }));
}

/** Returns the rows with the shown ones kept in place: rows whose target is gone stay, marked; new rows are added at the end. */
export function keepRows<R extends Row>(shown: readonly SteadyRow<R>[], wanted: readonly R[]): readonly SteadyRow<R>[] {
  const wantedByKey = new Map(wanted.map((row) => [row.key, row]));
  const shownKeys = new Set(shown.map(({ row }) => row.key));
  const kept = shown.map(({ row }): SteadyRow<R> => {
    const current = wantedByKey.get(row.key);
    return current ? { row: current, isGone: false } : { row, isGone: true };
  });
  return [...kept, ...showRows(wanted.filter((row) => !shownKeys.has(row.key)))];
}

/** Returns whether a row of the first list has a different place in the second. */
export function hasMoved<R extends Row>(before: readonly SteadyRow<R>[], after: readonly SteadyRow<R>[]): boolean {
  return before.some(({ row }, index) => after[index]?.row.key !== row.key && index < after.length);
}
