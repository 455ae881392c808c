/**
 * Use of the configuration: every key must be read by code, because an unused key has no effect.
 *
 * @module
 */

import { listKeys } from '../packages/server/src/config/keys.ts';
import { isTestFile, readSources, stripComments } from './lib.ts';

/** Finds keys that no source of the server mentions outside the configuration itself. */
export function findUnusedKeys(): string[] {
  const code = readSources('packages/server/src', /\.ts$/)
    .filter(({ path }) => !isTestFile(path) && !/\/src\/config(\/|\.ts$)/.test(path))
    .map(({ text }) => stripComments(text))
    .join('\n');
  const names = listKeys().flatMap(({ path, node }) => {
    const entries = Object.keys(node.items?.properties ?? {}).map((name) => `${path}[].${name}`);
    return [path, ...entries];
  });
  // The members of an optional group are read with their group.
  const lastOf = (path: string): string => path.replace(/^media\.portRange\..*$/, 'portRange').replace(/^.*\./, '');
  const unused = names.filter((path) => {
    const name = lastOf(path);
    return name !== 'name' && !new RegExp(`\\b${name}\\b`).test(code);
  });
  return unused.length === 0 ? [] : [`no code reads these configuration keys: ${unused.join(', ')}`];
}
