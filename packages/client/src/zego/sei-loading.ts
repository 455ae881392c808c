/**
 * Loads SEI at its first use: few applications need it.
 *
 * @module
 */

import { warnOnce } from './warnings.ts';

/** Opens SEI for a stream; resolves with undefined, after a warning, if the browser or the page does not allow it. */
export async function openSei<T>(open: (sei: typeof import('./sei.ts')) => Promise<T>): Promise<T | undefined> {
  try {
    return await open(await import('./sei.ts'));
  } catch (error) {
    warnOnce(`isSEIStart has no effect: ${(error as Error).message}`);
    return undefined;
  }
}
