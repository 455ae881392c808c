import { parseAppId } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SessionPeerRecord } from './sessions.ts';
import type { Store } from './store.ts';
import { describeStores } from './testing.ts';
import type { WebhookRecord } from './webhooks.ts';

const APP = parseAppId(1) ?? fail();
const OTHER_APP = parseAppId(2) ?? fail();
const ALL = { offset: 0, limit: 100 };
let store: Store;

function fail(): never {
  throw new Error('no such App id');
}

const begin = (id: string, meetingId: string, startedAtMs: number, title = `Title of ${id}`) =>
  ({ type: 'begin', session: { id, appId: APP, meetingId, title, startedAtMs } }) as const;
const peer = (sessionId: string, id: string, userId: string, joinedAtMs: number): SessionPeerRecord => ({
  id,
  sessionId,
  userId,
  customId: `custom-${userId}`,
  name: `Name of ${userId}`,
  presetName: 'host',
  viewType: 'GROUP_CALL',
  joinedAtMs,
});
const join = (...args: Parameters<typeof peer>) => ({ type: 'join', peer: peer(...args) }) as const;
const leave = (sessionId: string, peerId: string, atMs: number) =>
  ({ type: 'leave', sessionId, peerId, atMs }) as const;
const end = (sessionId: string, atMs: number) => ({ type: 'end', sessionId, atMs, reason: 'empty' }) as const;
const T = 1_700_000_000_000;

