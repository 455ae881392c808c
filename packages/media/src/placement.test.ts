import { describe, expect, test } from 'vitest';
import { Placement } from './placement.ts';

const never = () => false;

describe('Placement', () => {
  test('a group stays on its worker, and another one gets the worker with the fewest peers', () => {
    const placement = new Placement(['a', 'b'], never);
    expect(placement.enter('one')).toBe('a');
    expect(placement.enter('two')).toBe('b');
    expect(placement.enter('two')).toBe('b');
    expect(placement.enter('three')).toBe('a');
    placement.leave('two', 'b');
    placement.leave('two', 'b');
    expect(placement.enter('four')).toBe('b');
    expect(placement.enter('one')).toBe('a');
  });

  test('a group that was empty is placed again', () => {
    const placement = new Placement(['a', 'b'], never);
    placement.enter('one');
    placement.leave('one', 'a');
    placement.enter('two');
    expect(placement.enter('one')).toBe('b');
  });

  test('PIPE-1: a group whose worker is busy goes on at the next one, and comes back when it is free', () => {
    const busy = new Set<string>();
    const placement = new Placement(['a', 'b', 'c'], (worker) => busy.has(worker));
    expect(placement.enter('one')).toBe('a');
    busy.add('a');
    expect([placement.enter('one'), placement.enter('one')]).toEqual(['b', 'b']);
    busy.add('b');
    expect(placement.enter('one')).toBe('c');
    busy.clear();
    expect(placement.enter('one')).toBe('a');
  });

  test('a group is not spread over more workers when all are busy', () => {
    const busy = new Set<string>();
    const placement = new Placement(['a', 'b'], (worker) => busy.has(worker));
    expect(placement.enter('one')).toBe('a');
    busy.add('a').add('b');
    expect(placement.enter('one')).toBe('a');
    expect(placement.enter('two')).toBe('b');
  });

  test('a worker that a group has left is not its first any more', () => {
    const busy = new Set(['a']);
    const placement = new Placement(['a', 'b'], (worker) => busy.has(worker));
    expect(placement.enter('one')).toBe('b');
    busy.clear();
    expect(placement.enter('two')).toBe('a');
    placement.leave('one', 'b');
    placement.leave('one', 'b');
    expect(placement.enter('one')).toBe('b');
  });

  test('without workers nothing can be placed', () => {
    expect(() => new Placement([], never).enter('one')).toThrow('has not been started');
  });
});
