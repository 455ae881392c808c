/**
 * File length. A source file with almost 300 lines of code should be reviewed; one with more than 400 fails the check.
 *
 * @module
 */

import { isTestFile, readSources, stripComments } from './lib.ts';

/** Maximum lines of code in a source file; blank lines and comments do not count. */
export const MAX_CODE_LINES = 400;

/** Counts the lines of a text that contain code. */
export function countCodeLines(text: string): number {
  return stripComments(text)
    .split('\n')
    .filter((line) => line.trim() !== '').length;
}

/** Finds files that are too long. */
export function findLengthProblems(): string[] {
  return [...readSources('packages', /^packages\/[^/]+\/src\/.*\.tsx?$/), ...readSources('scripts', /\.(ts|mjs)$/)]
    .filter((file) => !isTestFile(file.path))
    .map((file) => ({ path: file.path, lines: countCodeLines(file.text) }))
    .filter(({ lines }) => lines > MAX_CODE_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines of code; the limit is ${MAX_CODE_LINES}`);
}
