import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALL_TEMPORAL_LAYERS, allocate, PAUSED, type Step, sumChosen, type Wish } from './allocate.ts';

/** Steps that take so many kbit/s. */
function createSteps(...rates: number[]): Step[] {
  return rates.map((kbps, layer) => ({ layer, temporalLayer: ALL_TEMPORAL_LAYERS, bps: kbps * 1_000 }));
}

function createWish(steps: readonly Step[], fields: Partial<Wish> = {}): Wish {
  return { priority: 0, height: 180, steps, limit: steps.length - 1, ...fields };
}

const LADDER = createSteps(100, 300, 1_000);

test('BWE-2: with enough bandwidth everybody gets the best', () => {
  expect(allocate(3_000_000, [createWish(LADDER), createWish(LADDER), createWish(LADDER)])).toEqual([2, 2, 2]);
});

test('everybody gets the lowest step before anybody gets its next, then those of the highest priority get theirs', () => {
  const wishes = [createWish(LADDER), createWish(LADDER, { priority: 2 }), createWish(LADDER)];
  expect(allocate(299_000, wishes)).toEqual([0, 0, PAUSED]);
  expect(allocate(300_000, wishes)).toEqual([0, 0, 0]);
  expect(allocate(500_000, wishes)).toEqual([0, 1, 0]);
  expect(allocate(1_199_000, wishes)).toEqual([1, 1, 1]);
  expect(allocate(1_200_000, wishes)).toEqual([0, 2, 0]);
  expect(allocate(1_400_000, wishes)).toEqual([1, 2, 0]);
});

