/**
 * Runs the benchmarks: `npm run bench` all rows of the table, `npm run bench -- kick close` some of them.
 *
 * `npm run bench -- soak` and the others of `ALONE` take long or need much memory, and are not part of the table.
 *
 * Options: `--rounds 3` instead of each row's own number; `--only Gavel` runs one subject (may be repeated); `--json
 * results.json` writes the results; `--page` puts them into `docs/reference/performance.md`, in place of the same rows.
 * Servers run on one core, the load on another (Linux). Exits with 1 when Gavel failed in a row.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pinLoad } from './harness/processes.ts';
import { describeMachine, jsonOf, markdownOf, putIntoPage } from './harness/report.ts';
import { OWN_NAME } from './harness/row.ts';
import type { RowResult } from './harness/run-row.ts';
import { runRow } from './harness/run-row.ts';
import { ROWS } from './rows/all.ts';

const PAGE = fileURLToPath(new URL('../docs/reference/performance.md', import.meta.url));
/** Programs that run only when they are named. */
const ALONE = [
  'bandwidth',
  'curves',
  'soak',
  'large-store',
  'locked-database',
  'admin-lists',
  'console-live',
  'cluster',
  'verify-peers',
] as const;

pinLoad();

const alone = ALONE.find((name) => process.argv.includes(name));
if (alone !== undefined) {
  process.argv.splice(process.argv.indexOf(alone), 1);
  await import(`./${alone}.ts`);
  process.exit();
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    json: { type: 'string' },
    page: { type: 'boolean' },
    only: { type: 'string', multiple: true },
  },
});
const unknown = positionals.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(`Unknown row: ${unknown.join(', ')}. The rows are: ${ROWS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const rows = positionals.length > 0 ? ROWS.filter(({ name }) => positionals.includes(name)) : ROWS;

const results: RowResult[] = [];
console.log(`${describeMachine()}\n`);
for (const { subjects, ...row } of rows) {
  const chosen = subjects.filter(({ name }) => values.only?.includes(name) ?? true);
  const result = await runRow(
    { ...row, subjects: chosen },
    values.rounds === undefined ? undefined : Number(values.rounds),
  );
  results.push(result);
  console.log(markdownOf(result));
}
const minutes = results.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
console.log(`Total: ${minutes.toFixed(1)} minutes.`);
if (values.page) putIntoPage(PAGE, results);
if (values.json !== undefined) {
  const content = { machine: describeMachine(), results: results.map(jsonOf) };
  writeFileSync(values.json, `${JSON.stringify(content, null, 2)}\n`);
}
const failed = results.filter(({ skipped }) => skipped.some(({ name, hasFailed }) => name === OWN_NAME && hasFailed));
if (failed.length > 0) console.error(`${OWN_NAME} failed in: ${failed.map(({ name }) => name).join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
