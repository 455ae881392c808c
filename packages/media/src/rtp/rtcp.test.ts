import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  MAX_NACKED_SEQUENCES,
  MAX_REPORTED_PACKETS,
  parseRtcp,
  writeNack,
  writePli,
  writeReceiverReport,
  writeSenderReport,
} from './rtcp.ts';
import { MAX_TWCC_PACKETS, writeTwccFeedback } from './twcc.ts';

test('a NACK is read back as it was written, over the wrap of sequence numbers', () => {
  const sequences = [65_530, 65_535, 0, 3, 500, 517];
  expect(parseRtcp(writeNack(1, 2, sequences))).toEqual([{ type: 'nack', ssrc: 2, sequences }]);
});

test('any set of missing packets survives the way through a NACK', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 65_535 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 200 }),
      (base, offsets) => {
        const sequences = offsets.sort((a, b) => a - b).map((offset) => (base + offset) & 0xffff);
        expect(parseRtcp(writeNack(1, 2, sequences))).toEqual([{ type: 'nack', ssrc: 2, sequences }]);
      },
    ),
  );
});

test('a PLI and each entry of a FIR are keyframe requests', () => {
  expect(parseRtcp(writePli(1, 0xffff_fff0))).toEqual([{ type: 'keyframe-request', ssrc: 0xffff_fff0 }]);
  const fir = Buffer.from('84ce0006000000010000000000000009010000000000000a02000000'.padEnd(56, '0'), 'hex');
  expect(parseRtcp(fir)).toEqual([
    { type: 'keyframe-request', ssrc: 9 },
    { type: 'keyframe-request', ssrc: 10 },
  ]);
});

test('a sender report is read back as it was written', () => {
  const report = { ssrc: 7, ntpSeconds: 0xe000_0000, ntpFraction: 0x8000_0000, rtpTimestamp: 123 };
  expect(parseRtcp(writeSenderReport({ ...report, packets: 5, octets: 500 }))).toEqual([
    { type: 'sender-report', ...report },
  ]);
});

test('a receiver report carries loss, jitter and the sender report it answers', () => {
  const packet = writeReceiverReport(1, [
    {
      ssrc: 0x9000_0000,
      fractionLost: 64,
      cumulativeLost: -1,
      highestSequence: 0x1_0005,
      jitter: 3.6,
      lastSenderReport: 0xaabb_ccdd,
      delaySinceLastSenderReport: 65_536,
    },
  ]);
  expect(packet.toString('hex')).toBe('81c90007000000019000000040ffffff0001000500000004aabbccdd00010000');
  expect(parseRtcp(packet)).toEqual([
    {
      type: 'report-block',
      ssrc: 0x9000_0000,
      fractionLost: 64,
      lastSenderReport: 0xaabb_ccdd,
      delaySinceLastSenderReport: 65_536,
    },
  ]);
});

test('the parts of a compound packet are read one by one, and unknown ones passed over', () => {
  const unknown = Buffer.from('80cf0001000000ff', 'hex');
  const bye = Buffer.from('81cb000100000005', 'hex');
  const items = parseRtcp(Buffer.concat([unknown, writePli(1, 2), bye]));
  expect(items.map((item) => item.type)).toEqual(['keyframe-request', 'bye']);
});

test('what comes before a malformed part stays valid', () => {
  const items = parseRtcp(Buffer.concat([writePli(1, 2), Buffer.from('81cdffff00000000', 'hex')]));
  expect(items).toEqual([{ type: 'keyframe-request', ssrc: 2 }]);
});

test('a NACK that asks for more than its share is cut', () => {
  const greedy = Buffer.alloc(12 + 1_000 * 4, 0xff);
  writeNack(1, 2, [0]).copy(greedy, 0, 0, 12);
  greedy.writeUInt16BE(greedy.length / 4 - 1, 2);
  const [item] = parseRtcp(Buffer.concat([greedy, greedy]));
  expect(item?.type === 'nack' && item.sequences.length).toBe(MAX_NACKED_SEQUENCES);
});

test('transport-wide feedback is found in a compound packet, up to a limit of reported packets', () => {
  const write = (count: number) => {
    const arrivedAtMs = Array.from({ length: count }, (_, index) => index * 5);
    return writeTwccFeedback({ senderSsrc: 1, mediaSsrc: 2, feedbackCount: 0, baseSequence: 7, arrivedAtMs }).packet;
  };
  const [small, large] = [write(3), write(MAX_TWCC_PACKETS)];
  const start = 12;
  expect(parseRtcp(Buffer.concat([writePli(1, 2), small]))).toEqual([
    { type: 'keyframe-request', ssrc: 2 },
    { type: 'transport-feedback', start, end: start + small.length },
  ]);
  const most = Math.floor(MAX_REPORTED_PACKETS / MAX_TWCC_PACKETS);
  expect(parseRtcp(Buffer.concat(new Array(most + 3).fill(large)))).toHaveLength(most);
  expect(parseRtcp(small.subarray(0, 16))).toEqual([]);
});

test('arbitrary bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.integer({ min: 198, max: 208 }), (bytes, type) => {
      const packet = Buffer.from(bytes);
      if (packet.length > 4) {
        packet[0] = 0x80 | ((packet[0] as number) & 0x3f);
        packet[1] = type;
        packet.writeUInt16BE((packet[3] as number) % 30, 2);
      }
      parseRtcp(packet);
    }),
  );
});
