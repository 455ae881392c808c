/**
 * Key pairs that this door signs with.
 *
 * @module
 */

import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../rooms/clock.ts';
import type { SigningKeyRecord, Store } from '../store/store.ts';

/** The server parts that a key pair needs. */
export interface KeyPairDeps {
  readonly store: Pick<Store, 'signingKeys'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Returns a function that loads a key pair, or makes it where the store has none, when it is called for the first time:
 * making one takes some tenths of a second, which no start should wait for. After a failure the next call tries again.
 */
export function lazyKeyPair(deps: KeyPairDeps, purpose: string): () => Promise<SigningKeyRecord> {
  let pair: Promise<SigningKeyRecord> | undefined;
  return () => {
    pair ??= loadOrMake(deps, purpose).catch((error: unknown) => {
      pair = undefined;
      throw error;
    });
    return pair;
  };
}

async function loadOrMake({ store, clock }: KeyPairDeps, purpose: string): Promise<SigningKeyRecord> {
  const known = await store.signingKeys.find(purpose);
  if (known) return known;
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const made = { purpose, keyId: randomUUID(), privateKey, publicKey, createdAtMs: clock.now() };
  return store.signingKeys.addUnlessPresent(made);
}
