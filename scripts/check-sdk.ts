/**
 * The client package as it is published: `publint` and `@arethetypeswrong/cli` check the result of `npm pack`, and each
 * entry keeps to its size. Sizes are those of the entry with all the modules that it loads, minified and gzipped.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root, runQuiet } from './lib.ts';

const PACKAGE = join(root, 'packages', 'client');

/** Maximum size of each entry in bytes, minified and gzipped. */
const SIZE_BUDGET: Readonly<Record<string, number>> = {
  index: 20_000,
  node: 20_000,
  liveroom: 24_000,
  zego: 31_000,
  realtimekit: 38_500,
};

/** Lists a module of the build and all modules that it loads, by name. */
export function listModules(entry: string, readModule: (name: string) => string): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const [, imported = ''] of readModule(name).matchAll(/(?:from|import)\s*["']\.\/([^"']+)["']/g))
      visit(imported);
  };
  visit(entry);
  return [...found];
}

/** Finds entries above their budget; prints the size of each. */
function findSizeProblems(): string[] {
  const readModule = (name: string): string => readFileSync(join(PACKAGE, 'dist', name), 'utf8');
  return Object.entries(SIZE_BUDGET).flatMap(([entry, budget]) => {
    const names = listModules(`${entry}.js`, readModule);
    const bytes = names.reduce((sum, name) => sum + gzipSync(readModule(name), { level: 9 }).length, 0);
    console.log(
      `       @gavel/client ${entry.padEnd(12)} ${(bytes / 1000).toFixed(1)} kB of ${budget / 1000} kB gzipped`,
    );
    return bytes > budget ? [`${entry}.js has ${bytes} bytes gzipped with what it loads; its budget is ${budget}`] : [];
  });
}

/** Packs the client package into a folder, after building it if it is older than its sources; returns the tarball's path. */
export async function packSdk(folder: string): Promise<string> {
  const { status, output } = await runQuiet('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder]);
  const name = output.trim().split('\n').at(-1) ?? '';
  if (status !== 0 || !name.endsWith('.tgz')) throw new Error(`npm pack failed: ${output}`);
  return join(folder, name);
}

async function judge(tool: string, args: readonly string[]): Promise<string[]> {
  const { status, output } = await runQuiet(process.execPath, [join(root, 'node_modules', tool), ...args]);
  return status === 0 ? [] : [output.trim()];
}

/** Finds problems of the client package as it would be published. */
export async function findSdkProblems(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gavel-pack-'));
  try {
    const tarball = await packSdk(folder);
    const judged = await Promise.all([
      judge('publint/src/cli.js', [tarball, '--strict']),
      judge('@arethetypeswrong/cli/dist/index.js', [tarball, '--profile', 'esm-only', '--no-emoji', '--no-color']),
    ]);
    return [...judged.flat(), ...findSizeProblems()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
