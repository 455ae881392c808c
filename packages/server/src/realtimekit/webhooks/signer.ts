/**
 * The signature of webhooks: RSASSA-PKCS1-v1_5 with SHA-256 over the body's bytes (reference 7.2).
 *
 * @module
 */

import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type KeyPairDeps, lazyKeyPair } from '../key-pair.ts';

const PURPOSE = 'webhook';

/** Signs bodies with the server's key pair, which is created at its first use. */
export class WebhookSigner {
  readonly #loadPair: ReturnType<typeof lazyKeyPair>;
  #privateKey: KeyObject | undefined;

  constructor(deps: KeyPairDeps) {
    this.#loadPair = lazyKeyPair(deps, PURPOSE);
  }

  /** Returns the public key for receivers: SPKI, PEM. */
  async publicKey(): Promise<string> {
    return (await this.#loadPair()).publicKey;
  }

  /** Returns the signature in Base64. */
  async sign(body: string): Promise<string> {
    this.#privateKey ??= createPrivateKey((await this.#loadPair()).privateKey);
    return sign('RSA-SHA256', Buffer.from(body), this.#privateKey).toString('base64');
  }
}
