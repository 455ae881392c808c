/**
 * Runs one benchmark by its name: `npm run bench -- main-job`, and hands the rest of the line to it.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { findChromium } from '../scripts/find-chromium.mjs';

const [name, ...rest] = process.argv.slice(2);
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== basename(import.meta.filename))
  .map((file) => file.slice(0, -'.ts'.length));
if (name === undefined || !known.includes(name)) {
  console.error(`Name one of the benchmarks: ${known.join(', ')}`);
  process.exit(2);
}
const env = { ...process.env, GAVEL_TEST_CHROMIUM: findChromium() ?? '' };
const child = spawn(process.execPath, [`${import.meta.dirname}/${name}.ts`, ...rest], { stdio: 'inherit', env });
child.once('exit', (code) => process.exit(code ?? 1));
