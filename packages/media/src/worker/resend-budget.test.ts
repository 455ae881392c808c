import { expect, test } from 'vitest';
import { ResendBudget } from './resend-budget.ts';

function countPermitted(budget: ResendBudget, nowMs: number): number {
  let count = 0;
  while (count < 1_000 && budget.permit(1_000, nowMs)) count += 1;
  return count;
}

test('a subscriber that was sent little gets 50 kB again per second', () => {
  const budget = new ResendBudget();
  expect([countPermitted(budget, 0), countPermitted(budget, 999), countPermitted(budget, 1_000)]).toEqual([50, 0, 50]);
});

test('a subscriber that was sent more gets as much again', () => {
  const budget = new ResendBudget();
  for (let i = 0; i < 100; i += 1) budget.recordSent(1_000, 0);
  expect(countPermitted(budget, 500)).toBe(100);
  expect(countPermitted(budget, 1_000)).toBe(100);
  expect(countPermitted(budget, 2_000)).toBe(50);
});
