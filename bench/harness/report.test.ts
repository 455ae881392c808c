import { describe, expect, it } from 'vitest';
import { compareWithBaseline, compareWithOthers, jsonOf, judge, markdownOf } from './report.ts';
import type { Metric } from './row.ts';
import type { RowResult, SkippedSubject } from './run-row.ts';

const cpu: Metric = { key: 'cpu', label: 'CPU', unit: 's', better: 'lower', goalRatio: 1 };
const p99: Metric = { key: 'p99', label: 'latency', unit: 'ms', better: 'lower', goal: 5 };
const lost: Metric = { key: 'lost', label: 'packets lost', unit: '%', better: 'lower', goal: 0.1, faultAbove: 10 };
const rate: Metric = { key: 'rate', label: 'logins', unit: '1/s', better: 'higher', goalRatio: 2 };

type Medians = Readonly<Record<string, number>>;

function resultOf(subjects: Readonly<Record<string, Medians>>, skipped: readonly SkippedSubject[] = []): RowResult {
  return {
    name: 'row',
    work: 'Work.',
    metrics: [cpu, p99, lost, rate],
    rounds: 1,
    loadBusy: 0,
    seconds: 1,
    subjects: Object.entries(subjects).map(([name, medians]) => ({
      name,
      version: '1',
      isFloor: name === 'floor',
      figures: Object.fromEntries(
        Object.entries(medians).map(([key, value]) => [key, { median: value, min: value, max: value }]),
      ),
    })),
    skipped,
  };
}

const GOOD = { cpu: 10, p99: 2, lost: 0, rate: 100 };

describe('goals', () => {
  it('are met or missed against a server that did the work', () => {
    const result = resultOf({ Gavel: GOOD, Janus: { cpu: 20, p99: 9, lost: 0, rate: 60 } });
    expect(judge(result, cpu)).toBe('≥ 1.00 ×: met');
    expect(judge(result, p99)).toBe('≤ 5.00: met');
    expect(judge(result, rate)).toBe('≥ 2.00 ×: missed');
  });

  it('are not judged against a server that lost everything', () => {
    const result = resultOf({ Gavel: GOOD, Janus: { lost: 100 } });
    expect(judge(result, cpu)).toBe('≥ 1.00 ×: not judged (Janus: packets lost: 100 %)');
    expect(compareWithOthers(result, cpu)).toEqual({ why: 'Janus: packets lost: 100 %' });
    expect(markdownOf(result)).toContain('Not compared: Janus (packets lost: 100 %).');
  });

  it('are not judged against a server that lost more than the row allows, whatever its other figures are', () => {
    const result = resultOf({ Gavel: GOOD, Janus: { cpu: 900, p99: 900, lost: 40, rate: 1 } });
    for (const metric of [cpu, rate])
      expect(judge(result, metric)).toContain('not judged (Janus: packets lost: 40.0 %)');
  });

  it('are judged against the servers that are left', () => {
    const result = resultOf({ Gavel: GOOD, Janus: { cpu: 1, lost: 100 }, mediasoup: { cpu: 12, lost: 0 } });
    expect(judge(result, cpu)).toBe('≥ 1.00 ×: met');
    expect(compareWithOthers(result, cpu)).toEqual({ ratio: 1.2 });
  });

  it('are not judged against a server that failed or is not there', () => {
    const failed = { name: 'Janus', why: 'failed under the load', hasFailed: true };
    const skipped = { name: 'mediasoup', why: 'not installed', hasFailed: false };
    const result = resultOf({ Gavel: GOOD }, [failed, skipped]);
    expect(judge(result, cpu)).toBe('≥ 1.00 ×: not judged (Janus: failed; mediasoup: skipped)');
    expect(markdownOf(result)).toContain('Failed: Janus (failed under the load).');
    expect(judge(resultOf({ Gavel: GOOD }), cpu)).toBe('≥ 1.00 ×: not judged (no other server was measured)');
  });

  it('are not judged when a figure is missing or 0', () => {
    expect(judge(resultOf({ Gavel: GOOD, Janus: { lost: 0 } }), cpu)).toContain('not judged (Janus: no figure)');
    expect(judge(resultOf({ Gavel: GOOD, Janus: { rate: 0 } }), rate)).toContain('not judged (a figure is 0)');
  });

  it('of a Gavel that lost its work are not judged, but the loss is', () => {
    const result = resultOf({ Gavel: { p99: 1, cpu: 1, lost: 100 }, Janus: { cpu: 20, lost: 0 } });
    expect(judge(result, p99)).toBe('≤ 5.00: not judged (Gavel: packets lost: 100 %)');
    expect(judge(result, cpu)).toBe('≥ 1.00 ×: not judged (Gavel: packets lost: 100 %)');
    expect(judge(result, lost)).toBe('≤ 0.10: missed');
  });

  it('are not those of another server when Gavel failed or was not asked for', () => {
    const failed = { name: 'Gavel', why: 'no login', hasFailed: true };
    expect(judge(resultOf({ Janus: GOOD }, [failed]), p99)).toBe('≤ 5.00: not judged (Gavel: failed)');
    expect(judge(resultOf({ Janus: GOOD, mediasoup: { cpu: 20 } }), cpu)).toBe('');
  });
});

describe('ratios', () => {
  it('leave out floors and the baseline, which has a ratio of its own', () => {
    const result = resultOf({ Gavel: GOOD, 'Gavel before': { cpu: 9 }, floor: { cpu: 1 }, Janus: { cpu: 20 } });
    expect(compareWithOthers(result, cpu)).toEqual({ ratio: 2 });
    expect(compareWithBaseline(result, cpu)).toEqual({ ratio: 0.9 });
    expect(markdownOf(result)).toContain('| Ratio | Ratio to Gavel before | Goal |');
    expect(markdownOf(result)).toContain('| 2.00 × | 0.90 × | ≥ 1.00 ×: met |');
  });

  it('and verdicts are part of the JSON', () => {
    const { metrics } = JSON.parse(JSON.stringify(jsonOf(resultOf({ Gavel: GOOD, Janus: { lost: 100 } }))));
    expect(metrics[0]).toMatchObject({
      key: 'cpu',
      why: 'Janus: packets lost: 100 %',
      baseline: { why: expect.any(String) },
    });
    expect(metrics[0].verdict).toContain('not judged');
  });
});
