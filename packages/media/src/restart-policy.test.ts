import { expect, test } from 'vitest';
import { RestartPolicy } from './restart-policy.ts';

test('a worker is started again at once after its first death, then ever later, up to 5 s', () => {
  const policy = new RestartPolicy();
  const delays = Array.from({ length: 9 }, (_, index) => policy.recordDeath(index * 1_000, 'aborted'));
  expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

test('three deaths in 30 s are a problem, with the last reason; it is over when they are longer ago', () => {
  const policy = new RestartPolicy();
  policy.recordDeath(0, 'first');
  policy.recordDeath(10_000, 'second');
  expect(policy.findProblem(10_000)).toBeUndefined();
  policy.recordDeath(29_000, 'third');
  expect(policy.findProblem(29_000)).toBe('died 3 times in 30 s: third');
  expect(policy.findProblem(29_999)).toBeDefined();
  expect(policy.findProblem(30_000)).toBeUndefined();
});

test('deaths that are far apart are no problem, and none of them delays the next start', () => {
  const policy = new RestartPolicy();
  for (let death = 0; death < 10; death += 1) {
    expect(policy.recordDeath(death * 31_000, 'rare')).toBe(0);
    expect(policy.findProblem(death * 31_000)).toBeUndefined();
  }
});
