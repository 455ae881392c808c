/**
 * Reading a part of a list, from whichever end is nearer.
 *
 * @module
 */

import type { Page, Paged } from '../store.ts';

/** A part of a list, as a query reads it. */
export interface Part extends Page {
  /** Whether it is counted from the end of the list, and given in the opposite order. */
  readonly fromEnd: boolean;
}

/** From so far into a list on, it pays to count it first: its end may be nearer than its beginning. */
const DEEP = 1000;

/**
 * Reads a page. A database walks to an offset step by step, and counts step by step: what a page says of the length of the
 * list is not counted once more.
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
