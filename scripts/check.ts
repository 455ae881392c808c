/**
 * `npm run check`: all checks that take less than a minute. Prints one line per check, followed by its problems.
 *
 * @module
 */

import { findUnusedKeys } from './check-config-use.ts';
import { findDependencyProblems } from './check-dependencies.ts';
import { findImportProblems } from './check-imports.ts';
import { findLengthProblems } from './check-length.ts';
import { findBrokenLinks } from './check-links.ts';
import { findRuleProblems } from './check-rules.ts';
import { findSdkProblems } from './check-sdk.ts';
import { findSurfaceProblems } from './check-surface.ts';
import { findVendorProblems } from './check-vendor-words.ts';
import { findStaleDocs } from './generate-docs.ts';
import { root, runQuiet } from './lib.ts';
import { findVersionProblems } from './versions.ts';

/** Returns the problems, one text each; an empty list if there are none. */
type Check = () => readonly string[] | Promise<readonly string[]>;

async function runTool(script: string, args: readonly string[]): Promise<readonly string[]> {
  const { status, output } = await runQuiet(process.execPath, [script, ...args]);
  return status === 0 ? [] : [output.trim()];
}

const STATIC_CHECKS: Readonly<Record<string, Check>> = {
  'format and lint': () =>
    runTool('node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--max-diagnostics=40', '.']),
  types: () => runTool('node_modules/typescript/bin/tsc', ['--noEmit', '--pretty', 'false']),
  'import directions': findImportProblems,
  'unused code': () => runTool('node_modules/knip/bin/knip.js', ['--no-progress']),
  'vendor words': findVendorProblems,
  'rule citations': findRuleProblems,
  'file length': findLengthProblems,
  dependencies: findDependencyProblems,
  versions: findVersionProblems,
  'links of documents': findBrokenLinks,
  'configuration in use': findUnusedKeys,
  'generated pages': findStaleDocs,
  'call surfaces': findSurfaceProblems,
  'client package': findSdkProblems,
};

const UNIT_TESTS: Readonly<Record<string, Check>> = {
  'unit tests': () =>
    runTool('node_modules/vitest/vitest.mjs', ['run', '--project', 'unit', '--passWithNoTests', '--reporter=dot']),
};

async function runChecks(checks: Readonly<Record<string, Check>>): Promise<string[]> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const beganAt = performance.now();
      const problems = await check();
      const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
      console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
      for (const problem of problems) console.log(problem.replace(/^/gm, '       '));
      return problems.length === 0 ? [] : [name];
    }),
  );
  return results.flat();
}

/** Runs every check except the unit tests; returns the names of the failed checks. */
export async function runStaticChecks(): Promise<string[]> {
  return runChecks(STATIC_CHECKS);
}

if (import.meta.main) {
  process.chdir(root);
  const failed = [...(await runStaticChecks()), ...(await runChecks(UNIT_TESTS))];
  console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}.`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}
