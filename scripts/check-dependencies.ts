/**
 * Dependencies: dependencies.md explains every dependency of every package.json, and no other package. Versions
 * are exact. What the server needs in production is not a development package.
 *
 * @module
 */

import { listFiles, readSource } from './lib.ts';

/** Reads the names that dependencies.md explains: the first cell of a table row, in backticks. */
export function parseExplained(text: string): Set<string> {
  return new Set([...text.matchAll(/^\| *`([^`]+)` *\|/gm)].map((match) => match[1] ?? ''));
}

/** The packages that `npm run production` runs; the root has the Node that runs them. */
const IN_PRODUCTION = [
  'package.json',
  ...['protocol', 'media', 'server'].map((name) => `packages/${name}/package.json`),
];

/** A package of the lockfile. */
export interface LockedPackage {
  readonly dev?: boolean;
}

/** Finds dependencies of production that the lockfile installs only for development. */
export function findDevOnly(
  names: readonly string[],
  packages: Readonly<Record<string, LockedPackage | undefined>>,
): string[] {
  return names.flatMap((name) => {
    const locked = packages[`node_modules/${name}`];
    return locked && !locked.dev ? [] : [`package-lock.json: npm does not install ${name} for production`];
  });
}

/** Finds unexplained dependencies, explanations without a dependency, and versions that are not exact. */
export function findDependencyProblems(): string[] {
  const explained = parseExplained(readSource('dependencies.md').text);
  const used = new Set<string>();
  const problems: string[] = [];
  for (const path of ['package.json', ...listFiles('packages', /^packages\/[^/]+\/package\.json$/)]) {
    const manifest = JSON.parse(readSource(path).text);
    const all: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(all)) {
      if (name.startsWith('@gavel/')) continue;
      used.add(name);
      if (!explained.has(name)) problems.push(`${path}: dependencies.md does not explain ${name}`);
      if (!/^\d+\.\d+\.\d+/.test(version)) problems.push(`${path}: ${name} has no exact version ('${version}')`);
    }
  }
  for (const name of explained) {
    if (!used.has(name)) problems.push(`dependencies.md explains ${name}, but no package depends on it`);
  }
  const needed = IN_PRODUCTION.flatMap((path) => Object.keys(JSON.parse(readSource(path).text).dependencies ?? {}));
  problems.push(...findDevOnly([...new Set(needed)], JSON.parse(readSource('package-lock.json').text).packages));
  return problems;
}
