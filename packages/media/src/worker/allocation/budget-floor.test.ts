import { expect, test } from 'vitest';
import { BudgetFloor } from './budget-floor.ts';

test('the floor is the lowest budget of the time until now, with the one that was in force at its beginning', () => {
  const floor = new BudgetFloor(5_000);
  expect(floor.read(5_000, 0)).toBe(0);
  floor.record(300, 0);
  floor.record(900, 2_000);
  floor.record(700, 4_000);
  expect(floor.read(5_000, 4_999)).toBe(0);
  expect(floor.read(5_000, 5_000)).toBe(300);
  expect(floor.read(5_000, 6_999)).toBe(300);
  expect(floor.read(5_000, 7_000)).toBe(700);
  expect(floor.read(1_000, 5_000)).toBe(700);
});

test('budgets before the window are forgotten as long as nothing depends on them', () => {
  const floor = new BudgetFloor(5_000);
  for (let atMs = 0; atMs <= 60_000; atMs += 500) floor.record(atMs < 30_000 ? 100 : 200 + (atMs % 1_000), atMs);
  expect(floor.read(5_000, 60_000)).toBe(200);
});