test('nine tiles on 1.5 Mbit/s: the large one gets its best affordable layer, the small ones their lowest (BWE-2)', () => {
  const small = createWish(createSteps(100));
  const large = createWish(createSteps(100, 400, 1_500), { height: 720 });
  const chosen = allocate(1_500_000, [...Array.from({ length: 8 }, () => small), large]);
  expect(chosen).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('of one priority, larger pictures are served first, and the least important are paused (BWE-2)', () => {
  const heights = [90, 720, 180, 360];
  const wishes = heights.map((height) => createWish(createSteps(100), { height }));
  expect(allocate(200_000, wishes)).toEqual([PAUSED, 0, PAUSED, 0]);
  expect(allocate(0, wishes)).toEqual([PAUSED, PAUSED, PAUSED, PAUSED]);
  expect(allocate(-50_000, wishes)).toEqual([PAUSED, PAUSED, PAUSED, PAUSED]);
});

test('a video that is too much leaves its place to a less important one', () => {
  const wishes = [createWish(createSteps(2_000), { priority: 3 }), createWish(LADDER)];
  expect(allocate(500_000, wishes)).toEqual([PAUSED, 1]);
});

test('a limit is not exceeded', () => {
  expect(allocate(9_000_000, [createWish(LADDER, { limit: 1 }), createWish(LADDER, { limit: PAUSED })])).toEqual([
    1,
    PAUSED,
  ]);
});

describe('properties', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 6 }).map((increments) => {
    let kbps = 0;
    return createSteps(...increments.map((increment) => (kbps += increment)));
  });
  const wish: fc.Arbitrary<Wish> = fc
    .record({ steps, priority: fc.integer({ min: 0, max: 3 }), height: fc.constantFrom(90, 180, 360, 720, Infinity) })
    .chain((fields) =>
      fc.integer({ min: PAUSED, max: fields.steps.length - 1 }).map((limit) => ({ ...fields, limit })),
    );
  const wishes = fc.array(wish, { maxLength: 12 });
  const budget = fc.integer({ min: 0, max: 6_000_000 });

  test('never more than the budget, and never above a limit', () => {
    fc.assert(
      fc.property(wishes, budget, (list, bps) => {
        const chosen = allocate(bps, list);
        expect(sumChosen(list, chosen)).toBeLessThanOrEqual(bps);
        for (const [index, { limit }] of list.entries()) expect(chosen[index]).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('nothing is paused, and no step left out, that would fit into what is left (BWE-2)', () => {
    fc.assert(
      fc.property(wishes, budget, (list, bps) => {
        const chosen = allocate(bps, list);
        const left = bps - sumChosen(list, chosen);
        for (const [index, { steps: ladder, limit }] of list.entries()) {
          const choice = chosen[index] as number;
          if (choice >= limit) continue;
          const before = choice < 0 ? 0 : (ladder[choice]?.bps ?? 0);
          expect((ladder[choice + 1]?.bps ?? 0) - before).toBeGreaterThan(left);
        }
      }),
    );
  });

  test('nothing is paused for the sake of a better picture elsewhere (BWE-2)', () => {
    fc.assert(
      fc.property(wishes, budget, (list, bps) => {
        const lowest = list.map((entry) => ({ ...entry, limit: Math.min(0, entry.limit) }));
        const isPaused = (choices: readonly number[]) => choices.map((choice) => choice === PAUSED);
        expect(isPaused(allocate(bps, list))).toEqual(isPaused(allocate(bps, lowest)));
      }),
    );
  });

  test('with more bandwidth the most important wish gets less only where a paused video is resumed, and is not paused', () => {
    fc.assert(
      fc.property(wishes, budget, budget, (list, a, b) => {
        const top = list.map((entry, index) => (index === 0 ? { ...entry, priority: 9 } : entry));
        const [less, more] = [allocate(Math.min(a, b), top), allocate(Math.max(a, b), top)];
        const isResumed = more.some((choice, index) => choice > PAUSED && less[index] === PAUSED);
        const least = isResumed ? Math.min(0, less[0] as number) : less[0];
        if (top.length > 0) expect(more[0]).toBeGreaterThanOrEqual(least as number);
      }),
    );
  });

  test('a video that fits beside the lowest step of the most important one is resumed, and takes its second step (BWE-2)', () => {
    const list = [createWish(createSteps(56, 57), { priority: 9 }), createWish(createSteps(755))];
    expect(allocate(810_999, list)).toEqual([1, PAUSED]);
    expect(allocate(811_000, list)).toEqual([0, 0]);
    expect(allocate(812_000, list)).toEqual([1, 0]);
  });

  test('with more bandwidth nobody gets less, if the videos take the same', () => {
    const alike = fc.tuple(steps, fc.array(wish, { maxLength: 12 })).map(([ladder, list]) => {
      return list.map((entry) => createWish(growing(ladder), { priority: entry.priority, height: entry.height }));
    });
    fc.assert(
      fc.property(alike, budget, budget, (list, a, b) => {
        const [less, more] = [allocate(Math.min(a, b), list), allocate(Math.max(a, b), list)];
        const isOnePriority = new Set(list.map(({ priority }) => priority)).size <= 1;
        if (isOnePriority)
          for (const [index, choice] of less.entries()) expect(more[index]).toBeGreaterThanOrEqual(choice);
      }),
    );
  });

  test('with more bandwidth nobody gets less unless a step that comes before is given', () => {
    fc.assert(
      fc.property(wishes, budget, budget, (list, a, b) => {
        const [less, more] = [allocate(Math.min(a, b), list), allocate(Math.max(a, b), list)];
        const sequence = listGrants(list);
        const first = sequence.find(([index, step]) => (less[index] ?? -1) >= step !== (more[index] ?? -1) >= step);
        if (first !== undefined) expect(more[first[0]]).toBeGreaterThanOrEqual(first[1]);
      }),
    );
  });
});

/** Steps whose increments do not become smaller, as those of real layers. */
function growing(ladder: readonly Step[]): Step[] {
  let increment = 0;
  let bps = 0;
  return ladder.map((step) => {
    increment = Math.max(increment, step.bps - bps);
    bps += increment;
    return { ...step, bps };
  });
}

/** All steps of all wishes in the order in which they are considered, as the documentation of `allocate` describes it. */
function listGrants(list: readonly Wish[]): [index: number, step: number][] {
  const grants: { index: number; step: number; wish: Wish }[] = [];
  for (const [index, wish] of list.entries()) {
    for (let step = 0; step <= wish.limit; step += 1) grants.push({ index, step, wish });
  }
  const compareWishes = (a: (typeof grants)[number], b: (typeof grants)[number]) =>
    b.wish.height === a.wish.height ? a.index - b.index : b.wish.height - a.wish.height;
  grants.sort((a, b) => {
    if ((a.step === 0) !== (b.step === 0)) return a.step === 0 ? -1 : 1;
    if (a.wish.priority !== b.wish.priority) return b.wish.priority - a.wish.priority;
    return a.step === b.step ? compareWishes(a, b) : a.step - b.step;
  });
  return grants.map(({ index, step }) => [index, step]);
}
