/**
 * The loudness of sound, as applications show it.
 *
 * @module
 */

/** A level in -dBov that counts as no sound (RFC 6464). */
export const SILENCE_DBOV = 127;

/** Converts a level in -dBov (RFC 6464) to an amplitude from 0 to 1: 20 dB less is a tenth of it. */
export function toAmplitude(level: number): number {
  return level < SILENCE_DBOV ? 10 ** (-level / 20) : 0;
}
