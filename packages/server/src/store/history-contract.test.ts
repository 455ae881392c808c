import type { AppId } from '@gavel/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatRecord } from './chat.ts';
import type { SessionChange, SessionChat } from './sessions.ts';
import type { Store } from './store.ts';
import { describeStores } from './testing.ts';

const APP = 1001 as AppId;
const T = 1_000_000;

let store: Store;

const said = (sessionId: string, id: string, over: Partial<ChatRecord> = {}): ChatRecord => ({
  ...{ sessionId, id, userId: 'anna', name: 'Änne', text: `said ${id}`, isPinned: false, isEdited: false, sentAtMs: T },
  ...over,
});
const keep = (...messages: ChatRecord[]) => store.chat.keep(messages.map((message) => ({ type: 'put', message })));
const textsOf = async (sessionId: string, after = '', limit = 100) =>
  (await store.chat.read(sessionId, after, limit)).map(({ text }) => text);

/** Keeps a session that has ended, with its people and messages. */
async function addSession(id: string, endedAtMs: number, people: number, messages: number, chat?: SessionChat) {
  const session = { id, appId: APP, meetingId: `meeting of ${id}`, title: '', startedAtMs: T };
  const stay = { customId: '', name: '', presetName: '', viewType: null, joinedAtMs: T };
  const changes: SessionChange[] = [{ type: 'begin', session }];
  for (let person = 0; person < people; person += 1) {
    changes.push({ type: 'join', peer: { ...stay, id: `${id} ${person}`, sessionId: id, userId: `user ${person}` } });
  }
  changes.push({ type: 'end', sessionId: id, atMs: endedAtMs, reason: 'empty', ...(chat && { chat }) });
  await store.sessions.keep(changes);
  await keep(...Array.from({ length: messages }, (_, index) => said(id, String(index).padStart(4, '0'))));
}
const sessionIds = async () =>
  (await store.sessions.list(APP, { ascending: true }, { offset: 0, limit: 100 }, T)).items.map(({ id }) => id);
const chatOf = async (id: string) => (await store.sessions.find(APP, id, T))?.chat;

describeStores('chat and its retention', (createDatabase) => {
  beforeEach(async () => {
    store = await (await createDatabase()).open();
  });

  describe('what was said in sessions', () => {
    it('is read in the order of its ids, part by part, of one session', async () => {
      await keep(said('s1', 'b'), said('s2', 'x'), said('s1', 'a'), said('s1', 'c'));
      expect(await textsOf('s1')).toEqual(['said a', 'said b', 'said c']);
      expect(await textsOf('s1', 'a', 1)).toEqual(['said b']);
      expect(await textsOf('s1', 'c')).toEqual([]);
      expect([await store.chat.has('s1'), await store.chat.has('s3')]).toEqual([true, false]);
    });

    it('is replaced and deleted by its id, all changes or none', async () => {
      await keep(said('s1', 'a'), said('s1', 'b'));
      const edited = said('s1', 'a', { text: 'better', isEdited: true, isPinned: true, sentAtMs: T + 1 });
      await store.chat.keep([
        { type: 'put', message: edited },
        { type: 'delete', sessionId: 's1', id: 'b' },
        { type: 'delete', sessionId: 's1', id: 'unknown' },
      ]);
      expect(await store.chat.read('s1', '', 10)).toEqual([edited]);
      const broken = { ...said('s1', 'c'), text: null } as unknown as ChatRecord;
      await expect(keep(said('s1', 'd'), broken)).rejects.toThrow();
      expect(await textsOf('s1')).toEqual(['better']);
    });
  });

  describe('forgetting the history', () => {
    it('of what was said takes the oldest sessions first, and no more rows than it may (RTK-16)', async () => {
      await addSession('old', T + 10, 1, 5, 'temporary');
      await addSession('older', T + 5, 1, 5, 'temporary');
      await addSession('lasting', T + 5, 1, 5, 'lasting');
      await addSession('new', T + 20, 1, 5, 'temporary');
      const left = async () => [(await textsOf('older')).length, (await textsOf('old')).length];
      expect(await store.chat.purge(T + 20, 3)).toBe(3);
      expect(await left()).toEqual([2, 5]);
      expect(await chatOf('older')).toBe('temporary');
      expect(await store.chat.purge(T + 20, 4)).toBe(4);
      expect(await left()).toEqual([0, 3]);
      expect(await store.chat.purge(T + 20, 4)).toBe(3);
      expect([await chatOf('older'), await chatOf('old')]).toEqual([undefined, undefined]);
      expect(await store.chat.purge(T + 20, 4)).toBe(0);
      expect([await chatOf('lasting'), await chatOf('new')]).toEqual(['lasting', 'temporary']);
      expect([(await textsOf('lasting')).length, (await textsOf('new')).length]).toEqual([5, 5]);
      expect(await sessionIds()).toHaveLength(4);
    });

    it('of sessions takes what hangs on them too, and none that is live (RTK-16)', async () => {
      await addSession('old', T + 10, 3, 2, 'lasting');
      await addSession('new', T + 20, 1, 0);
      const live = { id: 'live', appId: APP, meetingId: 'm', title: '', startedAtMs: T };
      await store.sessions.keep([{ type: 'begin', session: live }]);
      const purge = (limit: number) => store.sessions.purge(T + 20, limit);
      // Two messages and one of three people; the other two; the session itself.
      expect([await purge(3), await purge(2), await sessionIds()]).toEqual([3, 2, ['old', 'new', 'live']]);
      expect(await purge(2)).toBe(1);
      expect(await sessionIds()).toEqual(['new', 'live']);
      expect([await textsOf('old'), await store.sessions.findPeer('old', 'user 0')]).toEqual([[], undefined]);
      expect(await purge(2)).toBe(0);
      expect(await store.sessions.findPeer('new', 'user 0')).toBeDefined();
    });
  });
});
