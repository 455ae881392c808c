/**
 * Signed links to a session's chat: whoever has a link may download the chat until the link expires (RTK-15).
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
import type { Clock } from '../../base/clock.ts';
import type { Store } from '../../store/store.ts';

/** Lifetime of a link in milliseconds: one day. */
export const LINK_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** Path of the downloads, with its parameter names. */
export const DOWNLOAD_PATH = '/client/v4/downloads/:app_id/sessions/:session_id/chat.csv';

const PURPOSE = 'download';

/** A link and its expiry. */
export interface ChatLink {
  readonly url: string;
  readonly expiresAtMs: number;
}

/** The dependencies of the links. */
export interface ChatLinksDeps {
  readonly store: Pick<Store, 'signingKeys'>;
  readonly clock: Clock;
  /** The base URL by which clients reach the server, without a trailing slash. */
  readonly baseUrl: () => string;
}

/** Creates and verifies links. */
export class ChatLinks {
  readonly #deps: ChatLinksDeps;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  private constructor(deps: ChatLinksDeps, privateKey: string, publicKey: string) {
    this.#deps = deps;
    this.#privateKey = createPrivateKey(privateKey);
    this.#publicKey = createPublicKey(publicKey);
  }

  /** Loads the key pair, or creates it at the first start. */
  static async open(deps: ChatLinksDeps): Promise<ChatLinks> {
    const { signingKeys } = deps.store;
    const known = await signingKeys.find(PURPOSE);
    const key = known ?? (await signingKeys.addUnlessPresent(makeKey(deps.clock.now())));
    return new ChatLinks(deps, key.privateKey, key.publicKey);
  }

  /** Creates the link to a session's chat. */
  of({ rtkAppId }: Pick<App, 'rtkAppId'>, sessionId: string): ChatLink {
    // The link contains whole seconds.
    const expires = Math.floor((this.#deps.clock.now() + LINK_LIFETIME_MS) / 1000);
    const signature = sign(null, signedBytes(rtkAppId, sessionId, String(expires)), this.#privateKey);
    const path = DOWNLOAD_PATH.replace(':app_id', rtkAppId).replace(':session_id', sessionId);
    const query = `expires=${expires}&signature=${signature.toString('base64url')}`;
    return { url: `${this.#deps.baseUrl()}${path}?${query}`, expiresAtMs: expires * 1000 };
  }

  /** Returns the address of a file of a chat message; it is good as long as the file is kept. */
  ofFile(fileId: string): string {
    return `${this.#deps.baseUrl()}/files/${fileId}`;
  }

  /** Verifies a link to a session: its signature and its expiry. */
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
