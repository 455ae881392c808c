/**
 * `npm test`: the checks, then every tier of tests, then the counts. The last line reads `N passed, N failed`
 * (and `, N skipped` if there were any), over all tiers.
 *
 *   npm test                        everything
 *   npm test -- unit conformance    some tiers, without the checks
 *   npm test -- e2e -t 'a kicked'   arguments after the tiers are passed to Vitest
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStaticChecks } from './check.ts';
import { root, runInherited } from './lib.ts';
import { addCounts, type Counts, countReport, countsLine, NO_COUNTS } from './test-report.ts';

const TIERS = ['unit', 'conformance', 'bus', 'chaos', 'e2e'] as const;
type Tier = (typeof TIERS)[number];

/** The limit of a whole run in milliseconds: a tier that exceeds it is ended, and counts as one failure. */
const LIMIT_MS = 40 * 60_000;

const isTier = (text: string): text is Tier => TIERS.some((tier) => tier === text);

/** Runs one tier and returns its counts. A run without a report counts as one failure. */
async function runTier(tier: Tier, folder: string, vitestArgs: readonly string[], timeoutMs: number): Promise<Counts> {
  const report = join(folder, `${tier}.json`);
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', tier, '--passWithNoTests'];
  args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...vitestArgs);
  const status = await runInherited(process.execPath, args, timeoutMs);
  let counts: Counts;
  try {
    counts = countReport(JSON.parse(readFileSync(report, 'utf8')));
  } catch {
    counts = { ...NO_COUNTS, failed: 1 };
  }
  return status !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
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
  let total = NO_COUNTS;
  try {
    for (const tier of tiers) {
      console.log(`\n--- ${tier} ---`);
      const counts = await runTier(tier, folder, vitestArgs, Math.max(0, LIMIT_MS - (performance.now() - beganAt)));
      total = addCounts(total, counts);
      lines.push(`${tier.padEnd(12)} ${countsLine(counts)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }

  console.log(`\n--- summary (${Math.round((performance.now() - beganAt) / 1000)} s) ---`);
  for (const line of lines) console.log(line);
  if (total.passed + total.failed === 0) {
    console.log('No test ran.');
    isSound = false;
  }
  console.log(countsLine(total));
  return isSound && total.failed === 0 ? 0 : 1;
}

process.chdir(root);
process.exitCode = await main(process.argv.slice(2));
