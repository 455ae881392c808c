/**
 * Builds what servers offer to browsers, the console page and the client SDK, before the first test file: the files run in
 * several processes, which share these folders.
 *
 * @module
 */

import { join } from 'node:path';
import { root, runQuiet } from '../../scripts/lib.ts';

/** Called by Vitest. */
export default async function buildPages(): Promise<void> {
  const { status, output } = await runQuiet(process.execPath, [join(root, 'scripts/bootstrap.mjs'), '--page']);
  if (status !== 0) throw new Error(`the build failed:\n${output}`);
}
