/**
 * `npm run docs`: writes the pages that are generated from code. `npm run check` fails if they are out of date.
 *
 * @module
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { printCliReference } from '../packages/cli/src/reference.ts';
import { CLOSE_CODE_OF_CAUSE, CLOSE_CODES, mayReconnect } from '../packages/protocol/src/close-codes.ts';
import { ERRORS } from '../packages/protocol/src/errors.ts';
import { printAdminRoutes, printOpenApi } from '../packages/server/src/admin/reference.ts';
import { printConfigReference, printSampleFile } from '../packages/server/src/config/reference.ts';
import { printReturnCodeReference } from '../packages/server/src/zego/reference.ts';
import { readSource, root } from './lib.ts';
import { printRealtimeKitSurface, printZegoSurface } from './surface/page.ts';

const RETRY = {
  never: 'not without a change',
  later: 'may succeed later',
  login: 'after a new login',
} as const;

/** Reads the doc comment of each entry of an object literal in a source file. */
export function readEntryComments(source: string): Map<string, string> {
  const entries = source.matchAll(/\/\*\* (.*?) \*\/\n\s*(\w+): /g);
  return new Map([...entries].map(([, text = '', name = '']) => [name, text]));
}

/** Returns the text of `docs/reference/errors.md`. */
export function printErrorReference(): string {
  const comments = readEntryComments(readSource('packages/protocol/src/close-codes.ts').text);
  const causesOf = (code: number): string =>
    Object.entries(CLOSE_CODE_OF_CAUSE)
      .filter(([, other]) => other === code)
      .map(([cause]) => `\`${cause}\``)
      .join(', ');
  return [
    '# Errors and close codes',
    '',
    '<!-- Generated from packages/protocol/src by `npm run docs`; do not edit. -->',
    '',
    'Every error of the signalling door has one of these codes; the other doors map them to their own.',
    '',
    '| Code | HTTP status | The same request again | Meaning |',
    '|---|---|---|---|',
    ...Object.entries(ERRORS).map(
      ([code, { status, retry, meaning }]) => `| \`${code}\` | ${status} | ${RETRY[retry]} | ${meaning} |`,
    ),
    '',
    '## Close codes of the WebSocket',
    '',
    'With 4000 to 4499 a client may connect again by itself; with 4500 to 4999 it must not. A member that was removed is',
    'told why by a message just before the close.',
    '',
    '| Code | Name | May reconnect | Causes | Meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(CLOSE_CODES).map(
      ([name, code]) =>
        `| ${code} | \`${name}\` | ${mayReconnect(code) ? 'yes' : 'no'} | ${causesOf(code)} | ${comments.get(name) ?? ''} |`,
    ),
    '',
  ].join('\n');
}

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/reference/admin-api.openapi.json': printOpenApi,
  'docs/reference/admin-routes.md': printAdminRoutes,
  'docs/reference/cli.md': printCliReference,
  'docs/reference/configuration.md': printConfigReference,
  'docs/reference/errors.md': printErrorReference,
  'docs/reference/realtimekit-surface.md': printRealtimeKitSurface,
  'docs/reference/zego-return-codes.md': printReturnCodeReference,
  'docs/reference/zego-surface.md': printZegoSurface,
  'gavel.sample.yaml': printSampleFile,
};

/** Finds generated pages that are out of date. */
export async function findStaleDocs(): Promise<string[]> {
  const problems: string[] = [];
  for (const [path, print] of Object.entries(PAGES)) {
    const absolute = join(root, path);
    const isFresh = existsSync(absolute) && readFileSync(absolute, 'utf8') === (await print());
    if (!isFresh) problems.push(`${path} is out of date; run \`npm run docs\``);
  }
  return problems;
}

if (import.meta.main) {
  for (const [path, print] of Object.entries(PAGES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), await print());
    console.log(`wrote ${path}`);
  }
}
