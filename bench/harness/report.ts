/**
 * Prints what rows found, as Markdown and as JSON.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import type { Metric } from './row.ts';
import type { RowResult, Spread } from './run-row.ts';

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

/** How many times better the first is than the best of the others; undefined where there is none to compare with. */
export function ratioOf(result: RowResult, { key, better }: Metric): number | undefined {
  const compared = result.subjects.filter(({ isFloor }) => !isFloor);
  const [own, ...others] = compared.map(({ figures }) => figures[key]?.median);
  const theirs = others.filter((value) => value !== undefined);
  if (own === undefined || theirs.length === 0) return undefined;
  const ratio = better === 'lower' ? Math.min(...theirs) / own : own / Math.max(...theirs);
  // To the places that are shown: what is judged is what is read.
  return Math.round(ratio * 100) / 100;
}

/** Says whether the goals of a metric are met; empty where it has none. */
export function judge(result: RowResult, metric: Metric): string {
  const own = result.subjects[0]?.figures[metric.key]?.median;
  if (own === undefined) return '';
  const verdicts: string[] = [];
  if (metric.goal !== undefined) {
    const isMet = metric.better === 'lower' ? own <= metric.goal : own >= metric.goal;
    verdicts.push(`${metric.better === 'lower' ? '≤' : '≥'} ${format(metric.goal)}: ${isMet ? 'met' : 'missed'}`);
  }
  const ratio = ratioOf(result, metric);
  if (metric.goalRatio !== undefined && ratio !== undefined) {
    verdicts.push(`≥ ${format(metric.goalRatio)} ×: ${ratio >= metric.goalRatio ? 'met' : 'missed'}`);
  }
  return verdicts.join('; ');
}

/** One row as a Markdown table: metrics down, subjects across. */
export function markdownOf(result: RowResult): string {
  const names = result.subjects.map(({ name, isFloor }) => (isFloor ? `${name}, a floor` : name));
  const lines = [
    `### ${result.name}`,
    '',
    `${result.work} Median of ${result.rounds} rounds (least–most). The load used ${Math.round(result.loadBusy * 100)} % of its core; ${Math.round(result.seconds)} s.`,
    '',
    `| | ${names.join(' | ')} | Ratio | Goal |`,
    `|---|${names.map(() => '---|').join('')}---|---|`,
  ];
  for (const metric of result.metrics) {
    const cells = result.subjects.map(({ figures }) => {
      const spread = figures[metric.key];
      return spread ? show(spread) : '–';
    });
    const ratio = ratioOf(result, metric);
    lines.push(
      `| ${metric.label}, ${metric.unit} | ${cells.join(' | ')} | ${ratio === undefined ? '' : `${format(ratio)} ×`} | ${judge(result, metric)} |`,
    );
  }
  for (const { name, why } of result.skipped) lines.push('', `Skipped: ${name} (${why}).`);
  lines.push('', `Versions: ${result.subjects.map(({ name, version }) => `${name} ${version}`).join(', ')}.`);
  return `${lines.join('\n')}\n`;
}

const PAGE_BEGIN = '<!-- bench: begin -->';
const PAGE_END = '<!-- bench: end -->';

/** Puts rows into the place that a page has for them; rows that were not run stay as they are. @throws where it has none */
export function putIntoPage(path: string, results: readonly RowResult[]): void {
  const page = readFileSync(path, 'utf8');
  const [before, rest] = page.split(PAGE_BEGIN);
  const [known, after] = rest?.split(PAGE_END) ?? [];
  if (before === undefined || known === undefined || after === undefined)
    throw new Error(`${path} has no place for the table`);
  const sections = known.split(/^(?=### )/m).slice(1);
  const byName = new Map(sections.map((section) => [/^### (.*)/.exec(section)?.[1] ?? '', section.trim()]));
  for (const result of results) byName.set(result.name, markdownOf(result).trim());
  const parts = [describeMachine(), ...byName.values()];
  writeFileSync(path, `${before}${PAGE_BEGIN}\n\n${parts.join('\n\n')}\n\n${PAGE_END}${after}`);
}
