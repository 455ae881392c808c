/**
 * Dependencies: dependencies.md explains every dependency of every package.json, and no other package. Versions
 * are exact.
 *
 * @module
 */

import { listFiles, readSource } from './lib.ts';

/** Reads the names that dependencies.md explains: the first cell of a table row, in backticks. */
export function parseExplained(text: string): Set<string> {
  return new Set([...text.matchAll(/^\| *`([^`]+)` *\|/gm)].map((match) => match[1] ?? ''));
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
  return problems;
}
