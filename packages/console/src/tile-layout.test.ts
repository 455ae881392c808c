import { describe, expect, it } from 'vitest';
import { findTileWidth } from './tile-layout.ts';

describe('findTileWidth', () => {
  it.each([
    ['one tile on a desktop', 1, 900, 420, 746],
    ['two tiles side by side on a wide stage', 2, 900, 420, 444],
    ['two tiles below one another on a phone', 2, 366, 560, 366],
    ['four tiles two by two', 4, 900, 420, 362],
    ['more tiles than fit: the least width, and the stage scrolls', 60, 366, 400, 160],
    ['a stage that is narrower than the least width', 3, 120, 200, 120],
    ['a stage without a size', 3, 0, 0, 0],
  ])('%s', (_name, count, width, height, expected) => {
    expect(findTileWidth(count, width, height, 12)).toBe(expected);
  });
});