describeStores('sessions', (createDatabase) => {
  beforeEach(async () => {
    store = await (await createDatabase()).open();
    for (const appId of [APP, OTHER_APP]) {
      const rest = { rtkAppId: `rtk-${appId}`, accountId: 'account', name: 'app', createdAtMs: 1 };
      await store.apps.add({ appId, ...rest }, []);
    }
  });

  describe('the history of sessions', () => {
    it('counts who is in, the peak, the people and the time, at any moment', async () => {
      await store.sessions.keep([begin('s1', 'm1', T), join('s1', 'p1', 'anna', T), join('s1', 'p2', 'anna', T + 10)]);
      const at = (nowMs: number) => store.sessions.findLive(APP, 'm1', nowMs);
      expect(await at(T + 100)).toEqual({
        id: 's1',
        appId: APP,
        meetingId: 'm1',
        title: 'Title of s1',
        startedAtMs: T,
        liveCount: 2,
        peakCount: 2,
        userCount: 1,
        memberMs: 190,
        updatedAtMs: T + 10,
      });
      await store.sessions.keep([leave('s1', 'p1', T + 100), join('s1', 'p3', 'ben', T + 200)]);
      expect(await at(T + 300)).toMatchObject({ liveCount: 2, peakCount: 2, userCount: 2, memberMs: 100 + 290 + 100 });
      await store.sessions.keep([leave('s1', 'p2', T + 300), leave('s1', 'p3', T + 300), leave('s1', 'p3', T + 900)]);
      await store.sessions.keep([end('s1', T + 400)]);
      expect(await at(T + 500)).toBeUndefined();
      expect(await store.sessions.find(APP, 's1', T + 5000)).toMatchObject({
        liveCount: 0,
        memberMs: 490,
        endedAtMs: T + 400,
        endReason: 'empty',
      });
      expect(await store.sessions.find(OTHER_APP, 's1', T)).toBeUndefined();
    });

    it('keeps all changes or none, and one open session of a meeting', async () => {
      await store.sessions.keep([begin('s1', 'm1', T)]);
      await expect(store.sessions.keep([begin('s2', 'm2', T), begin('s3', 'm1', T)])).rejects.toThrow();
      expect(await store.sessions.find(APP, 's2', T)).toBeUndefined();
    });

    it('counts nothing after the end of a session, whoever was not seen to leave', async () => {
      await store.sessions.keep([begin('s1', 'm1', T), join('s1', 'p1', 'anna', T), join('s1', 'p2', 'ben', T + 5)]);
      await store.sessions.keep([leave('s1', 'p1', T + 10), end('s1', T + 20)]);
      expect(await store.sessions.find(APP, 's1', T + 5000)).toMatchObject({ liveCount: 0, memberMs: 10 + 15 });
      expect((await store.sessions.findPeer('s1', 'ben'))?.leftAtMs).toBe(T + 20);
    });

    it('tells which sessions have no end, who is in them, and when that was known last', async () => {
      await store.sessions.keep([begin('s1', 'm1', T), join('s1', 'p1', 'anna', T), join('s1', 'p2', 'ben', T + 1)]);
      await store.sessions.keep([leave('s1', 'p1', T + 2), begin('s2', 'm2', T + 3), end('s2', T + 4)]);
      await store.sessions.checkpoint(T + 50);
      const open = await store.sessions.open();
      expect(open).toMatchObject([{ session: { id: 's1' }, peers: [{ id: 'p2' }], seenAtMs: T + 50 }]);
    });

    it('lists by meeting, state, text, people and time, sorted and paged', async () => {
      await store.sessions.keep([begin('s1', 'm1', T, 'Plans'), join('s1', 'a', 'anna', T), end('s1', T)]);
      await store.sessions.keep([begin('s2', 'm1', T + 10), join('s2', 'b', 'anna', T + 10), leave('s2', 'b', T + 99)]);
      await store.sessions.keep([
        begin('s3', 'm3', T + 20),
        join('s3', 'c', 'x', T + 30),
        join('s3', 'd', 'y', T + 31),
      ]);
      const list = async (filter: object, page = ALL) =>
        (await store.sessions.list(APP, filter, page, T + 40)).items.map((session) => session.id);
      expect(await list({})).toEqual(['s3', 's2', 's1']);
      expect(await list({ ascending: true })).toEqual(['s1', 's2', 's3']);
      // s2 has lasted 89 ms by a clock that was set back since, s3 19 ms so far, and s1 had ended when it began.
      expect(await list({ sortBy: 'memberMs' })).toEqual(['s2', 's3', 's1']);
      expect(await list({ sortBy: 'memberMs', ascending: true })).toEqual(['s1', 's3', 's2']);
      expect(await list({ sortBy: 'memberMs' }, { offset: 1, limit: 1 })).toEqual(['s3']);
      expect(await list({ meetingId: 'm1' })).toEqual(['s2', 's1']);
      expect(await list({ isLive: true })).toEqual(['s3', 's2']);
      expect(await list({ isLive: false })).toEqual(['s1']);
      expect(await list({ search: 'plan' })).toEqual(['s1']);
      expect(await list({ search: 'm3' })).toEqual(['s3']);
      expect(await list({ search: 's2' })).toEqual(['s2']);
      expect(await list({ minUsers: 2 })).toEqual(['s3']);
      expect(await list({ maxUsers: 1 })).toEqual(['s2', 's1']);
      expect(await list({ fromMs: T + 10, untilMs: T + 19 })).toEqual(['s2']);
      expect(await list({}, { offset: 1, limit: 1 })).toEqual(['s2']);
      expect((await store.sessions.list(APP, {}, { offset: 1, limit: 1 }, T)).totalCount).toBe(3);
      expect(await store.sessions.list(OTHER_APP, {}, ALL, T)).toEqual({ items: [], totalCount: 0 });
    });

    it('lists the peers of a session, and finds one by its id or its user', async () => {
      await store.sessions.keep([begin('s1', 'm1', T), join('s1', 'p1', 'anna', T), join('s1', 'p2', 'ben', T + 10)]);
      await store.sessions.keep([leave('s1', 'p1', T + 20), join('s1', 'p3', 'anna', T + 30)]);
      const list = async (filter: object, page = ALL) =>
        (await store.sessions.peers('s1', filter, page, T + 40)).items.map((each) => each.id);
      expect(await list({})).toEqual(['p1', 'p2', 'p3']);
      expect(await list({ sortBy: 'joinedAt' })).toEqual(['p3', 'p2', 'p1']);
      expect(await list({ sortBy: 'duration' })).toEqual(['p2', 'p1', 'p3']);
      expect(await list({ sortBy: 'duration', ascending: true })).toEqual(['p3', 'p1', 'p2']);
      expect(await list({ search: 'NAME OF A' })).toEqual(['p1', 'p3']);
      expect(await list({ search: 'custom-ben' })).toEqual(['p2']);
      expect(await list({ search: 'p3' })).toEqual(['p3']);
      expect(await list({}, { offset: 2, limit: 5 })).toEqual(['p3']);
      expect(await store.sessions.findPeer('s1', 'p1')).toEqual({ ...peer('s1', 'p1', 'anna', T), leftAtMs: T + 20 });
      expect((await store.sessions.findPeer('s1', 'anna'))?.id).toBe('p3');
      expect(await store.sessions.findPeer('s2', 'anna')).toBeUndefined();
      expect((await store.sessions.findPeerOfApp(APP, 'p2'))?.sessionId).toBe('s1');
      expect(await store.sessions.findPeerOfApp(OTHER_APP, 'p2')).toBeUndefined();
    });

    it('adds up what began on each day', async () => {
      const day = Date.UTC(2026, 0, 31);
      await store.sessions.keep([begin('s1', 'm1', day), join('s1', 'p1', 'a', day), leave('s1', 'p1', day + 5)]);
      await store.sessions.keep([end('s1', day + 5), begin('s2', 'm1', day + 86_399_999), end('s2', day + 86_400_000)]);
      await store.sessions.keep([begin('s3', 'm1', day + 86_400_000)]);
      expect(await store.sessions.days(APP, day, day + 90_000_000, day)).toEqual([
        { day: '2026-01-31', sessionCount: 2, memberMs: 5 },
        { day: '2026-02-01', sessionCount: 1, memberMs: 0 },
      ]);
      expect(await store.sessions.days(APP, day + 1, day + 2, day)).toEqual([]);
    });
  });

  describe('registrations of webhooks', () => {
    const webhook = (change: Partial<WebhookRecord> = {}): WebhookRecord => ({
      id: 'w1',
      appId: APP,
      name: 'hook',
      url: 'https://example.com/hook',
      events: ['a', 'b'],
      enabled: true,
      createdAtMs: 1,
      updatedAtMs: 1,
      ...change,
    });

    it('are kept, changed and removed in their App, one for each address', async () => {
      expect(await store.webhooks.add(webhook())).toBe(true);
      expect(await store.webhooks.add(webhook({ id: 'w2' }))).toBe(false);
      expect(await store.webhooks.add(webhook({ id: 'w3', appId: OTHER_APP }))).toBe(true);
      expect(await store.webhooks.add(webhook({ id: 'w4', url: 'https://example.com/b', enabled: false }))).toBe(true);
      const change = { name: 'x', url: 'https://example.com/c', events: [], enabled: false, updatedAtMs: 2 };
      expect(await store.webhooks.update(APP, 'w4', (each) => ({ ...each, url: webhook().url }))).toBe('taken');
      expect(await store.webhooks.update(OTHER_APP, 'w1', () => change)).toBeUndefined();
      expect(await store.webhooks.update(APP, 'w1', () => change)).toEqual(webhook(change));
      expect((await store.webhooks.all()).map((each) => each.id)).toEqual(['w1', 'w3', 'w4']);
      expect(await store.webhooks.delete(OTHER_APP, 'w1')).toBeUndefined();
      expect(await store.webhooks.delete(APP, 'w1')).toEqual(webhook(change));
      expect(await store.webhooks.delete(APP, 'w1')).toBeUndefined();
    });
  });
});
