/**
 * What every store promises of rules, as one suite that is run on each implementation.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AppId, RoomId, StreamId, UserId } from '@gavel/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RuleRepository } from '../policy/repository.ts';
import type { Ban, Rule, StreamBlock } from '../policy/rule.ts';
import { MemoryRules } from '../policy/testing.ts';
import { MIGRATIONS } from './sqlite/migrations.ts';
import { openSqliteStore } from './sqlite/open.ts';
import { describeStores } from './testing.ts';

const SCOPE = { appId: 4_294_967_295 as AppId, environment: 'production' } as const;

const ban = (over: Partial<Ban> = {}): Ban => ({
  ...SCOPE,
  id: 'one',
  version: 1,
  kind: 'ban',
  list: 'moderation',
  subject: { userId: 'ann “ü”' as UserId, addresses: '10.0.0.0/8' },
  privileges: ['login', 'publish'],
  author: 'app:1',
  reason: 'spam\n“x”',
  createdAtMs: 1_000,
  untilMs: 2_000,
  ...over,
});
const { untilMs: _untilMs, ...endless } = ban({ id: 'endless', version: 9, roomId: 'room' as RoomId });
const lifted = ban({ id: 'lifted', version: 3, lifted: { atMs: 1_500, by: 'me', reason: 'sorry' } });
const block: StreamBlock = {
  ...{ ...SCOPE, id: 'block', version: 4, kind: 'stream-block', author: 'a', reason: '', createdAtMs: 1 },
  ...{ roomId: 'r' as RoomId, streamId: 's' as StreamId, blocked: { audio: true, video: false } },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gavel-rules-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function defineRules(open: () => Promise<RuleRepository>): void {
  it('are returned as they were put, in the order of their versions, while they are current (BAN-7)', async () => {
    const rules = await open();
    await rules.put([endless, ban(), lifted, block, ban({ id: 'ended', version: 2, untilMs: 1_999 })]);
    expect(await rules.current(1_999)).toEqual([ban(), block, endless]);
    expect(await rules.find(SCOPE, 'lifted')).toEqual(lifted);
  });

  it('are replaced by a later row of the same id, and are found only in their scope (BAN-9)', async () => {
    const rules = await open();
    await rules.put([ban()]);
    const later = ban({ version: 2, lifted: { atMs: 1_100, by: 'me', reason: '' } });
    await rules.put([later]);
    expect(await rules.find(SCOPE, 'one')).toEqual(later);
    expect(await rules.find({ ...SCOPE, environment: 'test' }, 'one')).toBeUndefined();
    expect(await rules.find({ ...SCOPE, appId: 1 as AppId }, 'one')).toBeUndefined();
    expect(await rules.current(0)).toEqual([]);
  });

  it('have the highest version of each scope, also if that rule has ended', async () => {
    const rules = await open();
    const test = ban({ id: 'test', environment: 'test', version: 7 });
    await rules.put([ban(), lifted, test]);
    expect(await rules.versions()).toEqual(
      expect.arrayContaining([
        { ...SCOPE, version: 3 },
        { ...SCOPE, environment: 'test', version: 7 },
      ]),
    );
  });

  it('list the bans of a scope page by page, latest version first, ended and lifted ones too (BAN-9)', async () => {
    const rules = await open();
    await rules.put([ban(), lifted, block, endless, ban({ id: 'test', environment: 'test' })]);
    const first = await rules.bans(SCOPE, { limit: 2 });
    expect(first).toEqual([endless, lifted]);
    expect(await rules.bans(SCOPE, { before: 3, limit: 2 })).toEqual([ban()]);
  });

  it('are deleted when they were lifted or had ended before a time, and not otherwise', async () => {
    const rules = await open();
    await rules.put([ban(), lifted, block, endless, ban({ id: 'later', version: 6, untilMs: 2_001 })]);
    await rules.deleteEnded(2_001);
    expect(await rules.bans(SCOPE, { limit: 9 })).toMatchObject([{ id: 'endless' }, { id: 'later' }]);
    expect(await rules.find(SCOPE, 'block')).toEqual(block);
  });
}

describe('rules in memory', () => defineRules(async () => new MemoryRules()));

describeStores('rules', (createDatabase) => {
  const open = async (): Promise<RuleRepository> => (await (await createDatabase()).open()).rules;
  defineRules(open);

  it('are put all or none', async () => {
    const rules = await open();
    const broken = ban({ id: 'broken', createdAtMs: null as never });
    await expect(rules.put([ban(), broken])).rejects.toThrow();
    expect(await rules.current(0)).toEqual([]);
  });
});

describe('rules in SQLite', () => {
  it('include those of a database of an earlier version, in their order (BAN-7)', async () => {
    const path = join(folder, 'gavel.db');
    const step = MIGRATIONS.findIndex((sql) => sql.includes('CREATE TABLE policy_rules'));
    const database = new DatabaseSync(path);
    for (const sql of MIGRATIONS.slice(0, step)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${step}`);
    const insert = database.prepare(
      "INSERT INTO rules (app_id, environment, kind, subject, definition, created_at_ms, until_ms) VALUES (1, 'test', ?, ?, ?, 5, ?)",
    );
    const scope = { type: 'room-user', roomId: 'r', userId: 'u' };
    insert.run('ban-room-user', 'x', JSON.stringify({ scope, privileges: ['login'] }), 9_000);
    insert.run(
      'ban-address',
      '::1',
      JSON.stringify({ scope: { type: 'address', address: '::1' }, privileges: ['publish'] }),
      9_000,
    );
    insert.run('forbidden-stream', 's', JSON.stringify({ streamId: 's' }), null);
    insert.run('stream-block', 'b', JSON.stringify({ roomId: 'r', streamId: 's', blocked: block.blocked }), 9_000);
    database.close();
    const common = {
      appId: 1,
      environment: 'test',
      id: expect.any(String),
      author: 'unknown',
      reason: '',
      createdAtMs: 5,
    };
    const ends = { ...common, untilMs: 9_000 };
    const store = await openSqliteStore(path);
    const rules: readonly Rule[] = await store.rules.current(0);
    await store.close();
    expect(rules).toEqual([
      {
        ...ends,
        version: 1,
        kind: 'ban',
        list: 'room-user',
        subject: { userId: 'u' },
        roomId: 'r',
        privileges: ['login'],
      },
      { ...ends, version: 2, kind: 'ban', list: 'address', subject: { addresses: '::1' }, privileges: ['publish'] },
      { ...common, version: 3, kind: 'forbidden-stream', streamId: 's' },
      { ...ends, version: 4, kind: 'stream-block', roomId: 'r', streamId: 's', blocked: block.blocked },
    ]);
  });
});
