import { describe, expect, it } from 'vitest';
import { formatPageQuery, parsePageQuery } from './page-query.ts';

describe('the address of the page', () => {
  it('fills in how to join, and is read as it was written', () => {
    const query = { room: 'a/b', user: 'ann', name: 'Ann 安', source: 'test', autojoin: true } as const;
    expect(parsePageQuery(formatPageQuery(query))).toEqual(query);
  });

  it('passes over what it does not know', () => {
    expect(parsePageQuery('?source=tape&autojoin=yes&x=1')).toEqual({
      room: undefined,
      user: undefined,
      name: undefined,
      source: undefined,
      autojoin: false,
    });
  });
});
