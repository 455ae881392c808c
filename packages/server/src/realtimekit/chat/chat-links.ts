/**
 * Addresses that what was said in a session is downloaded from: whoever has one may, until it expires (RTK-15).
 *
 * @module
 */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import type { App } from '../../apps/app.ts';
import type { Clock } from '../../rooms/clock.ts';
import type { Store } from '../../store/store.ts';

/** How long an address is good, in milliseconds: a day. */
export const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** Path of the downloads, with the names of its parts. */
export const DOWNLOAD_PATH = '/client/v4/downloads/:app_id/sessions/:session_id/chat.csv';

const PURPOSE = 'download';

/** An address, and until when it is good. */
export interface ChatLink {
  readonly url: string;
  readonly expiresAtMs: number;
}

/** What the links need. */
export interface ChatLinksDeps {
  readonly store: Pick<Store, 'signingKeys'>;
  readonly clock: Clock;
  /** Where clients reach the server, without a slash at the end. */
  readonly baseUrl: () => string;
}

/** Creates addresses, and tells whether one was made here. */
export class ChatLinks {
  readonly #deps: ChatLinksDeps;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  private constructor(deps: ChatLinksDeps, privateKey: string, publicKey: string) {
    this.#deps = deps;
    this.#privateKey = createPrivateKey(privateKey);
    this.#publicKey = createPublicKey(publicKey);
  }

  /** Loads the key pair, or makes it at the first start. */
  static async open(deps: ChatLinksDeps): Promise<ChatLinks> {
    const { signingKeys } = deps.store;
    const known = await signingKeys.find(PURPOSE);
    const key = known ?? (await signingKeys.addUnlessPresent(makeKey(deps.clock.now())));
    return new ChatLinks(deps, key.privateKey, key.publicKey);
  }

  /** Creates the address of a session's chat. */
  of({ rtkAppId }: Pick<App, 'rtkAppId'>, sessionId: string): ChatLink {
    // Whole seconds, as the address has them.
    const expires = Math.floor((this.#deps.clock.now() + LINK_LIFETIME_MS) / 1000);
    const signature = sign(null, signedBytes(rtkAppId, sessionId, String(expires)), this.#privateKey);
    const path = DOWNLOAD_PATH.replace(':app_id', rtkAppId).replace(':session_id', sessionId);
    const query = `expires=${expires}&signature=${signature.toString('base64url')}`;
    return { url: `${this.#deps.baseUrl()}${path}?${query}`, expiresAtMs: expires * 1000 };
  }

  /** Returns whether an address was made here for this session, and is still good. */
  check(rtkAppId: string, sessionId: string, expires: string, signature: string): 'good' | 'expired' | 'forged' {
    const bytes = Buffer.from(signature, 'base64url');
    if (!verify(null, signedBytes(rtkAppId, sessionId, expires), this.#publicKey, bytes)) return 'forged';
    return Number(expires) * 1000 > this.#deps.clock.now() ? 'good' : 'expired';
  }
}

const signedBytes = (...parts: readonly string[]): Buffer => Buffer.from(JSON.stringify(['chat', ...parts]));

function makeKey(createdAtMs: number) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { purpose: PURPOSE, keyId: randomUUID(), privateKey, publicKey, createdAtMs };
}
