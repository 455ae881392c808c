import { expect, test } from 'vitest';
import { LayerClock } from './layer-clock.ts';

test('maps timestamps by the last sender report, across the wrap of the timestamp', () => {
  const clock = new LayerClock(90_000);
  expect(clock.toCaptureMs(0)).toBeUndefined();
  clock.handleSenderReport({
    type: 'sender-report',
    ssrc: 1,
    ntpSeconds: 10,
    ntpFraction: 0x8000_0000,
    rtpTimestamp: 0xffff_fff6,
  });
  expect(clock.toCaptureMs(0xffff_fff6)).toBe(10_500);
  expect(clock.toCaptureMs(80)).toBe(10_501);
  expect(clock.toCaptureMs(0xffff_fff6 - 90)).toBe(10_499);
  clock.reset();
  expect(clock.toCaptureMs(0)).toBeUndefined();
});
