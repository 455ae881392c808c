import { describe, expect, it } from 'vitest';
import { hasMoved, keepRows, showRows } from './steady-rows.ts';

const rows = (...keys: string[]) => keys.map((key) => ({ key }));
const view = (shown: ReturnType<typeof keepRows>) =>
  shown.map(({ row, isGone }) => (isGone ? `(${row.key})` : row.key));

describe('rows in use', () => {
  const shown = showRows(rows('ann', 'bob', 'cay'));

  it('keep their place when one goes', () => {
    expect(view(keepRows(shown, rows('ann', 'cay')))).toEqual(['ann', '(bob)', 'cay']);
  });

  it('come last when they are new, wherever the list wants them', () => {
    expect(view(keepRows(shown, rows('dan', 'ann', 'bob', 'cay')))).toEqual(['ann', 'bob', 'cay', 'dan']);
  });

  it('are there again in their old place when somebody comes back', () => {
    const without = keepRows(shown, rows('ann', 'cay'));
    expect(view(keepRows(without, rows('ann', 'cay', 'bob')))).toEqual(['ann', 'bob', 'cay']);
  });

  it('all stay, marked, when everybody goes', () => {
    expect(view(keepRows(shown, []))).toEqual(['(ann)', '(bob)', '(cay)']);
  });
});

describe('hasMoved', () => {
  it.each([
    ['nothing happens', ['ann', 'bob'], ['ann', 'bob'], false],
    ['one is added at the end', ['ann', 'bob'], ['ann', 'bob', 'cay'], false],
    ['the last one goes', ['ann', 'bob'], ['ann'], false],
    ['one goes and the next moves up', ['ann', 'bob', 'cay'], ['ann', 'cay'], true],
    ['one comes in between', ['ann', 'bob'], ['ann', 'cay', 'bob'], true],
  ])('when %s', (_name, before, after, moved) => {
    expect(hasMoved(showRows(rows(...before)), showRows(rows(...after)))).toBe(moved);
  });
});
