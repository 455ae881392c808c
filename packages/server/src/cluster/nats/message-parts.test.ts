import { describe, expect, test } from 'vitest';
import { formatPlace, PartAssembler, parsePlace, splitMessage } from './message-parts.ts';

const placeOf = (id: string, index: number, count: number) => ({ id, index, count });

describe('messages in parts', () => {
  test.each([0, 1, 9, 10, 11, 30, 31])('a message of %i bytes is the same after it was split', (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index);
    const parts = splitMessage(bytes, 10);
    expect(parts).toHaveLength(Math.max(1, Math.ceil(size / 10)));
    const assembler = new PartAssembler();
    const results = parts.map((part, index) => assembler.add('a', placeOf('m', index, parts.length), part));
    expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true);
    expect([...(results.at(-1) ?? [])]).toEqual([...bytes]);
  });

  test('a message above the limit is refused', () => {
    expect(splitMessage(new Uint8Array(30), 10, 30)).toHaveLength(3);
    expect(() => splitMessage(new Uint8Array(31), 10, 30)).toThrow('A message between nodes is larger than 30 bytes.');
  });

  test('a message that lacks a part is dropped, and the next one is complete', () => {
    const assembler = new PartAssembler();
    const part = Uint8Array.of(1);
    expect(assembler.add('a', placeOf('first', 0, 3), part)).toBeUndefined();
    expect(assembler.add('a', placeOf('first', 2, 3), part)).toBeUndefined();
    expect(assembler.add('a', placeOf('second', 0, 2), part)).toBeUndefined();
    expect(assembler.add('a', placeOf('second', 1, 2), part)).toHaveLength(2);
    // The end of a message whose beginning was lost.
    expect(assembler.add('a', placeOf('third', 1, 2), part)).toBeUndefined();
  });

  test('senders do not disturb each other, and only 256 unfinished messages are kept', () => {
    const assembler = new PartAssembler();
    const part = Uint8Array.of(1);
    for (let sender = 0; sender < 257; sender++) assembler.add(`node-${sender}`, placeOf('m', 0, 2), part);
    expect(assembler.add('node-0', placeOf('m', 1, 2), part)).toBeUndefined();
    expect(assembler.add('node-1', placeOf('m', 1, 2), part)).toHaveLength(2);
  });

  test('the place of a part is read as it was written, and nothing else is', () => {
    const place = placeOf('abc-7', 2, 5);
    expect(parsePlace(formatPlace(place))).toEqual(place);
    for (const text of ['', 'abc', 'abc 1', 'abc 1 x', 'abc -1 2', 'abc 1 2 3'])
      expect(parsePlace(text)).toBeUndefined();
  });
});
