/**
 * Rules and their tests: a test cites every rule of SPEC.md that this version implements, and every rule that a test
 * cites is in SPEC.md. A rule whose row contains `(next)` or `(later)` needs no test yet.
 *
 * @module
 */

import { readSource, readSources, type SourceFile } from './lib.ts';

/** A rule of SPEC.md. */
export interface Rule {
  readonly id: string;
  /** Whether the rule is not implemented yet. */
  readonly isLater: boolean;
}

/** Reads the rules: table rows whose first cell is an id such as `KICK-3`. */
export function parseRules(spec: string): Rule[] {
  return [...spec.matchAll(/^\| *([A-Z]{2,}-\d+) *\|(.*)$/gm)].map(([, id = '', row = '']) => ({
    id,
    isLater: /\((next|later)\)/.test(row),
  }));
}

/** Compares the rules with the rules that tests cite. */
export function compareRules(rules: readonly Rule[], tests: readonly SourceFile[]): string[] {
  const known = new Set(rules.map((rule) => rule.id));
  const prefixes = [...new Set(rules.map((rule) => rule.id.replace(/-\d+$/, '')))];
  const pattern = new RegExp(`\\b(?:${prefixes.join('|')})-\\d+\\b`, 'g');
  const cited = new Set<string>();
  const problems: string[] = [];
  for (const { path, text } of tests) {
    for (const id of new Set(text.match(pattern))) {
      cited.add(id);
      if (!known.has(id)) problems.push(`${path} cites ${id}, which is not in SPEC.md`);
    }
  }
  const repeated = rules.filter((rule, index) => rules.findIndex((other) => other.id === rule.id) !== index);
  problems.push(...repeated.map((rule) => `SPEC.md has ${rule.id} twice`));
  const uncited = rules.filter((rule) => !rule.isLater && !cited.has(rule.id)).map((rule) => rule.id);
  if (uncited.length > 0) problems.push(`no test cites: ${uncited.join(', ')}`);
  return problems;
}

/** Finds rules that no test cites, and cited rules that do not exist. */
export function findRuleProblems(): string[] {
  const tests = [...readSources('packages', /\.test\.tsx?$/), ...readSources('tests', /\.tsx?$/)];
  return compareRules(parseRules(readSource('SPEC.md').text), tests);
}
