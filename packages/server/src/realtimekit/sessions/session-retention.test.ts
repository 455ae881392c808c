import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, it } from 'vitest';
import { PURGE_ROWS, type Sweeper } from '../../store/sweeper.ts';
import { createSessionRetention, type SessionRetentionDeps } from './session-retention.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const settings = { sessionDays: 30, chatDays: 2 };

let clock: FakeClock;
let logged: object[];
/** Rows that are due of each, and what was asked for. */
let due: { chat: number; sessions: number };
let asked: string[];
let retention: Sweeper;

beforeEach(() => {
  clock = new FakeClock();
  logged = [];
  asked = [];
  due = { chat: 0, sessions: 0 };
  const purge = (kind: 'chat' | 'sessions') => async (beforeMs: number, limit: number) => {
    asked.push(`${kind} of ${(clock.now() - beforeMs) / DAY_MS} days, ${limit}`);
    const purged = Math.min(due[kind], limit);
    due[kind] -= purged;
    return purged;
  };
  const store = { chat: { purge: purge('chat') }, sessions: { purge: purge('sessions') } };
  const log = { error: (fields: object) => void logged.push(fields) };
  retention = createSessionRetention({ store: store as never as SessionRetentionDeps['store'], clock, log, settings });
  retention.start();
});

const advance = async (ms: number): Promise<void> => {
  clock.advance(ms);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

it('the history is forgotten some rows at a time, with pauses, chat before sessions (RTK-16)', async () => {
  due = { chat: PURGE_ROWS + 50, sessions: PURGE_ROWS };
  await advance(60_000);
  expect(asked.splice(0)).toEqual([`chat of 2 days, ${PURGE_ROWS}`]);
  await advance(99);
  expect(asked).toEqual([]);
  await advance(1);
  expect(asked.splice(0)).toEqual([`chat of 2 days, ${PURGE_ROWS}`, `sessions of 30 days, ${PURGE_ROWS - 50}`]);
  await advance(100);
  expect(asked.splice(0)).toEqual([`chat of 2 days, ${PURGE_ROWS}`, `sessions of 30 days, ${PURGE_ROWS}`]);
  expect(due).toEqual({ chat: 0, sessions: 0 });
  // Nothing is left: the next look is at the next minute.
  await advance(59_799);
  expect(asked).toEqual([]);
  await advance(1);
  expect(asked).toHaveLength(2);
});

it('what cannot be forgotten is logged, and tried again a minute later (RTK-16)', async () => {
  due = { chat: 0, sessions: 1 };
  Object.defineProperty(due, 'chat', {
    get: () => {
      throw new Error('the disk is full');
    },
    configurable: true,
  });
  await advance(60_000);
  expect(logged).toHaveLength(1);
  Object.defineProperty(due, 'chat', { value: 0, writable: true });
  await advance(60_000);
  expect([logged.length, due.sessions]).toEqual([1, 0]);
});

it('nothing is forgotten any more after it was closed (RTK-16)', async () => {
  due = { chat: PURGE_ROWS, sessions: 0 };
  await advance(60_000);
  await retention.close();
  await advance(120_000);
  expect(asked).toHaveLength(1);
});
