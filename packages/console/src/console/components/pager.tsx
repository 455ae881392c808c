/**
 * The pages of a list.
 *
 * @module
 */

import type { Filters, Section } from '../routes.ts';
import { goTo } from '../use-route.ts';

/** The properties of the pager. */
export interface PagerProps {
  readonly view: Section;
  readonly filters: Filters;
  readonly shown: number;
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** Goes to the next page of a list, or back to the first one. Not shown if there is one page. */
export function Pager({ view, filters, shown, next }: PagerProps) {
  const { cursor = '', ...others } = filters;
  if (cursor === '' && next === null) return null;
  return (
    <nav class="pager" aria-label="Pages">
      <span>{shown} on this page</span>
      <div>
        <button
          type="button"
          class="button small"
          disabled={cursor === ''}
          onClick={() => goTo({ view, filters: others })}
        >
          First page
        </button>
        <button
          type="button"
          class="button small"
          disabled={next === null}
          data-testid="next-page"
          onClick={() => next !== null && goTo({ view, filters: { ...others, cursor: next } })}
        >
          Next page
        </button>
      </div>
    </nav>
  );
}
