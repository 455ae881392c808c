import { FakeClock } from '@gavel/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { SigningKeyRecord, Store } from '../store/store.ts';
import { lazyKeyPair } from './key-pair.ts';

const clock = new FakeClock();
let store: Store;

beforeEach(async () => {
  store = await openSqliteStore(':memory:');
});
afterEach(() => store.close());

it('is made when it is first asked for, once for all who ask, and loaded by the next server', async () => {
  const pair = lazyKeyPair({ store, clock }, 'test');
  expect(await store.signingKeys.find('test')).toBeUndefined();
  const [one, other] = await Promise.all([pair(), pair()]);
  expect(other).toBe(one);
  expect(await lazyKeyPair({ store, clock }, 'test')()).toEqual(one);
});

it('is one, where two servers of a store make it in the same moment', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => lazyKeyPair({ store, clock }, 'test')()));
  expect(other).toEqual(one);
});

it('is asked for again after a store that failed', async () => {
  const known = await lazyKeyPair({ store, clock }, 'test')();
  let failures = 1;
  const signingKeys = {
    find: async (purpose: string) => {
      if (failures-- > 0) throw new Error('the store is away');
      return store.signingKeys.find(purpose);
    },
    addUnlessPresent: (key: SigningKeyRecord) => store.signingKeys.addUnlessPresent(key),
  };
  const pair = lazyKeyPair({ store: { signingKeys }, clock }, 'test');
  await expect(pair()).rejects.toThrow('the store is away');
  expect(await pair()).toEqual(known);
});
