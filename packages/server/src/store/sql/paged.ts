/**
 * Reads a page of a list, from whichever end is nearer.
 *
 * @module
 */

import type { Page, Paged } from '../store.ts';

/** A page of a list, as a query reads it. */
export interface Part extends Page {
  /** Whether the offset counts from the end of the list, and the order is reversed. */
  readonly fromEnd: boolean;
}

/** From this offset on, the list is counted first: its end may be nearer than its start. */
const DEEP = 1000;

/**
 * Reads a page. A database steps through all rows before an offset, and through all rows to count them: if the page itself
 * shows the length of the list, the list is not counted.
 */
export async function readPaged<T>(
  { offset, limit }: Page,
  read: (part: Part) => Promise<readonly T[]>,
  count: () => Promise<number>,
): Promise<Paged<T>> {
  if (offset < DEEP) {
    const items = await read({ offset, limit, fromEnd: false });
    const endsHere = items.length < limit && (items.length > 0 || offset === 0);
    return { items, totalCount: endsHere ? offset + items.length : await count() };
  }
  const totalCount = await count();
  const length = Math.min(limit, totalCount - offset);
  if (length <= 0) return { items: [], totalCount };
  const offsetFromEnd = totalCount - offset - length;
  if (offset <= offsetFromEnd) return { items: await read({ offset, limit: length, fromEnd: false }), totalCount };
  const items = await read({ offset: offsetFromEnd, limit: length, fromEnd: true });
  return { items: items.toReversed(), totalCount };
}
