/**
 * Reads JSON whose shape is not known.
 *
 * @module
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** Returns a value as an object; an empty one if it is none. */
export const asJson = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});

/** Returns a value if it is a text, else a default. */
export const textOf = (value: unknown, fallback: string): string => (typeof value === 'string' ? value : fallback);

/** Returns a value if it is a number, else a default. */
export const numberOf = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);
