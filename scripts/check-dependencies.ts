/**
 * Dependencies: each one of any package.json is named in dependencies.md, which says why it is there, and the other
 * way round. Versions are exact.
 *
 * @module
 */

import { listFiles, readSource } from './lib.ts';

/** Reads the names that dependencies.md explains: the first cell of a table row, in backticks. */
export function parseExplained(text: string): Set<string> {
  return new Set([...text.matchAll(/^\| *`([^`]+)` *\|/gm)].map((match) => match[1] ?? ''));
}

/** Finds dependencies that nobody explains, explanations of none, and versions that are not exact. */
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
      if (!explained.has(name)) problems.push(`${path}: dependencies.md does not say why ${name} is there`);
      if (!/^\d+\.\d+\.\d+/.test(version)) problems.push(`${path}: ${name} has no exact version ('${version}')`);
    }
  }
  for (const name of explained) {
    if (!used.has(name)) problems.push(`dependencies.md explains ${name}, which nothing depends on`);
  }
  return problems;
}
