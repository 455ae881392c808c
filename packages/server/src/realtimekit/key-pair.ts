/**
 * The key pairs that this door signs with.
 *
 * @module
 */

import { generateKeyPair, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { SigningKeyRecord, Store } from '../store/store.ts';

/** The dependencies of a key pair. */
export interface KeyPairDeps {
  readonly store: Pick<Store, 'signingKeys'>;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Returns a function that loads a key pair at its first call, or creates it if the store has none. Creating one takes some
 * tenths of a second, which should not delay the start. After a failure the next call tries again.
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
