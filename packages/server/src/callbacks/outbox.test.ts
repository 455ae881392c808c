import type { Epoch, MemberId, PublishId } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, it } from 'vitest';
import type { EventBatch } from '../owner/rooms.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { KEY } from '../rooms/testing.ts';
import type { NumberedRows } from '../store/journal.ts';
import type { OutboxRecord } from '../store/outbox.ts';
import { Outbox, type OutboxDeps } from './outbox.ts';
import { APP, record, settle, testDialect } from './testing.ts';

/** A batch of one event, with a callback unless it is a `message`. */
function batch(seq: number, type: 'memberDetached' | 'message' = 'memberDetached'): EventBatch {
  const event = { type, seq, epoch: '1' as Epoch, atMs: 0 } as unknown as RoomEvent;
  const origin = { channel: 'signalling', requestId: 'r' } as const;
  return { key: { ...KEY, appId: APP.appId }, epoch: '1' as Epoch, origin, events: [event] };
}

function openOutbox(app = APP, failed: readonly OutboxRecord[] = [], more: Pick<OutboxDeps, 'node'> = {}) {
  const appended: NumberedRows[] = [];
  const stored: OutboxRecord[] = [];
  let failure: Error | undefined;
  const outbox = new Outbox({
    outbox: {
      find: async (id) => failed.find((each) => each.id === id),
      list: async (_filter, limit) => failed.slice(0, limit),
    },
    rows: { lastCallbackSeq: async () => 40 },
    journal: {
      async append(rows) {
        await undefined;
        if (failure) throw failure;
        appended.push(rows);
      },
      settled: async () => {},
    },
    apps: { find: () => app },
    dialects: [testDialect],
    clock: new FakeClock(),
    onStored: (records) => stored.push(...records),
    ...more,
  });
  return { outbox, appended, stored, breakDown: (error: Error) => (failure = error) };
}

it('has no rows where the App has no callbacks, or the events have none', () => {
  const { callbacks: _none, ...silent } = APP;
  expect(openOutbox(silent).outbox.rowsOf(batch(1))).toBeUndefined();
  expect(openOutbox().outbox.rowsOf(batch(1, 'message'))).toBeUndefined();
  expect(openOutbox().outbox.rowsOf(batch(1))?.callbacks).toMatchObject([{ body: 'memberDetached 1' }]);
});

it('has no rows about ends that an earlier owner has stored, each once (CLUS-7)', () => {
  const { outbox } = openOutbox();
  const { key, origin } = batch(1);
  const common = { epoch: '1' as Epoch, atMs: 0, cause: 'room-closed' };
  const member = { memberId: 'ann' as MemberId };
  const stream = { publishId: 'cam' as PublishId };
  const ends = [
    { ...common, type: 'streamRemoved', seq: 1, stream },
    { ...common, type: 'memberLeft', seq: 2, member },
    { ...common, type: 'roomClosed', seq: 3 },
  ] as unknown as readonly RoomEvent[];
  const bodies = () =>
    outbox.rowsOf({ key, origin, epoch: common.epoch, events: ends })?.callbacks?.map(({ body }) => body);
  outbox.omitEnds([common.epoch, member.memberId, stream.publishId]);
  expect(bodies()).toEqual([]);
  expect(bodies()).toEqual(['streamRemoved 1', 'memberLeft 2', 'roomClosed 3']);
});

it('numbers callbacks in the order of the calls, and sends them in this order when they are stored (CB-3, CB-4)', async () => {
  const { outbox, appended, stored } = openOutbox();
  await outbox.start();
  const [first, second] = [
    outbox.append({ callbacks: [record('a'), record('b')] }),
    outbox.append({ callbacks: [record('c')] }),
  ];
  expect(stored).toEqual([]);
  await Promise.all([first, second]);
  await settle();
  expect(appended.map(({ callbacks }) => callbacks?.map(({ seq }) => seq))).toEqual([[41, 42], [43]]);
  expect(stored.map(({ body }) => body)).toEqual(['a', 'b', 'c']);
});

it('has its callbacks apart from those of an earlier process of the node, whose numbers may be higher (CLUS-7)', async () => {
  const node = { id: 'a', number: 7 };
  const owners: unknown[] = [];
  for (let start = 0; start < 2; start += 1) {
    const { outbox, appended } = openOutbox(APP, [], { node });
    await Promise.all([outbox.append({ callbacks: [record('a')] }), outbox.append({ callbacks: [record('b')] })]);
    const [first, second] = appended.map(({ callbacks }) => callbacks?.[0]?.owner);
    expect([first, first?.startsWith('a.')]).toEqual([second, true]);
    owners.push(first);
  }
  expect(new Set(owners).size).toBe(2);
});

it('sends nothing that could not be stored (CB-3)', async () => {
  const { outbox, stored, breakDown } = openOutbox();
  breakDown(new Error('disk full'));
  await expect(outbox.append({ callbacks: [record('a')] })).rejects.toThrow('disk full');
  await settle();
  expect(stored).toEqual([]);
});

it('replays failed callbacks under their ids, with new numbers and no attempts (CB-2)', async () => {
  const failed = ['a', 'b'].map((text, index) => ({
    ...record(text),
    ...{ seq: index, attempts: 6, nextAttemptAtMs: 1, failedAtMs: 5, lastError: 'answered 500' },
  }));
  const { outbox, stored } = openOutbox(APP, failed);
  await outbox.start();
  expect(await outbox.replay({ id: 'unknown' }, 1)).toEqual([]);
  expect(await outbox.replay({ appId: APP.appId }, 1)).toEqual([failed[0]]);
  expect(await outbox.replay({ id: failed[1]?.id ?? '' }, 1)).toEqual([failed[1]]);
  await outbox.settled();
  expect(stored.map(({ id, seq, attempts }) => ({ id, seq, attempts }))).toEqual([
    { id: failed[0]?.id, seq: 41, attempts: 0 },
    { id: failed[1]?.id, seq: 42, attempts: 0 },
  ]);
  expect(stored.some((each) => 'failedAtMs' in each || 'lastError' in each)).toBe(false);
});
