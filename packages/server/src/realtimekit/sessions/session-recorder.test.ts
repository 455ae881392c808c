import { type AppId, type Epoch, parseAppId, type RoomId, type RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { record } from '../../callbacks/testing.ts';
import type { EventBatch } from '../../owner/event-feed.ts';
import type { Origin } from '../../rooms/commands.ts';
import type { RoomEvent } from '../../rooms/events.ts';
import type { SessionChange } from '../../store/sessions.ts';
import { openSqliteStore } from '../../store/sqlite/open.ts';
import type { Store } from '../../store/store.ts';
import { DEFAULT_SETTINGS } from '../meeting-schema.ts';
import type { SessionNews } from './session-news.ts';
import { SessionRecorder } from './session-recorder.ts';

const MEETING = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const appId = parseAppId(1) as AppId;
const key: RoomKey = { appId, environment: 'production', roomId: MEETING as RoomId };
const origin: Origin = { channel: 'signalling', requestId: 'r' };

let store: Store;
let clock: FakeClock;
let recorder: SessionRecorder;
let news: SessionNews[];
let logged: object[];
/** Stands before the store: throws to let it fail. */
let gate: (changes: readonly SessionChange[]) => void;
let epoch: bigint;

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
  await store.apps.add({ appId, rtkAppId: 'rtk', accountId: 'account', name: 'app', createdAtMs: 1 }, []);
  const times = { createdAtMs: 1, updatedAtMs: 1 };
  const settings = { ...DEFAULT_SETTINGS };
  await store.meetings.add({ id: MEETING, appId, title: null, status: 'ACTIVE', settings, ...times });
  clock = new FakeClock();
  news = [];
  logged = [];
  epoch = 1n;
  gate = () => {};
  const newsOf = new Map<string, readonly SessionNews[]>();
  recorder = new SessionRecorder({
    store,
    clock,
    log: { error: (fields) => void logged.push(fields) },
    deliveriesOf: (_session, all) => {
      const delivery = record('news');
      newsOf.set(delivery.id, all);
      return [delivery];
    },
    append: async ({ sessions = [], callbacks = [] }) => {
      gate(sessions);
      await store.sessions.keep(sessions);
      news.push(...callbacks.flatMap(({ id }) => newsOf.get(id) ?? []));
    },
  });
  recorder.start();
});
afterEach(async () => {
  await recorder.close();
  await store.close();
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
/** Events of one command; only what the recorder looks at. */
const batchOf = (events: readonly object[], from = origin): EventBatch => ({
  key,
  epoch: String(epoch) as Epoch,
  origin: from,
  events: events.map((event) => ({ atMs: clock.now(), ...event }) as RoomEvent),
});
const handle = (events: readonly object[], from = origin): Promise<void> => recorder.record(batchOf(events, from), {});
const joined = (id: string) => ({ type: 'memberJoined', member: { memberId: id, user: { id, name: id } } });
const left = (id: string) => ({ type: 'memberLeft', member: { memberId: id, user: { id, name: id } } });
const closed = (cause = 'logout') => ({ type: 'roomClosed', cause });
const find = async () => (await store.sessions.list(appId, {}, { offset: 0, limit: 10 }, clock.now())).items;

describe('the recorder of sessions', () => {
  it('keeps the end of a session later where the store fails at first (RTK-11)', async () => {
    await handle([joined('anna')]);
    await handle([left('anna'), closed()]);
    gate = () => {
      throw new Error('the disk is full');
    };
    clock.advance(60_000);
    await settle();
    expect(await find()).toMatchObject([{ liveCount: 0 }]);
    expect((await find())[0]?.endedAtMs).toBeUndefined();
    expect(logged).toHaveLength(1);
    gate = () => {};
    clock.advance(10_000);
    await settle();
    expect((await find())[0]).toMatchObject({ endReason: 'empty', endedAtMs: clock.now() });
    expect(news.map(({ event }) => event)).toEqual(['started', 'joined', 'left', 'ended']);
  });

  it('reports a failure, and does not make up for what could not be stored (RTK-11)', async () => {
    await handle([joined('anna')]);
    gate = () => {
      throw new Error('the disk is full');
    };
    await expect(handle([joined('ben')])).rejects.toMatchObject({ code: 'server.internal' });
    await expect(handle([left('anna')])).rejects.toMatchObject({ code: 'server.internal' });
    expect(logged).toHaveLength(2);
    gate = () => {};
    // Of ben nothing is known, and anna is still in.
    await handle([left('ben')]);
    expect(await find()).toMatchObject([{ liveCount: 1, userCount: 1 }]);
  });

  it('takes nobody for present in a new room who was in the one before (RTK-11)', async () => {
    await handle([joined('anna')]);
    gate = () => {
      throw new Error('the disk is full');
    };
    await expect(handle([left('anna'), closed('room-closed')])).rejects.toThrow();
    gate = () => {};
    clock.advance(1000);
    await handle([{ type: 'roomCreated' }, joined('ben')]);
    expect(await find()).toMatchObject([{ liveCount: 1, peakCount: 1, userCount: 2, memberMs: 1000 }]);
    expect(news.map(({ event }) => event)).toEqual(['started', 'joined', 'left', 'joined']);
  });

  it('follows only events of sessions, and everything of a room while its history is written (RTK-11)', async () => {
    const join = batchOf([joined('anna')]);
    expect(recorder.follows({ ...join, key: { ...key, roomId: 'lobby' as RoomId } })).toBe(false);
    expect(recorder.follows({ ...join, key: { ...key, environment: 'test' } })).toBe(false);
    const message = batchOf([{ type: 'message' }]);
    expect([recorder.follows(message), recorder.follows(join)]).toEqual([false, true]);
    const written = recorder.record(join, {});
    expect(recorder.follows(message)).toBe(true);
    await written;
    expect(recorder.follows(message)).toBe(false);
  });

  it('agrees with who was in, whatever comes in whatever order, waited for or not (RTK-11)', async () => {
    const steps = fc.array(
      fc.record({ who: fc.integer({ min: 0, max: 3 }), pauseMs: fc.constantFrom(0, 1000, 59_999, 60_000) }),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), async (toggles, waits) => {
        const inside = new Map<string, string>();
        const startMs = clock.now();
        let memberMs = 0;
        let peers = 0;
        for (const { who, pauseMs } of toggles) {
          const user = `user-${who}`;
          const peer = inside.get(user);
          let done: Promise<void> | undefined;
          if (peer === undefined) {
            if (inside.size === 0) epoch += 1n;
            peers += 1;
            const id = `${user} ${epoch} ${peers} ${startMs}`;
            inside.set(user, id);
            done = handle([joined(id)]);
          } else {
            inside.delete(user);
            done = handle(inside.size === 0 ? [left(peer), closed()] : [left(peer)]);
          }
          if (waits) await done;
          memberMs += pauseMs * inside.size;
          if (pauseMs > 0) {
            await settle();
            clock.advance(pauseMs);
            await settle();
          }
        }
        await settle();
        const sessions = (await find()).filter((session) => session.startedAtMs >= startMs);
        const live = sessions.filter((session) => session.endedAtMs === undefined);
        expect(live.reduce((sum, session) => sum + session.liveCount, 0)).toBe(inside.size);
        if (sessions.length < 10) expect(sessions.reduce((sum, session) => sum + session.memberMs, 0)).toBe(memberMs);
        // The next run begins with nobody in.
        await handle([...[...inside.values()].map(left), closed('room-closed')]);
        clock.advance(60_000);
        await settle();
        expect((await find()).every((session) => session.endedAtMs !== undefined)).toBe(true);
      }),
      { numRuns: 40 },
    );
    expect(logged).toEqual([]);
  });
});
