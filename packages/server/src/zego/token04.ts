/**
 * Token04: the vendor's login tokens, both variants (AUTH-1; reference zego 5).
 *
 * A token is `04` and base64 of: expiry, IV, encrypted JSON. The GCM variant is authenticated. The older CBC variant is
 * only encrypted: it is accepted because existing clients use such tokens. Create new tokens with GCM.
 *
 * @module
 */

import { createCipheriv, createDecipheriv, randomBytes, randomInt } from 'node:crypto';
import { byteLength, GavelError, MAX_BYTES } from '@gavel/protocol';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** How a token is encrypted. */
export type Token04Variant = 'gcm' | 'cbc';

/** The claims of a token; `authenticator.ts` applies them to a login. */
export interface Token04Claims {
  readonly appId: number;
  readonly userId: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number;
  /** Empty, or JSON text with privileges (reference zego 5.3). */
  readonly payload: string;
}

/** Options of a new token. */
export interface Token04Options {
  /** 1 to 4,294,967,295. */
  readonly appId: number;
  /** 1 to 64 bytes. */
  readonly userId: string;
  /** The App's server secret, 32 ASCII characters. */
  readonly secret: string;
  /** More than 0. */
  readonly lifetimeSeconds: number;
  /** JSON text with privileges; default: empty, which restricts nothing. */
  readonly payload?: string;
  /** Default `gcm`. */
  readonly variant?: Token04Variant;
  /** Milliseconds since the Unix epoch; default is now. */
  readonly nowMs?: number;
}

interface Layout {
  readonly ivBytes: number;
  /** The byte at the end; the CBC variant mostly has none. */
  readonly mode: number;
}

const LAYOUTS: Readonly<Record<Token04Variant, Layout>> = {
  gcm: { ivBytes: 12, mode: 1 },
  cbc: { ivBytes: 16, mode: 0 },
};
const TAG_BYTES = 16;
const KEY_BYTES = 32;

const PLAIN_TEXT = Type.Object({
  app_id: Type.Integer(),
  user_id: Type.String(),
  expire: Type.Integer(),
  payload: Type.Optional(Type.String()),
});
const plainText = Compile(PLAIN_TEXT);

/** The same error for every fault: a more specific one would help to forge a CBC token. */
const refused = () =>
  new GavelError('login.bad-credential', 'The token cannot be decrypted with the secret of this App.');

/** Creates a token. @throws RangeError if an option is out of range */
export function createToken04(options: Token04Options): string {
  const { appId, userId, secret, lifetimeSeconds, payload = '', variant = 'gcm', nowMs = Date.now() } = options;
  if (!Number.isInteger(appId) || appId < 1 || appId > 0xffff_ffff)
    throw new RangeError('appId must be an integer from 1 to 4294967295');
  if (userId === '' || byteLength(userId) > MAX_BYTES.userId) throw new RangeError('userId must have 1 to 64 bytes');
  if (byteLength(secret) !== KEY_BYTES) throw new RangeError('secret must have 32 bytes');
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1)
    throw new RangeError('lifetimeSeconds must be an integer above 0');
  const ctime = Math.floor(nowMs / 1000);
  const expire = ctime + lifetimeSeconds;
  const nonce = randomInt(-0x8000_0000, 0x8000_0000);
  const text = JSON.stringify({ app_id: appId, user_id: userId, nonce, ctime, expire, payload });
  return sealToken04(text, secret, expire, variant, randomBytes(LAYOUTS[variant].ivBytes));
}

/** Encrypts the text of a token with a given IV, for test vectors. Other callers use `createToken04`. */
export function sealToken04(
  text: string,
  secret: string,
  expire: number,
  variant: Token04Variant,
  iv: Uint8Array,
): string {
  const key = Buffer.from(secret);
  const body = variant === 'gcm' ? sealGcm(text, key, iv) : sealCbc(text, key, iv);
  const head = Buffer.alloc(10);
  head.writeBigInt64BE(BigInt(expire), 0);
  head.writeUInt16BE(iv.length, 8);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  const tail = variant === 'gcm' ? Buffer.from([LAYOUTS.gcm.mode]) : Buffer.alloc(0);
  return `04${Buffer.concat([head, iv, length, body, tail]).toString('base64')}`;
}

function sealGcm(text: string, key: Uint8Array, iv: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function sealCbc(text: string, key: Uint8Array, iv: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
}

/**
 * Decrypts a token of either variant. The encrypted expiry applies, because anyone can change the one in front.
 *
 * @throws GavelError `login.bad-credential`, the same for every fault
 */
export function openToken04(token: string, secret: string): Token04Claims {
  try {
    const claims: unknown = JSON.parse(decrypt(token, Buffer.from(secret)));
    if (!plainText.Check(claims)) throw refused();
    return {
      appId: claims.app_id,
      userId: claims.user_id,
      expiresAt: claims.expire,
      payload: claims.payload ?? '',
    };
  } catch {
    throw refused();
  }
}

function decrypt(token: string, key: Uint8Array): string {
  const [, base64 = ''] = /^04([A-Za-z0-9+/]+={0,2})$/.exec(token) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  const ivBytes = bytes.readUInt16BE(8);
  const variant: Token04Variant = ivBytes === LAYOUTS.gcm.ivBytes ? 'gcm' : 'cbc';
  const { mode, ivBytes: expectedIvBytes } = LAYOUTS[variant];
  const iv = bytes.subarray(10, 10 + ivBytes);
  const start = 12 + ivBytes;
  const end = start + bytes.readUInt16BE(10 + ivBytes);
  const tail = bytes.subarray(end);
  const isTailRight = tail.length === 1 ? tail[0] === mode : variant === 'cbc' && tail.length === 0;
  if (ivBytes !== expectedIvBytes || end > bytes.length || !isTailRight) throw refused();
  const body = bytes.subarray(start, end);
  return variant === 'gcm' ? openGcm(body, key, iv) : openCbc(body, key, iv);
}

function openGcm(body: Buffer, key: Uint8Array, iv: Uint8Array): string {
  const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
  cipher.setAuthTag(body.subarray(body.length - TAG_BYTES));
  const text = cipher.update(body.subarray(0, body.length - TAG_BYTES));
  // Checks the tag; the text is complete, because this mode has no blocks to fill.
  cipher.final();
  return text.toString('utf8');
}

function openCbc(body: Buffer, key: Uint8Array, iv: Uint8Array): string {
  const cipher = createDecipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([cipher.update(body), cipher.final()]).toString('utf8');
}
