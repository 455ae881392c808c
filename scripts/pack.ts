/**
 * `npm run pack`: what a release consists of, in `dist/`: the packages that others install, and the list of what production
 * consists of (SBOM, CycloneDX).
 *
 * @module
 */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, readSource, root, runQuiet } from './lib.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
}

const readManifest = (path: string): Manifest => JSON.parse(readSource(path).text) as Manifest;

/** Returns the folders of the packages that others install. */
export function listPublicPackages(): string[] {
  return listFiles('packages', /^packages\/[^/]+\/package\.json$/).flatMap((path) =>
    readManifest(path).private ? [] : [path.replace(/\/package\.json$/, '')],
  );
}

/** Runs npm. @throws Error with its output if it fails */
async function runNpm(...args: string[]): Promise<string> {
  const { status, output } = await runQuiet('npm', args);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${output}`);
  return output;
}

/** Builds and packs the public packages into a folder, and writes the list of production's packages beside them. */
export async function packRelease(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const path of listPublicPackages()) await runNpm('pack', `./${path}`, '--silent', '--pack-destination', folder);
  const { version } = readManifest('package.json');
  const sbom = await runNpm('sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx', '--package-lock-only');
  writeFileSync(join(folder, `gavel-${version}.cdx.json`), sbom);
}

if (import.meta.main) {
  const folder = join(root, 'dist');
  rmSync(folder, { recursive: true, force: true });
  await packRelease(folder);
  console.log(`wrote ${folder}`);
}
