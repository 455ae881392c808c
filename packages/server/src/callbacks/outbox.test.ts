import type { Epoch } from '@gavel/protocol';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { RoomEvent } from '../rooms/events.ts';
import type { EventBatch } from '../rooms/rooms.ts';
import { KEY } from '../rooms/testing.ts';
import type { NewOutboxRecord, OutboxRecord } from '../store/outbox.ts';
import { Outbox } from './outbox.ts';
import { APP, testDialect } from './testing.ts';

/** A batch of one event, with a callback unless it is a `message`. */
function batch(
  seq: number,
  type: 'memberDetached' | 'message' = 'memberDetached',
  door: EventBatch['origin']['door'] = 'signalling',
): EventBatch {
  const event = { type, seq, epoch: '1' as Epoch, atMs: 0 } as unknown as RoomEvent;
  const origin = { door, requestId: 'r' } as const;
  return { key: { ...KEY, appId: APP.appId }, epoch: '1' as Epoch, origin, events: [event] };
}

function openOutbox(app = APP) {
  const groups: string[][] = [];
  const kept: string[] = [];
  let isBroken = false;
  const repository = {
    async add(records: readonly NewOutboxRecord[]) {
      await new Promise((resolve) => setImmediate(resolve));
      if (isBroken) throw new Error('disk full');
      groups.push(records.map(({ body }) => body));
      return records.map((each, index): OutboxRecord => ({ ...each, seq: index, attempts: 0, nextAttemptAtMs: 0 }));
    },
    liveRooms: async () => [],
    replay: async () => [],
  };
  const outbox = new Outbox({
    repository,
    apps: { find: () => app },
    dialects: [testDialect],
    clock: { now: () => 0, monotonicMs: () => 0, every: () => () => {}, after: () => () => {} },
    log: pino({ level: 'silent' }),
    onKept: (records) => kept.push(...records.map(({ body }) => body)),
  });
  return { outbox, groups, kept, breakDown: () => (isBroken = true) };
}

it('costs nothing where the App has no callbacks, or the events have none', () => {
  const { callbacks: _none, ...silent } = APP;
  expect(openOutbox(silent).outbox.handle(batch(1))).toBeUndefined();
  expect(openOutbox().outbox.handle(batch(1, 'message'))).toBeUndefined();
});

it('keeps in one commit what comes in one turn, and resolves when it is kept (CB-3)', async () => {
  const { outbox, groups, kept } = openOutbox();
  await Promise.all([outbox.handle(batch(1)), outbox.handle(batch(2)), outbox.handle(batch(3))]);
  await outbox.handle(batch(4));
  await outbox.settled();
  const all = ['memberDetached 1', 'memberDetached 2', 'memberDetached 3', 'memberDetached 4'];
  expect(groups).toEqual([all.slice(0, 3), all.slice(3)]);
  expect(kept).toEqual(all);
});

it('resolves in the order of the calls, also over several commits (CB-4)', async () => {
  const { outbox } = openOutbox();
  const order: number[] = [];
  const calls: (Promise<void> | undefined)[] = [];
  for (const seq of [1, 2, 3, 4, 5]) {
    calls.push(outbox.handle(batch(seq))?.then(() => void order.push(seq)));
    if (seq % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(calls);
  expect(order).toEqual([1, 2, 3, 4, 5]);
});

it('fails those whose callbacks could not be kept, and goes on', async () => {
  const { outbox, kept, breakDown } = openOutbox();
  breakDown();
  await expect(outbox.handle(batch(1))).rejects.toMatchObject({ code: 'server.internal' });
  // Nobody asked for it, and nobody could be answered.
  await expect(outbox.handle(batch(3, 'memberDetached', 'server'))).resolves.toBeUndefined();
  expect(kept).toEqual([]);
});
