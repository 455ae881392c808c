/**
 * How well the estimator of a viewer's bandwidth does on simulated links:
 *
 *     npm run bench -- bandwidth
 *     npm run bench -- bandwidth --page
 *
 * In virtual time and with fixed seeds, so that the figures are the same on every machine: about 20 s of CPU time. `--page`
 * puts the tables into `docs/reference/performance.md`. Exits with 1 when a goal is missed.
 *
 * @module
 */

import { fileURLToPath } from 'node:url';
import { putBetweenMarks } from './harness/report.ts';
import {
  GOALS,
  type LinkFigures,
  LOSSES,
  listMissed,
  measureFairness,
  measureSawtooth,
  measureSteady,
  measureStep,
  QUEUES_MS,
  RATES_BPS,
  ROUND_TRIPS_MS,
  SEEDS,
} from './support/bandwidth-grid.ts';

const PAGE = fileURLToPath(new URL('../docs/reference/performance.md', import.meta.url));
const missed: string[] = [];
let judged = 0;

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
const head = (...names: string[]): string[] => [row(...names), row(...names.map(() => '---'))];
const toKbps = (bps: number): string => (bps / 1_000).toLocaleString('en');
const toPercent = (share: number): string => `${Math.round(share * 100)} %`;

/** Records whether goals are met; returns the mark of a missed one. */
function judge(isMet: boolean, what: string): string {
  judged += 1;
  if (isMet) return '';
  missed.push(what);
  return ' (missed)';
}

function writeSteady(): string[] {
  const losses = LOSSES.map(toPercent).join(', ');
  const lines = [
    `One viewer on a steady link. Each cell has the figures with a loss of ${losses} of the packets.`,
    '',
    ...head('Link, kbit/s', 'Round trip, ms', 'Used', 'Queue p95, ms', 'Found within, s'),
  ];
  for (const bps of RATES_BPS) {
    for (const roundTripMs of ROUND_TRIPS_MS) {
      const cells = LOSSES.map((loss) => {
        const figures = QUEUES_MS.map((queueMs) => {
          const one = measureSteady({ bps, roundTripMs, queueMs, loss });
          const name = `${toKbps(bps)} kbit/s, ${roundTripMs} ms, loss ${toPercent(loss)}, queue ${queueMs} ms`;
          judged += loss === 0 ? 3 : 2;
          missed.push(...listMissed(one, loss).map((goal) => `${name}: ${goal}`));
          return one;
        });
        return findWorst(figures);
      });
      const list = (read: (figures: LinkFigures) => string): string => cells.map(read).join(', ');
      lines.push(
        row(
          toKbps(bps),
          roundTripMs,
          list(({ utilisation }) => toPercent(utilisation)),
          list(({ queueMs }) => queueMs.toFixed(0)),
          list(({ convergenceS }) => convergenceS.toFixed(1)),
        ),
      );
    }
  }
  return lines;
}

function findWorst(figures: readonly LinkFigures[]): LinkFigures {
  return {
    utilisation: Math.min(...figures.map(({ utilisation }) => utilisation)),
    queueMs: Math.max(...figures.map(({ queueMs }) => queueMs)),
    convergenceS: Math.max(...figures.map(({ convergenceS }) => convergenceS)),
  };
}

function writeFairness(): string[] {
  const lines = [
    'Two viewers on one link: the rate of the first one divided by that of the second one, over the second minute.',
    '',
    ...head('Link, kbit/s', 'Round trip, ms', 'Both begin at once', 'The second begins 10 s later'),
  ];
  for (const bps of RATES_BPS.filter((rate) => rate >= 300_000)) {
    for (const roundTripMs of ROUND_TRIPS_MS) {
      const cells = [false, true].map((isLater) => {
        const ratios = QUEUES_MS.flatMap((queueMs) => measureFairness({ bps, roundTripMs, queueMs }, isLater));
        const [min, max] = [Math.min(...ratios), Math.max(...ratios)];
        const isFair = min >= GOALS.minFairness && max <= GOALS.maxFairness;
        const name = `${toKbps(bps)} kbit/s, ${roundTripMs} ms, ${isLater ? 'one later' : 'both at once'}: fairness`;
        return `${min.toFixed(2)} to ${max.toFixed(2)}${judge(isFair, name)}`;
      });
      lines.push(row(toKbps(bps), roundTripMs, ...cells));
    }
  }
  return lines;
}

function writeChanges(): string[] {
  const lines = [
    'A link falls from 5 Mbit/s to 300 kbit/s for 30 s (BWE-1: its queue is below 300 ms 5 s later; 15 s after it is free the',
    'viewer has 2.3 Mbit/s again), and a link rises from 0.5 to 2 Mbit/s in 20 s, falls at once, and rises again.',
    '',
    ...head(
      'Round trip, ms',
      'Longest queue, ms',
      'Used',
      'Back after, s',
      'Sawtooth: used',
      'Sawtooth: queue p95, ms',
    ),
  ];
  for (const roundTripMs of ROUND_TRIPS_MS) {
    const steps = QUEUES_MS.map((queueMs) => measureStep(roundTripMs, queueMs));
    const teeth = QUEUES_MS.map((queueMs) => measureSawtooth(roundTripMs, queueMs));
    const queueMs = Math.max(...steps.map((step) => step.queueMs));
    const backS = Math.max(...steps.map((step) => step.backS));
    const toothMs = Math.max(...teeth.map((tooth) => tooth.queueMs));
    lines.push(
      row(
        roundTripMs,
        `${queueMs.toFixed(0)}${judge(queueMs < 300, `step, ${roundTripMs} ms: queue`)}`,
        toPercent(Math.min(...steps.map(({ utilisation }) => utilisation))),
        `${backS.toFixed(1)}${judge(backS <= 15, `step, ${roundTripMs} ms: recovery`)}`,
        toPercent(Math.min(...teeth.map(({ utilisation }) => utilisation))),
        toothMs.toFixed(0),
      ),
    );
  }
  return lines;
}

const tables = [writeSteady(), writeFairness(), writeChanges()].map((lines) => lines.join('\n'));
const goals = [
  `Goals: at least ${toPercent(GOALS.utilisation)} of a link without loss is used; the queue's p95 is below ${GOALS.queueMs} ms; the link is`,
  `found within ${GOALS.convergenceS} s (the estimate is within 80 % and 125 % of it); fairness is between ${GOALS.minFairness} and ${GOALS.maxFairness}.`,
  `${judged - missed.length} of ${judged} are met${missed.length === 0 ? '.' : `. Missed: ${missed.join('; ')}.`}`,
].join('\n');
const method = [
  `Virtual time, seeded: every figure is the worst of ${SEEDS.length} runs with each of the queue lengths ${QUEUES_MS.join(', ')} ms; packets have up to`,
  '2 ms of jitter, and feedback comes every 50 ms, as late as the packets. A run of one viewer takes 60 s, of which the last 40 count.',
].join('\n');
const text = [method, ...tables, goals].join('\n\n');
console.log(text);
if (process.argv.includes('--page')) putBetweenMarks(PAGE, 'bandwidth', text);
process.exit(missed.length > 0 ? 1 : 0);
