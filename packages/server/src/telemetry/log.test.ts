import { expect, test } from 'vitest';
import { createLog, setLogLevel } from './log.ts';

test('a changed level applies to the log and to what was derived from it, before and after (START-4)', () => {
  const log = createLog('silent');
  const audit = log.child({ audit: true });
  expect(audit.isLevelEnabled('info')).toBe(false);
  setLogLevel(log, 'info');
  expect([log, audit, log.child({})].map((each) => each.isLevelEnabled('info'))).toEqual([true, true, true]);
  expect(audit.isLevelEnabled('debug')).toBe(false);
});
