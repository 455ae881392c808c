/**
 * JSON values of unknown shape from clients.
 *
 * @module
 */

import { byteLength } from '@gavel/protocol';

/**
 * Returns the length of a value as JSON, in bytes; undefined if it has more than `maxDepth` levels of arrays and objects, because
 * writing a very deep value exhausts the stack.
 */
export function measureJson(value: unknown, maxDepth: number): number | undefined {
  return isWithinDepth(value, maxDepth) ? byteLength(JSON.stringify(value)) : undefined;
}

function isWithinDepth(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isWithinDepth(part, levels - 1));
}

/** Returns a JSON value extended by another: arrays are concatenated, members of objects added; any other value is replaced. */
export function mergeJson(value: unknown, addition: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(addition)) return [...value, ...addition];
  return isObject(value) && isObject(addition) ? { ...value, ...addition } : addition;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
