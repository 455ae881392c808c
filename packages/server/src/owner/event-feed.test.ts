import type { Epoch, UserId } from '@gavel/protocol';
import { describe, expect, test } from 'vitest';
import type { CallTerms, RoomCommand } from '../rooms/commands.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { type EventBatch, EventFeed, type EventSink } from './event-feed.ts';
import { Rooms } from './rooms.ts';

const BATCH: EventBatch = {
  key: KEY,
  epoch: '1' as Epoch,
  origin: ORIGIN,
  events: [{ type: 'roomClosed' } as RoomEvent],
};

const FAILURES: Readonly<Record<string, () => EventSink['handle']>> = {
  throws: () => () => {
    throw new Error('sink failed');
  },
  'rejects at once': () => () => Promise.reject(new Error('sink failed')),
  'rejects in the next turn of the event loop': () => () =>
    new Promise((_resolve, reject) => setImmediate(() => reject(new Error('sink failed')))),
};

describe.each(Object.entries(FAILURES))('a sink that %s', (_name, fail) => {
  test.each(['first', 'journal', 'after'])(
    'as %s stops no other sink and no process, and the caller gets its error (BUS-5)',
    async (place) => {
      const called: string[] = [];
      const good = (name: string): EventSink => ({ handle: () => void called.push(name) });
      const bad: EventSink = { handle: fail() };
      const journal = Promise.withResolvers<void>();
      const feed = new EventFeed({
        first: [...(place === 'first' ? [bad] : []), good('first')],
        journal: place === 'journal' ? bad : { handle: () => journal.promise },
        after: [...(place === 'after' ? [bad] : []), good('after')],
      });
      const unhandled: unknown[] = [];
      const record = (error: unknown): void => void unhandled.push(error);
      process.on('unhandledRejection', record);
      const delivered = feed.deliver(BATCH).then(
        () => 'done',
        (error: unknown) => String(error),
      );
      // The sink fails while the journal is pending: nobody looks at its promise yet.
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      journal.resolve();
      expect(await delivered).toBe('Error: sink failed');
      expect(called).toEqual(['first', 'after']);
      expect(unhandled).toEqual([]);
      process.off('unhandledRejection', record);
      // The room's next events are delivered as ever.
      await feed.deliver(BATCH).catch(() => undefined);
      expect(called).toEqual(['first', 'after', 'first', 'after']);
    },
  );
});

test('events whose room may have another owner wait, with the later ones of the room; their callers do not (CLUS-2)', async () => {
  const verdicts: PromiseWithResolvers<boolean>[] = [];
  const called: string[] = [];
  const journal = Promise.withResolvers<void>();
  const feed = new EventFeed({
    first: [],
    journal: { handle: () => journal.promise },
    after: [{ handle: ({ epoch }) => void called.push(epoch) }],
    begin: () => () => {
      const verdict = Promise.withResolvers<boolean>();
      verdicts.push(verdict);
      return verdict.promise;
    },
  });
  const delivered = ['1', '2'].map((epoch) => feed.deliver({ ...BATCH, epoch: epoch as Epoch }));
  journal.reject(new Error('no database'));
  await expect(delivered[0]).rejects.toMatchObject({ code: 'server.node-unavailable' });
  expect([called, verdicts.length]).toEqual([[], 1]);
  verdicts[0]?.resolve(false);
  await expect(delivered[1]).rejects.toMatchObject({ code: 'server.node-unavailable' });
  expect(called).toEqual([]);
  verdicts[1]?.resolve(true);
  await expect.poll(() => called).toEqual(['2']);
});

test('a login whose journal failed leaves nobody in the room (BUS-5)', async () => {
  let isFull = true;
  const left: string[] = [];
  const journal: EventSink = { handle: () => (isFull ? Promise.reject(new Error('disk full')) : undefined) };
  const follow: EventSink = {
    handle: ({ events }) => {
      for (const event of events) if (event.type === 'memberLeft') left.push(event.member.user.id);
    },
  };
  const rooms = new Rooms(testSettings(), { first: [], journal, after: [follow] });
  await expect(rooms.execute(KEY, login('alice'), ORIGIN)).rejects.toThrow('disk full');
  expect(rooms.size).toBe(0);
  expect(left).toEqual(['alice']);
  isFull = false;
  await rooms.execute(KEY, login('bob'), ORIGIN);
  expect(rooms.answer(KEY, { type: 'summary' }).room).toMatchObject({ memberCount: 1 });
});

test('a login that is refused because the lease ends leaves nobody in the room when there is one again (BUS-5, CLUS-2)', async () => {
  const lease = { isValid: true };
  const journal = Promise.withResolvers<void>();
  const rooms = new Rooms(
    { ...testSettings(), mayDecide: () => lease.isValid },
    {
      first: [],
      journal: { handle: () => (lease.isValid ? journal.promise : undefined) },
      after: [],
      begin: () => () => (lease.isValid ? true : Promise.resolve(true)),
    },
  );
  const refused = rooms.execute(KEY, login('alice'), ORIGIN).catch(({ code }) => code);
  lease.isValid = false;
  journal.resolve();
  expect(await refused).toBe('server.node-unavailable');
  await rooms.sweep();
  expect(rooms.size).toBe(1);
  lease.isValid = true;
  await rooms.sweep();
  expect(rooms.size).toBe(0);
});

test('a call that finds its work done by another one is answered when that one is stored and published (BUS-4)', async () => {
  const order: string[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const journal: EventSink = {
    handle: () => {
      const write = Promise.withResolvers<void>();
      writes.push(write);
      return write.promise;
    },
  };
  const publish: EventSink = { handle: ({ events }) => void order.push(`published: ${events[0]?.type}`) };
  const rooms = new Rooms(testSettings(), { first: [], journal, after: [publish] });
  const execute = (name: string, command: RoomCommand, terms?: CallTerms): Promise<void> =>
    rooms.execute(KEY, command, ORIGIN, terms).then(
      () => void order.push(`done: ${name}`),
      (error: { code: string }) => void order.push(`${error.code}: ${name}`),
    );
  const kick = {
    type: 'kick',
    targets: [{ label: 'a', userIds: ['a' as UserId] }],
    require: 'any',
    reason: '',
  } as const;
  const calls = [execute('login', login('a')), execute('kick', kick)];
  calls.push(execute('second kick', kick), execute('late', kick, { expectedEpoch: '1' as Epoch }));
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  expect(order).toEqual([]);
  for (const { resolve } of writes) resolve();
  await Promise.all(calls);
  expect(order.slice(0, 2)).toEqual(['published: roomCreated', 'published: memberLeft']);
  expect(order.slice(2).toSorted()).toEqual([
    'done: kick',
    'done: login',
    'room.not-found: late',
    'room.not-found: second kick',
  ]);
});

test('silent members of the other rooms are taken out where a sink fails for one (BUS-5)', async () => {
  const settings = testSettings();
  const reported: string[] = [];
  const failing: EventSink = {
    handle: ({ key, events }) => {
      if (key.roomId === 'bad' && events.some(({ type }) => type === 'memberLeft')) throw new Error('sink failed');
    },
  };
  const rooms = new Rooms(
    { ...settings, report: (error) => void reported.push(String(error)) },
    { first: [failing], after: [] },
  );
  for (const roomId of ['bad', 'good']) await rooms.execute({ ...KEY, roomId: roomId as never }, login('a'), ORIGIN);
  rooms.start();
  settings.clock.advance(200_000);
  await expect.poll(() => reported).toEqual(['Error: sink failed']);
  expect(rooms.size).toBe(0);
  rooms.stop();
});
