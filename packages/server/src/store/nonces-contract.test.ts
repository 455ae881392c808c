/**
 * What every store promises of used nonces, as one suite that is run on each implementation.
 *
 * @module
 */

import type { AppId } from '@gavel/protocol';
import { beforeEach, expect, it } from 'vitest';
import type { UsedNonce } from './nonces.ts';
import type { Store } from './store.ts';
import { describeStores, type TestDatabase } from './testing.ts';

const NOW_S = 1_700_000_000;
const nonce = (over: Partial<UsedNonce> = {}): UsedNonce => ({
  appId: 4_294_967_295 as AppId,
  digest: 'a'.repeat(22),
  validUntilS: NOW_S + 600,
  ...over,
});

describeStores('used nonces', (createDatabase) => {
  let database: TestDatabase;
  let store: Store;
  beforeEach(async () => {
    database = await createDatabase();
    store = await database.open();
  });

  it('are there after a restart, until their signature has expired (ACC-7)', async () => {
    await store.nonces.add(nonce(), NOW_S);
    await store.nonces.add(nonce({ appId: 1 as AppId, validUntilS: NOW_S + 1200 }), NOW_S);
    await database.close();
    store = await database.open();
    expect(await store.nonces.load(NOW_S + 600)).toHaveLength(2);
    expect(await store.nonces.load(NOW_S + 601)).toEqual([nonce({ appId: 1 as AppId, validUntilS: NOW_S + 1200 })]);
  });

  it('replaces an expired one with the same digest', async () => {
    await store.nonces.add(nonce(), NOW_S);
    await store.nonces.add(nonce({ validUntilS: NOW_S + 5000 }), NOW_S + 4000);
    expect(await store.nonces.load(NOW_S + 4000)).toEqual([nonce({ validUntilS: NOW_S + 5000 })]);
  });

  it('deletes expired ones while others are added: the table is bounded by what is valid', async () => {
    for (let index = 0; index < 50; index += 1) await store.nonces.add(nonce({ digest: `old-${index}` }), NOW_S);
    const late = NOW_S + 601;
    for (const digest of ['x', 'y', 'z']) await store.nonces.add(nonce({ digest, validUntilS: late + 600 }), late);
    // A clock that is set back shows what is really there.
    expect((await store.nonces.load(0)).map(({ digest }) => digest).sort()).toEqual(['x', 'y', 'z']);
  });
});
