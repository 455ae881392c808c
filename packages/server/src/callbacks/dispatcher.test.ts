import type { AppId } from '@gavel/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxRecord } from '../store/outbox.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { MAX_LANE_RECORDS } from './lane.ts';
import { APP, addCallbacks, openDispatcher, record, settle } from './testing.ts';

const OTHER_APP = (APP.appId + 1) as AppId;
const never = () => new Promise<number>(() => {});
const textsOf = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

let store: Store;
beforeEach(async () => {
  store = await openSqliteStore(':memory:');
});
afterEach(() => store.close());

describe('retries', () => {
  it('come after the dialect’s pauses, counted from the failure, and then the callback is given up and kept (CB-2)', async () => {
    const { clock, endpoint, offer, delivered, failed } = openDispatcher(store);
    endpoint.answers = () => 500;
    await offer(record('one'));
    await settle();
    expect(endpoint.requests).toHaveLength(1);
    for (const [pauseMs, attempts] of [
      [2_000, 2],
      [4_000, 3],
    ] as const) {
      clock.advance(pauseMs - 1);
      await settle();
      expect(endpoint.requests).toHaveLength(attempts - 1);
      clock.advance(1);
      await settle();
      expect(endpoint.requests).toHaveLength(attempts);
    }
    clock.advance(1_000_000);
    await settle();
    expect(endpoint.bodies).toEqual(['one', 'one', 'one']);
    expect(new Set(endpoint.requests.map(({ headers }) => headers['x-id'])).size).toBe(1);
    const [stored] = await store.outbox.list({ status: 'failed' }, 10);
    expect(stored).toMatchObject({ attempts: 3, lastStatus: 500, lastError: 'answered 500' });
    expect(await store.outbox.count('pending')).toBe(0);
    expect([delivered, failed]).toEqual([[], ['event']]);
  });

  it('is sent once if it is loaded from the store before it is offered (CLUS-7)', async () => {
    const { endpoint, dispatcher } = openDispatcher(store);
    const records = await addCallbacks(store, [record('1'), record('2')]);
    await dispatcher.load();
    dispatcher.offer(records);
    await settle();
    expect(endpoint.bodies).toEqual(['1', '2']);
  });

  it('is sent once if it is offered again (CLUS-7)', async () => {
    const { endpoint, dispatcher } = openDispatcher(store);
    const records = await addCallbacks(store, [record('1'), record('2')]);
    dispatcher.offer(records);
    await settle();
    dispatcher.offer(records);
    await dispatcher.load();
    await settle();
    expect(endpoint.bodies).toEqual(['1', '2']);
  });

  it('is sent if an earlier process of its node had higher numbers, offered or loaded (CLUS-7)', async () => {
    const { endpoint, dispatcher } = openDispatcher(store);
    const of = (owner: string, seq: number, text: string) => ({
      ...{ ...record(text, { lane: text }), owner, seq, attempts: 0, nextAttemptAtMs: 0 },
    });
    const add = async (...callbacks: OutboxRecord[]) => {
      await store.journal.apply([{ term: 1, callbacks }]);
      return callbacks;
    };
    dispatcher.offer(await add(of('a.1', 900, 'before')));
    dispatcher.offer(await add(of('a.2', 10, 'offered')));
    await add(of('a.2', 11, 'loaded'));
    await dispatcher.load();
    await settle();
    expect(endpoint.bodies.toSorted()).toEqual(['before', 'loaded', 'offered']);
  });

  it('is not sent by a process that has closed: the next one sends it (CLUS-7)', async () => {
    const { endpoint, dispatcher, offer } = openDispatcher(store);
    const loading = dispatcher.load();
    await dispatcher.close();
    await offer(record('1'));
    await loading;
    await dispatcher.load();
    await settle();
    expect(endpoint.bodies).toEqual([]);
    expect(await store.outbox.count('pending')).toBe(1);
  });

  it('is not sent by a process that may not send when its attempt begins, and counts as no attempt (CLUS-7)', async () => {
    let sendableMs = 60_000;
    const { endpoint, dispatcher } = openDispatcher(store, { sendableMs: () => sendableMs });
    dispatcher.offer(await addCallbacks(store, [record('1')]));
    // The headers are being made.
    sendableMs = 0;
    await settle();
    expect(endpoint.bodies).toEqual([]);
    // It waited for its connection.
    endpoint.comesTooLate = () => {
      sendableMs = 0;
      return true;
    };
    sendableMs = 60_000;
    dispatcher.resume();
    await settle();
    expect([endpoint.bodies, sendableMs]).toEqual([[], 0]);
    endpoint.comesTooLate = () => false;
    sendableMs = 60_000;
    dispatcher.resume();
    await settle();
    expect(endpoint.requests).toMatchObject([{ body: '1', beginBeforeMs: expect.any(Number) }]);
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('note why an attempt had no answer', async () => {
    const { endpoint, offer } = openDispatcher(store);
    endpoint.answers = () => Promise.reject(new Error('no answer within 5000 ms'));
    await offer(record('one'));
    await settle();
    const [owed] = await store.outbox.list({ status: 'pending' }, 1);
    expect(owed).toMatchObject({ attempts: 1, lastError: 'no answer within 5000 ms' });
    expect(owed).not.toHaveProperty('lastStatus');
  });

  it('are made for the callback of an App that is not configured any more, and fail with words', async () => {
    const { endpoint, offer } = openDispatcher(store);
    await offer(record('one', { appId: 5 as AppId }));
    await settle();
    expect(endpoint.requests).toEqual([]);
    expect((await store.outbox.list({ status: 'pending' }, 1))[0]?.lastError).toMatch(/not configured/);
  });

  it.each([200, 201, 204, 299])('are not made after %i (CB-2)', async (status) => {
    const { clock, endpoint, offer, delivered } = openDispatcher(store);
    endpoint.answers = () => status;
    await offer(record('one', { createdAtMs: clock.now() - 70 }));
    await settle();
    expect(await store.outbox.count('pending')).toBe(0);
    expect(delivered).toEqual([['event', 70]]);
  });

  it.each([100, 199, 300, 302, 400, 404, 503])('are made after %i (CB-2)', async (status) => {
    const { endpoint, offer } = openDispatcher(store);
    endpoint.answers = () => status;
    await offer(record('one'));
    await settle();
    expect((await store.outbox.list({ status: 'pending' }, 1))[0]).toMatchObject({ attempts: 1, lastStatus: status });
  });
});

describe('order', () => {
  it('holds in a lane, one at a time, over a failure too (CB-4)', async () => {
    const { clock, endpoint, offer } = openDispatcher(store);
    let inFlight = 0;
    endpoint.answers = async ({ body }) => {
      inFlight += 1;
      expect(inFlight).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight -= 1;
      return body === '3' && endpoint.bodies.filter((text) => text === '3').length === 1 ? 500 : 200;
    };
    await offer(...textsOf(6).map((text) => record(text)));
    await settle();
    await offer(record('6'));
    await settle();
    expect(endpoint.bodies).toEqual(['0', '1', '2', '3']);
    clock.advance(2_000);
    await settle();
    expect(endpoint.bodies).toEqual(['0', '1', '2', '3', '3', '4', '5', '6']);
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('goes on behind a callback that was given up', async () => {
    const { clock, endpoint, offer } = openDispatcher(store);
    endpoint.answers = ({ body }) => (body === 'bad' ? 500 : 200);
    await offer(record('bad'), record('good'));
    for (let step = 0; step < 3; step += 1) {
      await settle();
      clock.advance(4_000);
    }
    await settle();
    expect(endpoint.bodies).toEqual(['bad', 'bad', 'bad', 'good']);
  });

  it('lets lanes run side by side, up to the bound of their endpoint (CB-4)', async () => {
    const { endpoint, offer } = openDispatcher(store, { maxInFlight: 3 });
    const release: (() => void)[] = [];
    endpoint.answers = () => new Promise((resolve) => release.push(() => resolve(200)));
    await offer(...textsOf(5).map((text) => record(text, { lane: `lane-${text}` })));
    await settle();
    expect(endpoint.bodies).toEqual(['0', '1', '2']);
    release[1]?.();
    await settle();
    expect(endpoint.bodies).toEqual(['0', '1', '2', '3']);
  });

  it('an endpoint that hangs delays no other, and no other App at the same address (CB-4)', async () => {
    const { endpoint, offer } = openDispatcher(store, { maxInFlight: 2 });
    endpoint.answers = ({ url, body }) => (url.includes('hangs') || body.startsWith('slow') ? never() : 200);
    const hanging = textsOf(50).map((text) => record(text, { url: 'https://hangs.example/', lane: `l-${text}` }));
    const slow = textsOf(10, 'slow-').map((text) => record(text, { lane: text }));
    await offer(...hanging, ...slow);
    await offer(record('other endpoint', { url: 'https://b.example/' }), record('other App', { appId: OTHER_APP }));
    await settle();
    expect(endpoint.bodies).toEqual(expect.arrayContaining(['other endpoint', 'other App']));
    expect(endpoint.requests).toHaveLength(2 + 2 + 2);
  });
});

describe('memory', () => {
  it('is bounded: the rest waits in the store, and comes in order (CB-4)', async () => {
    const { endpoint, offer } = openDispatcher(store, { maxInMemory: 10, maxInFlight: 1 });
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    endpoint.answers = async () => {
      await gate;
      return 200;
    };
    const texts = textsOf(60);
    for (const text of texts) await offer(record(text, { lane: `lane-${Number(text) % 3}` }));
    await settle();
    release();
    for (let turn = 0; turn < 20; turn += 1) await settle();
    expect([...endpoint.bodies].sort()).toEqual([...texts].sort());
    for (const lane of [0, 1, 2]) {
      const ofLane = endpoint.bodies.filter((text) => Number(text) % 3 === lane).map(Number);
      expect(ofLane).toEqual([...ofLane].sort((one, other) => one - other));
    }
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('one lane’s backlog leaves space to the others, and comes in order, once each (CB-4)', async () => {
    const { clock, endpoint, offer } = openDispatcher(store, { maxInMemory: 200 });
    let isBroken = true;
    endpoint.answers = ({ body }) => (isBroken && body.startsWith('long') ? 500 : 200);
    const long = textsOf(MAX_LANE_RECORDS * 4, 'long-');
    await offer(...long.map((text) => record(text, { lane: 'long' })));
    await settle();
    await offer(record('short', { lane: 'short' }));
    await settle();
    expect(endpoint.bodies).toEqual(['long-0', 'short']);
    isBroken = false;
    clock.advance(2_000);
    for (let turn = 0; turn < 60; turn += 1) await settle();
    expect(endpoint.bodies).toEqual(['long-0', 'short', ...long]);
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('takes what comes while more is being loaded, once each and in order', async () => {
    const { endpoint, offer } = openDispatcher(store, { maxInMemory: 4, maxInFlight: 1 });
    const texts = textsOf(300);
    endpoint.answers = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 200;
    };
    for (const text of texts) {
      await offer(record(text));
      if (Number(text) % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (let turn = 0; turn < 80; turn += 1) await settle();
    expect(endpoint.bodies).toEqual(texts);
  });
});

describe('a start', () => {
  it('takes up what is owed, with its failed attempts and their pauses (CB-3)', async () => {
    const first = openDispatcher(store);
    first.endpoint.answers = () => 500;
    await first.offer(record('one'), record('two'), record('b', { lane: 'other' }));
    await settle();
    await first.dispatcher.close();
    const second = openDispatcher(store, { clock: first.clock });
    await second.dispatcher.load();
    await settle();
    expect(second.endpoint.bodies).toEqual([]);
    first.clock.advance(2_000);
    await settle();
    expect(second.endpoint.bodies.sort()).toEqual(['b', 'one', 'two']);
    expect(await store.outbox.count('pending')).toBe(0);
  });

  it('takes up more than memory holds, and what is new comes behind it (CB-3)', async () => {
    const texts = textsOf(1500);
    await addCallbacks(
      store,
      texts.map((text) => record(text)),
    );
    const { endpoint, dispatcher, offer } = openDispatcher(store, { maxInMemory: 50 });
    await dispatcher.load();
    await offer(record('new'));
    for (let turn = 0; turn < 200 && endpoint.requests.length <= texts.length; turn += 1) await settle();
    expect(endpoint.bodies).toEqual([...texts, 'new']);
  });
});

it('what was delivered is forgotten together', async () => {
  const { offer } = openDispatcher(store, { maxInFlight: 4 });
  const forget = vi.spyOn(store.outbox, 'delete');
  await offer(...textsOf(40).map((text) => record(text, { lane: text })));
  await settle();
  expect(await store.outbox.count('pending')).toBe(0);
  expect(forget).toHaveBeenCalledTimes(1);
});

it('what was delivered is forgotten when the store can be written again (CLUS-7)', async () => {
  const { clock, endpoint, dispatcher, offer } = openDispatcher(store);
  vi.spyOn(store.outbox, 'delete').mockRejectedValueOnce(new Error('the store failed'));
  await offer(record('one'));
  await settle();
  const dropped = dispatcher.drop(APP.appId);
  clock.advance(1000);
  await dropped;
  expect(await store.outbox.count('pending')).toBe(0);
  await dispatcher.load();
  await settle();
  expect(endpoint.bodies).toEqual(['one']);
});

it('a close does not wait for a store that fails', async () => {
  const { dispatcher, offer } = openDispatcher(store);
  vi.spyOn(store.outbox, 'delete').mockRejectedValue(new Error('the store failed'));
  await offer(record('one'));
  await settle();
  await dispatcher.close();
  expect(await store.outbox.count('pending')).toBe(1);
});

it('a close begins nothing new, and waits for what is under way', async () => {
  const { clock, endpoint, dispatcher, offer } = openDispatcher(store);
  let release = (): void => {};
  endpoint.answers = () => new Promise((resolve) => (release = () => resolve(200)));
  await offer(record('one'), record('two'));
  await settle();
  const closed = dispatcher.close();
  release();
  await closed;
  clock.advance(100_000);
  await settle();
  expect(endpoint.bodies).toEqual(['one']);
  expect((await store.outbox.list({ status: 'pending' }, 10)).map(({ body }) => body)).toEqual(['two']);
});
