/**
 * What every store promises of rules, as one suite that is run on each implementation.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppId } from '@gavel/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptRule } from '../rooms/rule-keeper.ts';
import { openSqliteStore } from './sqlite/open.ts';
import type { Store } from './store.ts';

const rule = (over: Partial<KeptRule> = {}): KeptRule => ({
  appId: 4_294_967_295 as AppId,
  environment: 'production',
  kind: 'ban-user',
  subject: 'ann',
  definition: { scope: { type: 'user', userId: 'ann “ü”' }, privileges: ['login'] },
  createdAtMs: 1_000,
  untilMs: 2_000,
  ...over,
});

describe('rules in SQLite', () => {
  let folder: string;
  let store: Store;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gavel-rules-'));
    store = await openSqliteStore(join(folder, 'gavel.db'));
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the rules of a kind as they were put, in the order of putting, also to another process (BAN-7)', async () => {
    const { untilMs: _untilMs, ...endless } = rule({ subject: 'endless', definition: {} });
    await store.rules.put([rule(), rule({ subject: 'bob' }), endless]);
    await store.rules.put([rule({ kind: 'ban-room' })]);
    const other = await openSqliteStore(join(folder, 'gavel.db'));
    expect(await other.rules.all('ban-user')).toEqual([rule(), rule({ subject: 'bob' }), endless]);
    expect(await other.rules.all('none')).toEqual([]);
    await other.close();
  });

  it('puts a rule in place of the one of the same name, at the end of the list', async () => {
    await store.rules.put([rule(), rule({ subject: 'bob' })]);
    const again = rule({ untilMs: 9_000, definition: { new: true } });
    await store.rules.put([again]);
    expect(await store.rules.all('ban-user')).toEqual([rule({ subject: 'bob' }), again]);
  });

  it('tells Apps, environments, kinds and subjects apart', async () => {
    const rules = [rule(), rule({ appId: 1 as AppId }), rule({ environment: 'test' }), rule({ subject: 'x' })];
    await store.rules.put([...rules, rule({ kind: 'other' })]);
    await store.rules.delete([rule(), rule({ subject: 'not there' })]);
    expect(await store.rules.all('ban-user')).toEqual(rules.slice(1));
    expect(await store.rules.all('other')).toHaveLength(1);
  });

  it('puts all or none', async () => {
    const broken = rule({ subject: 'broken', createdAtMs: null as never });
    await expect(store.rules.put([rule({ subject: 'first' }), broken])).rejects.toThrow();
    expect(await store.rules.all('ban-user')).toEqual([]);
  });

  it('forgets what has ended, and nothing else', async () => {
    const { untilMs: _untilMs, ...endless } = rule({ subject: 'endless' });
    await store.rules.put([rule(), rule({ subject: 'later', untilMs: 2_001 }), endless]);
    await store.rules.deleteEnded(2_000);
    expect((await store.rules.all('ban-user')).map(({ subject }) => subject)).toEqual(['later', 'endless']);
  });
});
