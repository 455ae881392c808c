import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, it } from 'vitest';
import type { Store } from '../store/store.ts';
import { PURGE_ROWS } from '../store/sweeper.ts';
import { createJournalRetention } from './journal-retention.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

it('audit rows are deleted after their days, replies after 24 hours, some at a time (AUDIT-1, BUS-2)', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  const due: Record<string, number> = { audit: PURGE_ROWS + 1, replies: 5 };
  const purge = (kind: string) => async (beforeMs: number, limit: number) => {
    calls.push(`${kind} of ${(clock.now() - beforeMs) / DAY_MS} days, ${limit}`);
    const purged = Math.min(due[kind] ?? 0, limit);
    due[kind] = (due[kind] ?? 0) - purged;
    return purged;
  };
  const store = { audit: { purge: purge('audit') }, journal: { purgeReplies: purge('replies') } } as never as Store;
  const retention = createJournalRetention({ store, clock, log: { error: () => {} }, auditDays: 400 });
  retention.start();
  for (const ms of [60_000, 100, 100]) {
    clock.advance(ms);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
  await retention.close();
  const left = PURGE_ROWS - 1;
  expect(calls).toEqual([
    `audit of 400 days, ${PURGE_ROWS}`,
    `audit of 400 days, ${PURGE_ROWS}`,
    `replies of 1 days, ${left}`,
  ]);
  expect(due).toEqual({ audit: 0, replies: 0 });
});
