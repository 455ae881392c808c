/**
 * `npm test`: the checks, then every tier of tests, then the counts and the failures. The last line reads
 * `N passed, N failed` (and `, N skipped` if there were any), over all tiers.
 *
 * The files of a few failed tests are run once more, alone. A test that then passes counts as passed, and is listed as unstable.
 *
 *   npm test                        everything
 *   npm test -- unit conformance    some tiers, without the checks
 *   npm test -- e2e -t 'a kicked'   arguments after the tiers are passed to Vitest
 */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runStaticChecks } from './check.ts';
import { root, runInherited } from './lib.ts';
import {
  addCounts,
  type Counts,
  countReport,
  countsLine,
  type Failure,
  findFailures,
  NO_COUNTS,
} from './test-report.ts';

const TIERS = ['unit', 'conformance', 'bus', 'nodes', 'chaos', 'e2e'] as const;
type Tier = (typeof TIERS)[number];

/** The limit of a whole run in milliseconds: a tier that exceeds it is ended, and counts as one failure. */
const LIMIT_MS = 40 * 60_000;

/** With more failures the code is broken, not the machine busy: nothing is run again. */
const MAX_REPEATED = 3;

const isTier = (text: string): text is Tier => TIERS.some((tier) => tier === text);

/** What came of a tier. */
interface TierResult {
  readonly tier: Tier;
  readonly counts: Counts;
  readonly failures: readonly Failure[];
}

/** Runs one tier, or some files of it. A run without a report counts as one failure. */
async function runTier(
  tier: Tier,
  folder: string,
  vitestArgs: readonly string[],
  timeoutMs: number,
): Promise<TierResult> {
  console.log(`\n--- ${tier} ---`);
  const report = join(folder, `${tier}.json`);
  rmSync(report, { force: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', tier, '--passWithNoTests'];
  args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...vitestArgs);
  const status = await runInherited(process.execPath, args, timeoutMs);
  const createFailure = (counts: Counts, message: string): TierResult => ({
    tier,
    counts: { ...counts, failed: 1 },
    failures: [{ file: tier, message: `ended with status ${status}, ${message}` }],
  });
  if (!existsSync(report)) return createFailure(NO_COUNTS, 'without a report');
  const read = JSON.parse(readFileSync(report, 'utf8'));
  const counts = countReport(read);
  if (status !== 0 && counts.failed === 0) return createFailure(counts, 'without a failed test; see the output above');
  return { tier, counts, failures: findFailures(read) };
}

const isSame = (a: Failure, b: Failure): boolean => a.file === b.file && a.test === b.test;

const describeFailure = (tier: Tier, { file, test, message }: Failure): string =>
  `${tier} ${relative(root, file)}${test === undefined ? '' : ` > ${test}`}: ${message}`;

/** Runs the files of a tier's failures again. Returns the result with the unstable tests counted as passed, and these. */
async function repeatFailures(
  { tier, counts, failures }: TierResult,
  run: (tier: Tier, files: readonly string[]) => Promise<TierResult>,
): Promise<{ readonly result: TierResult; readonly unstable: readonly Failure[] }> {
  const again = await run(tier, [...new Set(failures.map(({ file }) => file))]);
  const unstable = failures.filter((failure) => !again.failures.some((other) => isSame(failure, other)));
  const failed = again.failures.length;
  const passed = counts.passed + unstable.filter(({ test }) => test !== undefined).length;
  return { result: { tier, counts: { ...counts, passed, failed }, failures: again.failures }, unstable };
}

async function main(args: readonly string[]): Promise<number> {
  const firstOther = args.findIndex((arg) => !isTier(arg));
  const named = args.slice(0, firstOther === -1 ? args.length : firstOther).filter(isTier);
  const vitestArgs = firstOther === -1 ? [] : args.slice(firstOther);
  const beganAt = performance.now();
  const lines: string[] = [];
  let isSound = true;

  if (args.length === 0) {
    const failed = await runStaticChecks();
    isSound = failed.length === 0;
    lines.push(`${'checks'.padEnd(12)} ${isSound ? 'passed' : `failed: ${failed.join(', ')}`}`);
  }

  const tiers = named.length > 0 ? named : TIERS;
  if (tiers.some((tier) => tier !== 'unit')) {
    const status = await runInherited(process.execPath, ['scripts/bootstrap.mjs', '--page', '--browser'], LIMIT_MS);
    if (status !== 0) {
      isSound = false;
      lines.push(`${'preparation'.padEnd(12)} failed; see the output above`);
    }
  }

  const folder = mkdtempSync(join(tmpdir(), 'gavel-tests-'));
  const run = (tier: Tier, args: readonly string[]): Promise<TierResult> =>
    runTier(tier, folder, args, Math.max(0, LIMIT_MS - (performance.now() - beganAt)));
  const results: TierResult[] = [];
  const unstable: string[] = [];
  try {
    for (const tier of tiers) results.push(await run(tier, vitestArgs));
    const failedTests = results.flatMap(({ failures }) => failures);
    if (failedTests.length <= MAX_REPEATED && failedTests.every(({ file }) => existsSync(file))) {
      for (const [index, first] of results.entries()) {
        if (first.failures.length === 0) continue;
        const repeated = await repeatFailures(first, (tier, files) => run(tier, [...vitestArgs, ...files]));
        results[index] = repeated.result;
        unstable.push(...repeated.unstable.map((failure) => describeFailure(first.tier, failure)));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  console.log(`\n--- summary (${Math.round((performance.now() - beganAt) / 1000)} s) ---`);
  for (const { tier, counts } of results) lines.push(`${tier.padEnd(12)} ${countsLine(counts)}`);
  for (const line of lines) console.log(line);
  for (const line of unstable) console.log(`unstable: ${line}`);
  for (const { tier, failures } of results) {
    for (const failure of failures) console.log(`failed: ${describeFailure(tier, failure)}`);
  }
  const total = results.map(({ counts }) => counts).reduce(addCounts, NO_COUNTS);
  if (total.passed + total.failed === 0) {
    console.log('No test ran.');
    isSound = false;
  }
  console.log(countsLine(total));
  return isSound && total.failed === 0 ? 0 : 1;
}

process.chdir(root);
process.exitCode = await main(process.argv.slice(2));
