/**
 * Prints the results of rows as Markdown and as JSON, and judges their goals.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { BASELINE_NAME, type Metric, OWN_NAME } from './row.ts';
import type { RowResult, Spread, SubjectResult } from './run-row.ts';

/** The machine and the runtime, for the header. */
export function describeMachine(): string {
  const [cpu] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${cpu?.model.trim()}, ${gibibytes} GiB, ${process.platform}, Node ${process.version}`;
}

function format(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

const show = ({ median, min, max }: Spread): string => `${format(median)} (${format(min)}–${format(max)})`;

/** Returns what a subject lost, if the loss is too large for its figures to be compared; otherwise undefined. */
function findFault({ metrics }: RowResult, { figures }: SubjectResult): string | undefined {
  for (const { key, label, unit, faultAbove } of metrics) {
    const median = figures[key]?.median;
    if (median !== undefined && faultAbove !== undefined && median > faultAbove)
      return `${label}: ${[format(median), unit].join(' ').trim()}`;
  }
  return undefined;
}

/** A subject's median, or why it has none that can be compared. */
type Comparable = { readonly value: number } | { readonly why: string };

function readComparable(result: RowResult, metric: Metric, name: string): Comparable {
  const subject = result.subjects.find((one) => one.name === name);
  if (subject === undefined)
    return { why: result.skipped.some((one) => one.name === name && one.hasFailed) ? 'failed' : 'skipped' };
  // A loss is a figure of its own, however large.
  const fault = metric.faultAbove === undefined ? findFault(result, subject) : undefined;
  if (fault !== undefined) return { why: fault };
  const value = subject.figures[metric.key]?.median;
  return value === undefined ? { why: 'no figure' } : { value };
}

/** A ratio, or why there is none. */
export type Ratio = { readonly ratio: number } | { readonly why: string };

function compareWith(result: RowResult, metric: Metric, names: readonly string[]): Ratio {
  const own = readComparable(result, metric, OWN_NAME);
  if ('why' in own) return { why: `${OWN_NAME}: ${own.why}` };
  const others = names.map((name) => ({ name, ...readComparable(result, metric, name) }));
  const values = others.flatMap((other) => ('value' in other ? other.value : []));
  if (values.length === 0) {
    const reasons = others.map((other) => ('why' in other ? `${other.name}: ${other.why}` : ''));
    return { why: reasons.join('; ') || 'no other server was measured' };
  }
  const ratio = metric.better === 'lower' ? Math.min(...values) / own.value : own.value / Math.max(...values);
  // Rounded as displayed, so that the verdict matches the displayed figure.
  return Number.isFinite(ratio) ? { ratio: Math.round(ratio * 100) / 100 } : { why: 'a figure is 0' };
}

/**
 * How many times better Gavel is than the best of the other servers. Floors, the baseline and servers that lost the row's
 * work are left out.
 */
export function compareWithOthers(result: RowResult, metric: Metric): Ratio {
  const names = [...result.subjects.filter(({ isFloor }) => !isFloor), ...result.skipped].map(({ name }) => name);
  return compareWith(
    result,
    metric,
    names.filter((name) => name !== OWN_NAME && name !== BASELINE_NAME),
  );
}

/** How many times better Gavel is than the Gavel of `GAVEL_BENCH_BASELINE`. */
export const compareWithBaseline = (result: RowResult, metric: Metric): Ratio =>
  compareWith(result, metric, [BASELINE_NAME]);

/** Returns for each goal of a metric whether it is met, or why it is not judged; empty if there is no goal. */
export function judge(result: RowResult, metric: Metric): string {
  const { goal, goalRatio, better } = metric;
  const isOwnMissing = ![...result.subjects, ...result.skipped].some(({ name }) => name === OWN_NAME);
  if (isOwnMissing) return '';
  const verdicts: string[] = [];
  if (goal !== undefined) {
    const own = readComparable(result, metric, OWN_NAME);
    const isMet = 'value' in own && (better === 'lower' ? own.value <= goal : own.value >= goal);
    const verdict = 'why' in own ? `not judged (${OWN_NAME}: ${own.why})` : isMet ? 'met' : 'missed';
    verdicts.push(`${better === 'lower' ? '≤' : '≥'} ${format(goal)}: ${verdict}`);
  }
  if (goalRatio !== undefined) {
    const compared = compareWithOthers(result, metric);
    const verdict = 'why' in compared ? `not judged (${compared.why})` : compared.ratio >= goalRatio ? 'met' : 'missed';
    verdicts.push(`≥ ${format(goalRatio)} ×: ${verdict}`);
  }
  return verdicts.join('; ');
}

const showRatio = (compared: Ratio): string => ('ratio' in compared ? `${format(compared.ratio)} ×` : '');

/** One row as a Markdown table: metrics down, subjects across. */
export function markdownOf(result: RowResult): string {
  const hasBaseline = result.subjects.some(({ name }) => name === BASELINE_NAME);
  const columns = [
    ...result.subjects.map(({ name, isFloor }) => (isFloor ? `${name}, a floor` : name)),
    'Ratio',
    ...(hasBaseline ? [`Ratio to ${BASELINE_NAME}`] : []),
    'Goal',
  ];
  const lines = [
    `### ${result.name}`,
    '',
    `${result.work} Median of ${result.rounds} rounds (least–most). The load used ${Math.round(result.loadBusy * 100)} % of its core; ${Math.round(result.seconds)} s.`,
    '',
    `| | ${columns.join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
  ];
  for (const metric of result.metrics) {
    const cells = result.subjects.map(({ figures }) => {
      const spread = figures[metric.key];
      return spread ? show(spread) : '–';
    });
    cells.push(showRatio(compareWithOthers(result, metric)));
    if (hasBaseline) cells.push(showRatio(compareWithBaseline(result, metric)));
    const label = [metric.label, metric.unit].filter((text) => text !== '').join(', ');
    lines.push(`| ${label} | ${cells.join(' | ')} | ${judge(result, metric)} |`);
  }
  for (const subject of result.subjects) {
    const fault = findFault(result, subject);
    if (fault !== undefined) lines.push('', `Not compared: ${subject.name} (${fault}).`);
  }
  for (const { name, why, hasFailed } of result.skipped)
    lines.push('', `${hasFailed ? 'Failed' : 'Skipped'}: ${name} (${why}).`);
  lines.push('', `Versions: ${result.subjects.map(({ name, version }) => `${name} ${version}`).join(', ')}.`);
  return `${lines.join('\n')}\n`;
}

/** One row for JSON: the result, with ratios and verdicts beside each metric. */
export function jsonOf(result: RowResult): object {
  const metrics = result.metrics.map((metric) => ({
    ...metric,
    ...compareWithOthers(result, metric),
    baseline: compareWithBaseline(result, metric),
    verdict: judge(result, metric),
  }));
  return { ...result, metrics };
}

const PAGE_BEGIN = '<!-- bench: begin -->';
const PAGE_END = '<!-- bench: end -->';

/** Replaces rows in the section of a page that is marked for them; rows that were not run stay. @throws if there is no such section */
export function putIntoPage(path: string, results: readonly RowResult[]): void {
  const page = readFileSync(path, 'utf8');
  const [before, rest] = page.split(PAGE_BEGIN);
  const [known, after] = rest?.split(PAGE_END) ?? [];
  if (before === undefined || known === undefined || after === undefined)
    throw new Error(`${path} lacks the marks ${PAGE_BEGIN} and ${PAGE_END}`);
  const sections = known.split(/^(?=### )/m).slice(1);
  const byName = new Map(sections.map((section) => [/^### (.*)/.exec(section)?.[1] ?? '', section.trim()]));
  for (const result of results) byName.set(result.name, markdownOf(result).trim());
  const parts = [describeMachine(), ...byName.values()];
  writeFileSync(path, `${before}${PAGE_BEGIN}\n\n${parts.join('\n\n')}\n\n${PAGE_END}${after}`);
}

/** Replaces what a page has between two marks: `<!-- name: begin -->` and `<!-- name: end -->`. */
export function putBetweenMarks(path: string, name: string, text: string): void {
  const page = readFileSync(path, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${path} lacks the marks ${begin} and ${end}`);
  writeFileSync(path, `${before}${begin}\n\n${text}\n\n${end}${after}`);
}
