import { describe, expect, it } from 'vitest';
import { hueOf, initialsOf, inventUser } from './user-look.ts';

describe('how a user is shown', () => {
  it('has the same colour for the same id', () => {
    expect(hueOf('ann')).toBe(hueOf('ann'));
    expect(hueOf('ann')).not.toBe(hueOf('bob'));
  });

  it.each([
    ['Ada Lovelace', 'AL'],
    ['björn', 'B'],
    ['🙂 x', '🙂X'],
    ['  ', '?'],
  ])('has initials for %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });

  it('has an id of plain letters and digits when it is made up', () => {
    for (let step = 0; step < 1; step += 0.05) expect(inventUser(() => step).userId).toMatch(/^[a-z]+-\d{3}$/);
  });
});
