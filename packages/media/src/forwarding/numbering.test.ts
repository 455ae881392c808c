import { describe, expect, test } from 'vitest';
import { Numbering } from './numbering.ts';

function begin(source = 100): Numbering {
  const numbering = new Numbering(1);
  numbering.begin(source, 0, 0);
  return numbering;
}

describe('Numbering', () => {
  test('numbers continue from source to source', () => {
    const numbering = begin();
    expect([100, 101].map((source) => numbering.map(source))).toEqual([1, 2]);
    numbering.begin(7_000, 1, 0);
    expect([7_000, 7_001].map((source) => numbering.map(source))).toEqual([4, 5]);
    expect(numbering.map(6_999)).toBeUndefined();
  });

  test('a left-out packet leaves no gap', () => {
    const numbering = begin();
    numbering.map(100);
    numbering.skip(101, false);
    numbering.skip(102, false);
    expect([103, 104].map((source) => numbering.map(source))).toEqual([2, 3]);
    numbering.skip(105, false);
    expect(numbering.map(106)).toBe(4);
  });

  test('a lost packet keeps its number, also across left-out ones', () => {
    const numbering = begin();
    numbering.map(100);
    numbering.skip(103, false);
    expect([104, 102, 101].map((source) => numbering.map(source))).toEqual([4, 3, 2]);
    expect(numbering.highest).toBe(4);
  });

  test('a left-out packet that comes again gets no number of another', () => {
    const numbering = begin();
    numbering.map(100);
    numbering.skip(101, false);
    numbering.skip(102, false);
    numbering.map(103);
    expect(numbering.map(101)).toBeUndefined();
    expect(numbering.map(102)).toBeUndefined();
    numbering.skip(101, false);
    expect(numbering.map(104)).toBe(3);
  });

  test('left-out pictures lower the picture ids of what follows, and not of what is late', () => {
    const numbering = begin();
    numbering.map(100);
    numbering.skip(102, true);
    numbering.skip(103, false);
    numbering.map(104);
    expect(numbering.pictureOffset).toBe(-1);
    numbering.map(101);
    expect(numbering.pictureOffset).toBe(0);
  });

  test('a packet that is later than all remembered runs is left out', () => {
    const numbering = begin();
    numbering.map(100);
    for (let source = 102; source < 102 + 2 * 64; source += 2) {
      numbering.skip(source, false);
      numbering.map(source + 1);
    }
    expect(numbering.map(101)).toBeUndefined();
  });
});
