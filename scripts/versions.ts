/**
 * The version, in one place: that of the root's package.json. `npm run set-version -- 1.2.3` writes it, and with it every
 * manifest, the lockfile, and the module of the client that says it; `npm run check` compares them.
 *
 * @module
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, readSource, root } from './lib.ts';

const CLIENT_MODULE = 'packages/client/src/zego/version.ts';

interface Manifest {
  readonly name: string;
  version: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}
interface Lockfile {
  version: string;
  readonly packages: Record<string, Partial<Manifest> & { readonly link?: boolean }>;
}

const readJson = <T>(path: string): T => JSON.parse(readSource(path).text) as T;
const listManifests = (): string[] => listFiles('packages', /^packages\/[^/]+\/package\.json$/);

/** Changes the version of a manifest, and of the packages of this repository that it depends on. */
export function setManifestVersion(manifest: Partial<Manifest>, version: string): void {
  manifest.version = version;
  for (const dependencies of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(dependencies ?? {})) {
      if (dependencies && name.startsWith('@gavel/')) dependencies[name] = version;
    }
  }
}

/** Returns the texts of all files that contain the version, with another one. */
export function printVersions(version: string): Readonly<Record<string, string>> {
  const print = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  const manifests = ['package.json', ...listManifests()].map((path) => {
    const manifest = readJson<Manifest>(path);
    setManifestVersion(manifest, version);
    return [path, print(manifest)] as const;
  });
  const lockfile = readJson<Lockfile>('package-lock.json');
  lockfile.version = version;
  for (const [path, entry] of Object.entries(lockfile.packages)) {
    if (path === '' || path.startsWith('packages/')) setManifestVersion(entry, version);
  }
  const module = readSource(CLIENT_MODULE).text.replace(/VERSION = '[^']*'/, `VERSION = '${version}'`);
  return { ...Object.fromEntries(manifests), 'package-lock.json': print(lockfile), [CLIENT_MODULE]: module };
}

/** Finds files whose version differs from that of the root, and a version without an entry in the changelog. */
export function findVersionProblems(): string[] {
  const { version } = readJson<Manifest>('package.json');
  const stale = Object.entries(printVersions(version)).flatMap(([path, text]) =>
    readSource(path).text === text
      ? []
      : [`${path} has another version than ${version}; run \`npm run set-version -- ${version}\``],
  );
  const isNamed = readSource('CHANGELOG.md').text.includes(`\n## [${version}]`);
  return isNamed ? stale : [...stale, `CHANGELOG.md has no section of the version ${version}`];
}

if (import.meta.main) {
  const [version = ''] = process.argv.slice(2);
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new Error(`"${version}" is not a version such as 1.2.3`);
  for (const [path, text] of Object.entries(printVersions(version))) writeFileSync(join(root, path), text);
  console.log(`the version is ${version}; add its section to CHANGELOG.md`);
}
