/**
 * The stored form of API tokens.
 *
 * @module
 */

import { createHash } from 'node:crypto';

/** Returns the stored form of a token: it can be looked up, but the token cannot be derived from it. */
export function hashApiToken(token: string): string {
  // Tokens are long and random, so a fast hash without salt is sufficient: they cannot be guessed.
  return createHash('sha256').update(token).digest('hex');
}
