/**
 * The worker's clock.
 *
 * @module
 */

const ORIGIN_MS = performance.timeOrigin;

/** Converts a value of `performance.now()` to (fractional) milliseconds since the Unix epoch. */
export function toEpochMs(nowMs: number): number {
  return ORIGIN_MS + nowMs;
}
