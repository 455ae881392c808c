/**
 * Links of documents: the target of a relative link must exist.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { lineAt, listFiles, readSource, root } from './lib.ts';

/** Finds the relative links of a Markdown text, with their lines. Pictures are not links. */
export function parseLinks(text: string): { target: string; line: number }[] {
  return [...text.matchAll(/(?<!!)\[[^\]]*\]\((?![a-z]+:|#)([^)#\s]+)[^)]*\)/g)].map((match) => ({
    target: match[1] ?? '',
    line: lineAt(text, match.index),
  }));
}

/** Finds links whose target does not exist. */
export function findBrokenLinks(): string[] {
  const pages = listFiles('.', /^([^/]+|docs\/.+)\.md$/).map(readSource);
  return pages.flatMap(({ path, text }) =>
    parseLinks(text)
      .filter(({ target }) => !existsSync(join(root, posix.dirname(path), target)))
      .map(({ target, line }) => `${path}:${line} links to ${target}, which does not exist`),
  );
}
