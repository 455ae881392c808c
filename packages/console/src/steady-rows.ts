/**
 * Lists of actions whose rows keep their place while somebody is about to use them.
 *
 * Without this, the row of a person who leaves makes room for the next one, and a second click, or a click that comes a
 * moment later, acts on somebody else.
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
  /** Whether what the row is about is there no longer. */
  readonly isGone: boolean;
}

/** Returns the rows as they are wanted, without those that are gone. */
export function showRows<R extends Row>(wanted: readonly R[]): readonly SteadyRow<R>[] {
  return wanted.map((row) => ({ row, isGone: false }));
}

/** Returns the rows with each one shown kept in its place: those that are gone stay, marked, and new ones come last. */
export function keepRows<R extends Row>(shown: readonly SteadyRow<R>[], wanted: readonly R[]): readonly SteadyRow<R>[] {
  const wantedByKey = new Map(wanted.map((row) => [row.key, row]));
  const shownKeys = new Set(shown.map(({ row }) => row.key));
  const kept = shown.map(({ row }): SteadyRow<R> => {
    const current = wantedByKey.get(row.key);
    return current ? { row: current, isGone: false } : { row, isGone: true };
  });
  return [...kept, ...showRows(wanted.filter((row) => !shownKeys.has(row.key)))];
}

/** Returns whether a row of the first list has another place in the second. */
export function hasMoved<R extends Row>(before: readonly SteadyRow<R>[], after: readonly SteadyRow<R>[]): boolean {
  return before.some(({ row }, index) => after[index]?.row.key !== row.key && index < after.length);
}
