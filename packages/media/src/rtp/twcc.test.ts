import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTwccFeedback } from '../../tests/parse-twcc.ts';
import { MAX_TWCC_PACKETS, type WrittenTwccFeedback, writeTwccFeedback } from './twcc.ts';

function write(arrivedAtMs: (number | undefined)[], baseSequence = 0): WrittenTwccFeedback {
  return writeTwccFeedback({ senderSsrc: 1, mediaSsrc: 2, feedbackCount: 3, baseSequence, arrivedAtMs });
}

test('two packets a millisecond apart are one run and two small deltas', () => {
  // Reference 1 (64 ms), run of 2 small deltas, deltas 0 and 4 (of 250 us); 24 bytes need no padding.
  const { packet, covered } = write([64, 65], 0x1234);
  expect(packet.toString('hex')).toBe('8fcd0005000000010000000212340002000001032002' + '0004');
  expect(covered).toBe(2);
});

test('a gap is a one-bit vector, and the packet is padded to whole words', () => {
  // 1 0 1 in a one-bit vector: 0x8000 | 1 << 13 | 1 << 11.
  const { packet } = write([0, undefined, 2]);
  expect(packet.toString('hex')).toBe('8fcd00050000000100000002000000030000000' + '3a8000008');
});

test('a late arrival is a large delta in a two-bit vector', () => {
  // 1 2: 0xc000 | 1 << 12 | 2 << 10; deltas 0 and 400 (100 ms).
  const { packet } = write([0, 100]);
  expect(packet.toString('hex')).toBe('afcd0006000000010000000200000002000000' + '03d80000019000' + '0003');
});

test('a long loss is one run', () => {
  const { packet } = write([0, ...new Array<undefined>(300).fill(undefined), 10]);
  const parsed = parseTwccFeedback(packet);
  expect(parsed?.arrivals.length).toBe(302);
  expect(packet.length).toBeLessThan(36);
});

test('packets that are missing before a late one do not move it (MED-4)', () => {
  const lost = Array.from({ length: 7 }, () => undefined);
  const times = [2_500, ...lost, 2_564];
  expect(parseTwccFeedback(write(times).packet)?.arrivals.map((arrival) => arrival.arrivedAtMs)).toEqual(times);
});

test('packets that arrived out of order have negative deltas', () => {
  const { packet } = write([100, 90, 110]);
  expect(parseTwccFeedback(packet)?.arrivals.map((arrival) => arrival.arrivedAtMs)).toEqual([100, 90, 110]);
});

test('a delta that does not fit in 16 bits ends the feedback, and the rest needs another', () => {
  const { covered } = write([0, 1, 20_000]);
  expect(covered).toBe(2);
});

test('any arrivals survive the way through a feedback, to the quarter of a millisecond (MED-4)', () => {
  const arrival = fc.option(fc.integer({ min: -200, max: 4_000 }), { nil: undefined, freq: 4 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 65_535 }),
      fc.integer({ min: 10_000, max: 60_000_000 }),
      fc.array(arrival, { maxLength: MAX_TWCC_PACKETS + 50 }),
      (base, start, steps) => {
        let ticks = start;
        const times: (number | undefined)[] = [start / 4];
        for (const step of steps) {
          ticks += step ?? 0;
          times.push(step === undefined ? undefined : ticks / 4);
        }
        const { packet, covered } = write(times, base);
        expect(packet.length % 4).toBe(0);
        expect(packet.length).toBeLessThan(1_200);
        expect(covered).toBe(Math.min(times.length, MAX_TWCC_PACKETS));
        expect(parseTwccFeedback(packet)?.arrivals).toEqual(
          times.slice(0, covered).map((arrivedAtMs, index) => ({ sequence: (base + index) & 0xffff, arrivedAtMs })),
        );
      },
    ),
  );
});

test('malformed feedback is refused, never thrown at', () => {
  const { packet } = write([0, 100, undefined, 3]);
  expect(parseTwccFeedback(packet.subarray(0, packet.length - 4))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 60 }), (bytes) => {
      const garbage = Buffer.from(bytes.subarray(0, bytes.length & ~3));
      garbage[0] = 0x8f;
      garbage[1] = 205;
      garbage.writeUInt16BE(garbage.length / 4 - 1, 2);
      parseTwccFeedback(garbage);
    }),
  );
});
