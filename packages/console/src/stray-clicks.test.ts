import { describe, expect, it } from 'vitest';
import { type ControlClick, isStrayClick } from './stray-clicks.ts';

const kickBob = {};
const kickCay = {};
const first: ControlClick = { control: kickBob, label: 'Kick Bob', atMs: 1_000, x: 100, y: 100 };

describe('isStrayClick', () => {
  it.each([
    ['the first click', undefined, first, false],
    ['a second click on the same control', first, { ...first, atMs: 1_100 }, false],
    ['a second click on what came in its place', first, { ...first, atMs: 1_100, control: kickCay }, true],
    ['a second click on a control that changed its meaning', first, { ...first, atMs: 1_100, label: 'Publish' }, true],
    ['a click elsewhere', first, { ...first, atMs: 1_100, control: kickCay, y: 160 }, false],
    ['a later click', first, { ...first, atMs: 1_700, control: kickCay }, false],
  ] as const)('judges %s', (_name, previous, click, isStray) => {
    expect(isStrayClick(previous, click)).toBe(isStray);
  });
});
