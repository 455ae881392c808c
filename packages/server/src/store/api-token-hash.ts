/**
 * The form in which API tokens are kept.
 *
 * @module
 */

import { createHash } from 'node:crypto';

/** Returns the form in which a token is kept: it can be looked up, and not read back. */
export function hashApiToken(token: string): string {
  // Tokens are long and random, so a fast hash without salt is enough: there is nothing to guess.
  return createHash('sha256').update(token).digest('hex');
}
