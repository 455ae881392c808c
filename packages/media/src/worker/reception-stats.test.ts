import { expect, test } from 'vitest';
import { ReceptionStats } from './reception-stats.ts';

test('loss is told since the last report and since the beginning', () => {
  const stats = new ReceptionStats(90_000);
  expect(stats.report(1, 0)).toBeUndefined();
  for (const sequence of [0x1_0000, 0x1_0001, 0x1_0003]) stats.handlePacket(sequence, 0, 0);
  expect(stats.report(1, 0)).toMatchObject({ fractionLost: 64, cumulativeLost: 1, highestSequence: 3 });
  stats.handlePacket(0x1_0004, 0, 0);
  expect(stats.report(1, 0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1, highestSequence: 4 });
});

test('jitter follows RFC 3550 and is 0 for packets that keep their distance', () => {
  const stats = new ReceptionStats(1_000);
  for (let i = 0; i < 50; i += 1) stats.handlePacket(0x1_0000 + i, i * 20, i * 20);
  expect(stats.report(1, 0)?.jitter).toBe(0);
  stats.handlePacket(0x1_0032, 1_000, 1_016);
  expect(stats.report(1, 0)?.jitter).toBe(1);
});

test('the delay since the last sender report is told in 1/65536 s', () => {
  const stats = new ReceptionStats(90_000);
  stats.handlePacket(0x1_0000, 0, 0);
  stats.handleSenderReport(
    { type: 'sender-report', ssrc: 1, ntpSeconds: 0x1234_abcd, ntpFraction: 0xef01_0000, rtpTimestamp: 0 },
    1_000,
  );
  expect(stats.report(1, 1_500)).toMatchObject({ lastSenderReport: 0xabcd_ef01, delaySinceLastSenderReport: 32_768 });
});
