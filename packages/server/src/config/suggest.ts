/**
 * "Did you mean": finds the known name nearest to an unknown one.
 *
 * @module
 */

/** Counts the letters to change, insert, delete or swap with a neighbour to turn one text into the other. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + change);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, at(row - 2, column - 2) + 1);
      }
      rows[row]?.push(best);
    }
  }
  return at(a.length, b.length);
}

const plain = (text: string): string => text.replace(/[-_.]/g, '').toLowerCase();

/** Returns the known name nearest to an unknown one, or undefined if none is near (at most a third of its letters differ). */
export function findNearest(unknown: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(plain(unknown).length / 3));
  const nearest = known
    .map((name) => ({ name, distance: editDistance(plain(unknown), plain(name)) }))
    .reduce<{ name: string; distance: number } | undefined>(
      (best, candidate) => (best === undefined || candidate.distance < best.distance ? candidate : best),
      undefined,
    );
  return nearest !== undefined && nearest.distance <= limit ? nearest.name : undefined;
}

/** Returns ` (did you mean "x"?)` for an unknown name; empty if no known name is near. */
export function suggest(unknown: string, known: readonly string[]): string {
  const nearest = findNearest(unknown, known);
  return nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
}
