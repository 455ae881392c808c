import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Part, readPaged } from './paged.ts';

it('a page read from whichever end is the part of the list that was asked for, with the length of the list', async () => {
  const sizes = fc.nat({ max: 5000 });
  await fc.assert(
    fc.asyncProperty(sizes, sizes, fc.nat({ max: 50 }), async (length, offset, limit) => {
      const list = Array.from({ length }, (_, index) => index);
      let steps = 0;
      const read = async (part: Part): Promise<number[]> => {
        const from = part.fromEnd ? list.toReversed() : list;
        steps += part.offset;
        return from.slice(part.offset, part.offset + part.limit);
      };
      const page = await readPaged({ offset, limit }, read, async () => length);
      expect(page).toEqual({ items: list.slice(offset, offset + limit), totalCount: length });
      // Nobody walks over more than half of the list, but where it is short.
      expect(steps).toBeLessThan(Math.max(1000, length / 2 + 1));
    }),
  );
});

it('a list that ends on the page is not counted', async () => {
  const count = (): never => expect.unreachable();
  const read = async () => ['a', 'b'];
  expect(await readPaged({ offset: 4, limit: 3 }, read, count)).toEqual({ items: ['a', 'b'], totalCount: 6 });
  expect(await readPaged({ offset: 0, limit: 3 }, async () => [], count)).toEqual({ items: [], totalCount: 0 });
});
