/**
 * The signature of webhooks: RSASSA-PKCS1-v1_5 with SHA-256 over the body as it is sent (reference 7.2).
 *
 * @module
 */

import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { Clock } from '../../rooms/clock.ts';
import type { Store } from '../../store/store.ts';
import { makeKeyPair } from '../key-pair.ts';

const PURPOSE = 'webhook';

/** Signs bodies with the key pair of the server. */
export class WebhookSigner {
  /** SPKI, PEM: what receivers verify with. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  private constructor(publicKey: string, privateKey: string) {
    this.publicKey = publicKey;
    this.#privateKey = createPrivateKey(privateKey);
  }

  /** Loads the key pair, or makes it at the first start. */
  static async open({
    store,
    clock,
  }: {
    readonly store: Pick<Store, 'signingKeys'>;
    readonly clock: Clock;
  }): Promise<WebhookSigner> {
    const known = await store.signingKeys.find(PURPOSE);
    const key = known ?? (await store.signingKeys.addUnlessPresent(makeKeyPair(PURPOSE, clock.now())));
    return new WebhookSigner(key.publicKey, key.privateKey);
  }

  /** Gives the signature in Base64. */
  sign(body: string): string {
    return sign('RSA-SHA256', Buffer.from(body), this.#privateKey).toString('base64');
  }
}
