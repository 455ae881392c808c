import { describe, expect, it } from 'vitest';
import { editDistance, findNearest } from './suggest.ts';

describe('the nearest name', () => {
  it('counts letters changed, added, dropped and swapped', () => {
    expect(editDistance('port', 'port')).toBe(0);
    expect(editDistance('port', 'prot')).toBe(1);
    expect(editDistance('port', 'ports')).toBe(1);
    expect(editDistance('port', 'host')).toBe(2);
    expect(editDistance('', 'port')).toBe(4);
  });

  it('does not mind case, dashes and underscores', () => {
    expect(findNearest('data_dir', ['dataDir', 'host'])).toBe('dataDir');
    expect(findNearest('DATADIR', ['dataDir', 'host'])).toBe('dataDir');
  });

  it('is none where nothing is near', () => {
    expect(findNearest('colour', ['port', 'host'])).toBeUndefined();
    expect(findNearest('x', [])).toBeUndefined();
  });
});
