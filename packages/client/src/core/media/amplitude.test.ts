import { expect, test } from 'vitest';
import { SILENCE_DBOV, toAmplitude } from './amplitude.ts';

test('the loudest sound is 1, 20 dB less is a tenth of it, and silence is 0', () => {
  expect([0, 20, 40, SILENCE_DBOV].map(toAmplitude)).toEqual([1, 0.1, 0.01, 0]);
});
