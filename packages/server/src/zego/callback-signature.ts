/**
 * The signature in the body of every callback (CB-1, reference zego 3.2). It covers no other field.
 *
 * @module
 */

import { hash } from 'node:crypto';

/** Returns the SHA-1, as 40 lowercase hex digits, of the three texts sorted in byte order and concatenated. */
export function signCallback(callbackSecret: string, timestamp: string, nonce: string): string {
  const sorted = [callbackSecret, timestamp, nonce].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  return hash('sha1', sorted.join(''), 'hex');
}
