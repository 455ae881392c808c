import { expect, test } from 'vitest';
import { Placement } from './placement.ts';

test('a group stays on its worker, and another one gets the worker with the fewest peers and streams', () => {
  const placement = new Placement(['a', 'b']);
  expect(placement.enter('one')).toBe('a');
  expect(placement.enter('two')).toBe('b');
  expect(placement.enter('two')).toBe('b');
  expect(placement.enter('three')).toBe('a');
  placement.leave('two');
  placement.leave('two');
  expect(placement.enter('four')).toBe('b');
  expect(placement.enter('one')).toBe('a');
});

test('a group that was empty is placed again', () => {
  const placement = new Placement(['a', 'b']);
  placement.enter('one');
  placement.leave('one');
  placement.enter('two');
  expect(placement.enter('one')).toBe('b');
});

test('without workers nothing can be placed', () => {
  expect(() => new Placement([]).enter('one')).toThrow('has not been started');
});
