/**
 * The worker's clock.
 *
 * @module
 */

const originMs = performance.timeOrigin;

/** Turns a reading of `performance.now()` into milliseconds since the Unix epoch, fractions kept. */
export function toEpochMs(nowMs: number): number {
  return originMs + nowMs;
}
