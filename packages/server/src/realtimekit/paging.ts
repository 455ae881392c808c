/**
 * Paging of lists: `page_no` and `per_page` in, `paging` out (reference 2.4).
 *
 * @module
 */

import { Type } from 'typebox';
import type { Page } from '../store/store.ts';
import type { Paging } from './envelope.ts';

/** Default number of items on a page. */
export const DEFAULT_PER_PAGE = 20;
/** Maximum number of items on a page. A larger value is refused: a reduced page could be taken for the last one. */
export const MAX_PER_PAGE = 1000;
const MAX_PAGE_NO = 1_000_000;

/** The parameters of every list except that of Apps; page 0 is page 1. */
export const PAGING = {
  page_no: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_PAGE_NO })),
  per_page: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_PER_PAGE })),
};

/** The parameters of the list of Apps. */
export const APP_PAGING = {
  page_no: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE_NO })),
  per_page: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PER_PAGE })),
};

/** Returns the part of a list that a query requests. */
export function pageOf(query: { readonly page_no?: number; readonly per_page?: number }): Page {
  const limit = query.per_page ?? DEFAULT_PER_PAGE;
  return { offset: (Math.max(query.page_no ?? 1, 1) - 1) * limit, limit };
}

/** Describes the returned part of a list. */
export function pagingOf(page: Page, count: number, totalCount: number): Paging {
  if (count === 0) return { total_count: totalCount, start_offset: 0, end_offset: 0 };
  return { total_count: totalCount, start_offset: page.offset + 1, end_offset: page.offset + count };
}
