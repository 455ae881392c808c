import { expect, test } from 'vitest';
import { parseTwccFeedback } from '../../tests/parse-twcc.ts';
import { TwccCollector } from './twcc-collector.ts';

function collect(collector: TwccCollector): (readonly (readonly [number, number | undefined])[])[] {
  return collector
    .collect(2)
    .map((packet) =>
      (parseTwccFeedback(packet)?.arrivals ?? []).map(({ sequence, arrivedAtMs }) => [sequence, arrivedAtMs] as const),
    );
}

test('a feedback tells of every packet since the last, lost ones included (MED-4)', () => {
  const collector = new TwccCollector(1);
  expect(collect(collector)).toEqual([]);
  collector.handlePacket(65_534, 10);
  collector.handlePacket(0, 12);
  expect(collect(collector)).toEqual([
    [
      [65_534, 10],
      [65_535, undefined],
      [0, 12],
    ],
  ]);
  expect(collect(collector)).toEqual([]);
  collector.handlePacket(1, 20);
  expect(collect(collector)).toEqual([[[1, 20]]]);
});

test('a packet that comes after it was reported lost is reported again', () => {
  const collector = new TwccCollector(1);
  collector.handlePacket(1, 10);
  collector.handlePacket(3, 12);
  collect(collector);
  collector.handlePacket(2, 30);
  expect(collect(collector)).toEqual([
    [
      [2, 30],
      [3, 12],
    ],
  ]);
});

test('more packets than one feedback holds make several, and a huge gap does not make thousands', () => {
  const collector = new TwccCollector(1);
  for (let sequence = 0; sequence < 900; sequence += 1) collector.handlePacket(sequence, sequence);
  expect(collect(collector).map((arrivals) => arrivals.length)).toEqual([400, 400, 100]);
  collector.handlePacket(30_000, 2_000);
  expect(collect(collector)).toEqual([[[30_000, 2_000]]]);
});
