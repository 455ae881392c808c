import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ESTIMATOR_DEFAULTS } from '../bwe/bandwidth-estimator.ts';
import { parseRtcp } from '../rtp/rtcp.ts';
import { TwccReader } from '../rtp/twcc-reader.ts';
import { PeerBandwidth } from './peer-bandwidth.ts';

/** A packet of so many bytes that was sent, or a feedback in base64; with the time in milliseconds. */
type RecordedEvent = readonly ['s', number, number] | readonly ['f', number, string];

/** Recorded at a worker for 11 s: Chromium plays video and sound on a busy machine, where delays vary by up to 150 ms. */
const events: readonly RecordedEvent[] = JSON.parse(
  readFileSync(new URL('../../tests/fixtures/chromium-feedback.json', import.meta.url), 'utf8'),
);

test('BWE-1: feedback that Chromium has sent is read completely, and the estimate follows it', () => {
  const probing = {
    ticks: { add: () => undefined, delete: () => undefined },
    counters: { probes: 0, paddingBytes: 0 },
  };
  const bandwidth = new PeerBandwidth(ESTIMATOR_DEFAULTS, probing, new Map());
  const reader = new TwccReader();
  const reported = new Set<number>();
  let sent = 0;
  for (const event of events) {
    if (event[0] === 's') {
      expect(bandwidth.recordSent(event[2], event[1])).toBe(sent % 0x1_0000);
      sent += 1;
      continue;
    }
    const packet = Buffer.from(event[2], 'base64');
    const items = parseRtcp(packet);
    expect(items.map(({ type }) => type)).toEqual(['transport-feedback']);
    for (const item of items) {
      if (item.type !== 'transport-feedback') continue;
      expect(reader.read(packet, item.start, item.end)).toBe(true);
      for (let index = 0; index < reader.count; index += 1) {
        if (!Number.isNaN(reader.arrivedAtMs[index])) reported.add(reader.baseSequence + index);
      }
      bandwidth.handleFeedback(packet, item, event[1]);
    }
  }
  // All but those on the way at the end.
  expect(reported.size).toBeGreaterThan(sent * 0.9);
  expect(Math.max(...reported)).toBeLessThan(sent);
  const { bps = 0, roundTripMs = 0 } = bandwidth.dump() ?? {};
  // Less than 600 kbit/s were sent, and at the end 120.
  expect(bps).toBeGreaterThan(60_000);
  expect(bps).toBeLessThan(900_000);
  expect(roundTripMs).toBeLessThan(300);
});
