/**
 * Signs calls of the Server API, as a customer's backend does (ACC-3; reference zego 1.4).
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { signatureOf } from './access.ts';

/** Business parameters: a list is written as `Name[]=a&Name[]=b`. */
export type CallParams = Readonly<Record<string, string | readonly string[]>>;

/** The credentials of a caller. */
export interface Signer {
  readonly appId: number;
  readonly serverSecret: string;
}

/**
 * Gives path and query of a signed call, to be put behind a base URL: `/?Action=KickoutUser&RoomId=r&...`.
 *
 * Good for one call; a new one has another nonce.
 */
export function signedPath(
  { appId, serverSecret }: Signer,
  action: string,
  params: CallParams = {},
  nowMs: number = Date.now(),
): string {
  const nonce = randomBytes(8).toString('hex');
  const timestamp = String(Math.floor(nowMs / 1000));
  const query = new URLSearchParams({ Action: action });
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'string') query.append(name, value);
    else for (const element of value) query.append(`${name}[]`, element);
  }
  query.append('AppId', String(appId));
  query.append('SignatureNonce', nonce);
  query.append('Timestamp', timestamp);
  query.append('SignatureVersion', '2.0');
  query.append('Signature', signatureOf(String(appId), nonce, serverSecret, timestamp));
  return `/?${query}`;
}
