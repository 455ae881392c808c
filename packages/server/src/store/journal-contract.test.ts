import type { AppId, RoomId, UserId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import { record } from '../callbacks/testing.ts';
import { auditRow } from '../journal/testing.ts';
import type { Ban } from '../policy/rule.ts';
import { type AuditFilter, exportAudit } from './audit.ts';
import type { JournalEntry } from './journal.ts';
import type { Store } from './store.ts';
import { describeStores, type TestDatabase } from './testing.ts';

const APP = 1001 as AppId;

const callback = (seq: number) => ({ ...record(`body ${seq}`), seq, attempts: 0, nextAttemptAtMs: 0 });
const beginOf = (id: string, meetingId: string) =>
  ({ type: 'begin', session: { id, appId: APP, meetingId, title: '', startedAtMs: 1 } }) as const;
const replyOf = (commandId: string, reply: string, doneAtMs = 1_000) => ({
  ...{ commandId, fingerprint: 'f', reply, doneAtMs },
});

describeStores('a journal', (createDatabase) => {
  let database: TestDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createDatabase();
    store = await database.open();
  });
  const apply = (...entries: Omit<JournalEntry, 'term'>[]) =>
    store.journal.apply(entries.map((entry) => ({ term: 1, ...entry })));
  const stored = async () => ({
    callbacks: await store.outbox.count('pending'),
    sessions: (await store.sessions.open()).length,
    audit: (await store.audit.list({}, 10)).rows.length,
    hasReply: (await store.journal.findReply('c', 0)) !== undefined,
  });

  it('stores the rows of a change together (BUS-6)', async () => {
    const sessions = [beginOf('s', 'm')];
    await apply({ callbacks: [callback(7)], sessions, audit: [auditRow('a')], replies: [replyOf('c', '{}')] });
    expect(await stored()).toEqual({ callbacks: 1, sessions: 1, audit: 1, hasReply: true });
    expect(await store.journal.lastCallbackSeq()).toBe(7);
  });

  it('stores rules with their audit row, and a later one in place of an earlier one (BUS-6, BAN-9)', async () => {
    const ban: Ban = {
      ...{ id: 'b', appId: APP, environment: 'production', version: 1, author: 'me', reason: 'spam', createdAtMs: 1 },
      ...{ kind: 'ban', list: 'moderation', subject: { userId: 'ann' as UserId }, privileges: ['login'] },
    };
    const lifted = { ...ban, version: 2, lifted: { atMs: 5, by: 'me', reason: 'sorry' } };
    await apply({ rules: [ban], audit: [auditRow('a')] }, { rules: [lifted], audit: [auditRow('b')] });
    expect(await store.rules.find(ban, 'b')).toEqual(lifted);
    const failing = apply({ rules: [ban], audit: [auditRow('b')] });
    await expect(failing).rejects.toThrow();
    expect(await store.rules.find(ban, 'b')).toEqual(lifted);
    expect((await store.audit.list({}, 10)).rows).toHaveLength(2);
  });

  it('stores none of the rows if one cannot be stored (BUS-6)', async () => {
    await apply({ sessions: [beginOf('s', 'm')] });
    const rest = { callbacks: [callback(1)], audit: [auditRow('a')], replies: [replyOf('c', '{}')] };
    await expect(apply(rest, { sessions: [beginOf('s2', 'm')] })).rejects.toThrow();
    await apply({ audit: [auditRow('b')] });
    await expect(apply({ ...rest, audit: [auditRow('b')] })).rejects.toThrow();
    expect(await stored()).toEqual({ callbacks: 0, sessions: 1, audit: 1, hasReply: false });
  });

  it('refuses entries of an ended term (BUS-6)', async () => {
    await store.journal.apply([{ term: 2, audit: [auditRow('a')] }]);
    const late = store.journal.apply([{ term: 1, audit: [auditRow('b')] }]);
    await expect(late).rejects.toMatchObject({ code: 'server.stale-term' });
    await store.journal.apply([{ term: 3, audit: [auditRow('c')] }]);
    const { rows } = await store.audit.list({}, 10);
    expect(rows.map(({ id, term }) => [id, term])).toEqual([
      ['c', 3],
      ['a', 2],
    ]);
  });

  it('stores the position of its files with the entries (BUS-6)', async () => {
    expect(await store.journal.position()).toEqual({ segment: 0, offset: 0 });
    await store.journal.apply([{ term: 1, audit: [auditRow('a')] }], { segment: 3, offset: 70 });
    const twice = store.journal.apply([{ term: 1, audit: [auditRow('a')] }], { segment: 3, offset: 140 });
    await expect(twice).rejects.toThrow();
    expect(await store.journal.position()).toEqual({ segment: 3, offset: 70 });
  });

  it('stores a batch once that is repeated because the answer to its commit was lost (CLUS-7)', async () => {
    const repeat = (id: string, batchId: string) =>
      store.journal.apply([{ term: 1, callbacks: [callback(1)], audit: [auditRow(id)] }], undefined, batchId);
    await Promise.all([repeat('a', 'first'), repeat('a', 'first')]);
    // Its callback was delivered meanwhile, and must not come back.
    const [{ id: sent } = { id: '' }] = await store.outbox.list({ status: 'pending' }, 10);
    await store.outbox.delete([sent]);
    await repeat('a', 'first');
    expect(await stored()).toMatchObject({ callbacks: 0, audit: 1 });
    await repeat('b', 'second');
    expect(await stored()).toMatchObject({ callbacks: 1, audit: 2 });
  });

  it('stores a repeated batch whose first attempt was not committed (CLUS-7)', async () => {
    await apply({ audit: [auditRow('a')] });
    const second = (rows: Partial<JournalEntry>) => store.journal.apply([{ term: 1, ...rows }], undefined, 'second');
    await expect(second({ audit: [auditRow('b'), auditRow('a')] })).rejects.toThrow();
    await second({ audit: [auditRow('b')] });
    expect(await stored()).toMatchObject({ audit: 2 });
  });

  it('finds a reply until it is too old, and the newest one of an id (BUS-2)', async () => {
    await apply({ replies: [replyOf('c', '{"members":[]}')] });
    expect(await store.journal.findReply('c', 1_000)).toEqual(replyOf('c', '{"members":[]}'));
    expect(await store.journal.findReply('c', 1_001)).toBeUndefined();
    expect(await store.journal.findReply('d', 0)).toBeUndefined();
    await apply({ replies: [replyOf('c', '{}', 2_000)] });
    expect(await store.journal.findReply('c', 1_001)).toEqual(replyOf('c', '{}', 2_000));
    await apply({ replies: [replyOf('d', '{}', 1_000)] });
    expect([await store.journal.purgeReplies(2_000, 10), await store.journal.purgeReplies(2_000, 10)]).toEqual([1, 0]);
    expect(await store.journal.findReply('c', 0)).toBeDefined();
  });

  it('returns audit rows as they were stored, newest first, page by page (AUDIT-1)', async () => {
    const { roomId: _none, ...wholeApp } = auditRow('c', { outcome: 'refused', errorCode: 'room.not-found' });
    await apply({ audit: [auditRow('a'), auditRow('b')] }, { audit: [wholeApp] });
    const first = await store.audit.list({}, 2);
    expect(first.rows).toMatchObject([wholeApp, auditRow('b')]);
    expect(first.rows[0]).not.toHaveProperty('roomId');
    const last = await store.audit.list({}, 2, first.next);
    expect(last.rows.map(({ id }) => id)).toEqual(['a']);
    expect(last).not.toHaveProperty('next');
  });

  it('selects audit rows by each field, and exports them in order (AUDIT-1)', async () => {
    const other = auditRow('other', {
      appId: 7 as AppId,
      environment: 'test',
      roomId: 'lobby' as RoomId,
      actor: 'token x',
      door: 'realtimekit',
      action: 'close',
      outcome: 'failed',
      targets: ['user/annabel', 'stream/Anna'],
      atMs: 2_000,
    });
    await apply({ audit: [auditRow('one'), other] });
    const { appId, environment, actor, door, action, outcome } = other;
    const roomId = 'lobby' as RoomId;
    const filters: AuditFilter[] = [
      ...[{ appId }, { environment }, { roomId }, { actor }, { door }, { action }, { outcome }],
      ...[{ target: 'stream/Anna' }, { fromMs: 1_001 }],
    ];
    for (const filter of filters) {
      expect((await store.audit.list(filter, 10)).rows).toMatchObject([{ id: 'other' }]);
    }
    expect((await store.audit.list({ target: 'user/anna', untilMs: 1_000 }, 10)).rows).toMatchObject([{ id: 'one' }]);
    expect((await store.audit.list({ target: 'stream/anna' }, 10)).rows).toEqual([]);
    const exported: string[] = [];
    for await (const { id } of exportAudit(store.audit, {})) exported.push(id);
    expect(exported).toEqual(['one', 'other']);
  });

  it('exports thousands of audit rows, each once (AUDIT-1)', async () => {
    const ids = Array.from({ length: 1_201 }, (_, index) => `row ${index}`);
    await apply(...ids.map((id) => ({ audit: [auditRow(id)] })));
    const exported: string[] = [];
    for await (const { id } of exportAudit(store.audit, { appId: APP })) exported.push(id);
    expect(exported).toEqual(ids);
  });

  it('deletes audit rows by age alone (AUDIT-1)', async () => {
    await apply({ audit: [auditRow('a'), auditRow('b', { atMs: 5_000 }), auditRow('c')] });
    expect([await store.audit.purge(5_000, 1), await store.audit.purge(5_000, 9)]).toEqual([1, 1]);
    expect((await store.audit.list({}, 10)).rows.map(({ id }) => id)).toEqual(['b']);
  });

  it('has everything again after it was opened anew (AUDIT-1, BUS-2)', async () => {
    await apply({ audit: [auditRow('a')], replies: [replyOf('c', '{}')], callbacks: [callback(3)] });
    await database.close();
    store = await database.open();
    expect(await stored()).toEqual({ callbacks: 1, sessions: 0, audit: 1, hasReply: true });
    expect(await store.journal.lastCallbackSeq()).toBe(3);
  });
});
