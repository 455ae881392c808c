/**
 * Builds signed calls, as a customer's backend does.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { signatureOf } from './access.ts';

/** Parameters of a call; the name of a list ends with `[]`. */
export type CallParams = Readonly<Record<string, string | readonly string[]>>;

/**
 * Returns the path and query of a signed call, valid for ten minutes (ACC-3).
 *
 * @param nowMs milliseconds since the Unix epoch
 */
export function signedPath(
  app: { readonly appId: number; readonly serverSecret: string },
  action: string,
  params: CallParams,
  nowMs: number,
): string {
  const appId = String(app.appId);
  const nonce = randomBytes(8).toString('hex');
  const timestamp = String(Math.floor(nowMs / 1000));
  const query = new URLSearchParams({ Action: action });
  for (const [name, value] of Object.entries(params)) {
    for (const text of typeof value === 'string' ? [value] : value) query.append(name, text);
  }
  query.append('AppId', appId);
  query.append('SignatureNonce', nonce);
  query.append('Timestamp', timestamp);
  query.append('SignatureVersion', '2.0');
  query.append('Signature', signatureOf(appId, nonce, app.serverSecret, timestamp));
  return `/?${query}`;
}
