/**
 * Values of options.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { usageError } from './errors.ts';

/** Returns the parser of an integer in a range. */
export function requireInteger(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw usageError(`"${text}" is not ${what}: an integer from ${min} to ${max}`);
  };
}

/** Reads a secret from a file, without the line break at its end. `-` is the standard input. @throws CliError */
export function readSecret(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw usageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses a duration such as `90s`, `2h` or `7d`; returns seconds. */
export function requireSeconds(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw usageError(`"${text}" is not a duration such as 90s, 15m, 2h or 7d`);
}
