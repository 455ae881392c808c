import { describe, expect, test } from 'vitest';
import { Forwarder } from './forwarder.ts';
import { LayerClock } from './layer-clock.ts';
import { SourcePacket } from './source-packet.ts';

const CLOCK_RATE = 90_000;

interface Fields {
  layer?: number;
  sequence: number;
  timestamp?: number;
  marker?: boolean;
  isStart?: boolean;
  isOnlyLayer?: boolean;
  payloadBytes?: number;
}

function createPacket({
  layer = 0,
  sequence,
  timestamp = sequence * 3_000,
  marker = true,
  isStart = false,
  isOnlyLayer = false,
  payloadBytes = 100,
}: Fields) {
  return Object.assign(new SourcePacket(), { layer, sequence, timestamp, marker, isStart, isOnlyLayer, payloadBytes });
}

function createForwarder() {
  const clocks = [new LayerClock(CLOCK_RATE), new LayerClock(CLOCK_RATE), new LayerClock(CLOCK_RATE)];
  return { clocks, forwarder: new Forwarder(CLOCK_RATE, clocks) };
}

/** Returns the output's numbers, relative to the first accepted packet; undefined for a packet that is left out. */
function run(forwarder: Forwarder, packets: readonly Fields[], nowMs = 0) {
  let first: { sequence: number; timestamp: number } | undefined;
  return packets.map((fields) => {
    if (!forwarder.accept(createPacket(fields), nowMs)) return undefined;
    first ??= { sequence: forwarder.sequence, timestamp: forwarder.timestamp };
    return [(forwarder.sequence - first.sequence) & 0xffff, (forwarder.timestamp - first.timestamp) | 0];
  });
}

describe('Forwarder', () => {
  test('forwards nothing without a target', () => {
    const { forwarder } = createForwarder();
    expect(run(forwarder, [{ sequence: 1, isStart: true }])).toEqual([undefined]);
    expect(forwarder.needsKeyframe).toBe(false);
  });

  test('waits for a keyframe of the target if there are other layers', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(1);
    const result = run(forwarder, [
      { layer: 1, sequence: 10 },
      { layer: 0, sequence: 1, isStart: true },
      { layer: 1, sequence: 11, isStart: true },
      { layer: 1, sequence: 12 },
    ]);
    expect(result).toEqual([undefined, undefined, [0, 0], [1, 3_000]]);
    expect(forwarder.layer).toBe(1);
  });

  test('begins at once with the only layer, but after a restart at a keyframe', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(0);
    const lone = { isOnlyLayer: true };
    expect(run(forwarder, [{ ...lone, sequence: 5 }])).toEqual([[0, 0]]);
    forwarder.restart();
    expect(
      run(forwarder, [
        { ...lone, sequence: 6 },
        { ...lone, sequence: 7, isStart: true },
      ]),
    ).toEqual([undefined, [0, 0]]);
  });

  test('forwards the present layer until a keyframe of the target comes', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(2);
    run(forwarder, [{ layer: 2, sequence: 100, isStart: true }]);
    forwarder.setTarget(0);
    expect(forwarder.needsKeyframe).toBe(true);
    const result = run(forwarder, [
      { layer: 2, sequence: 101 },
      { layer: 0, sequence: 7 },
      { layer: 2, sequence: 102 },
      { layer: 0, sequence: 8, isStart: true },
      { layer: 2, sequence: 103 },
      { layer: 0, sequence: 9 },
    ]);
    expect(result.map((numbers) => numbers?.[0])).toEqual([0, undefined, 1, 2, undefined, 3]);
    expect(forwarder.needsKeyframe).toBe(false);
  });

  test('a switch in the middle of a frame leaves out one number', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(1);
    run(forwarder, [{ layer: 1, sequence: 1, isStart: true }]);
    forwarder.setTarget(0);
    const result = run(forwarder, [
      { layer: 1, sequence: 2, marker: false },
      { layer: 0, sequence: 50, isStart: true },
    ]);
    expect(result.map((numbers) => numbers?.[0])).toEqual([0, 2]);
  });

  test('timestamps of a switch are aligned by the sender reports', () => {
    const { forwarder, clocks } = createForwarder();
    const report = { type: 'sender-report', ssrc: 1, ntpSeconds: 100, ntpFraction: 0 } as const;
    clocks[0]?.handleSenderReport({ ...report, rtpTimestamp: 1_000_000 });
    clocks[1]?.handleSenderReport({ ...report, rtpTimestamp: 50 });
    forwarder.setTarget(0);
    run(forwarder, [{ layer: 0, sequence: 1, timestamp: 1_000_000, isStart: true }], 0);
    const before = forwarder.timestamp;
    forwarder.setTarget(1);
    // Captured 40 ms after the other, and arrived 500 ms later.
    run(forwarder, [{ layer: 1, sequence: 1, timestamp: 50 + 3_600, isStart: true }], 500);
    expect((forwarder.timestamp - before) | 0).toBe(3_600);
  });

  test('without sender reports, timestamps are aligned by the arrivals, and never go back', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(0);
    run(forwarder, [{ layer: 0, sequence: 1, isStart: true }], 1_000);
    const before = forwarder.timestamp;
    forwarder.setTarget(1);
    run(forwarder, [{ layer: 1, sequence: 1, isStart: true }], 1_020);
    expect((forwarder.timestamp - before) | 0).toBe(1_800);
    forwarder.setTarget(0);
    run(forwarder, [{ layer: 0, sequence: 2, isStart: true }], 1_020);
    expect((forwarder.timestamp - before) | 0).toBe(1_801);
  });

  test('packets without payload are left out without a gap', () => {
    const { forwarder } = createForwarder();
    forwarder.setTarget(0);
    const result = run(forwarder, [{ sequence: 1, isStart: true }, { sequence: 2, payloadBytes: 0 }, { sequence: 3 }]);
    expect(result.map((numbers) => numbers?.[0])).toEqual([0, undefined, 1]);
    expect(forwarder.skippedPackets).toBe(1);
  });

  test('maps timestamps of the present layer only', () => {
    const { forwarder } = createForwarder();
    expect(forwarder.mapTimestamp(0, 5)).toBeUndefined();
    forwarder.setTarget(0);
    run(forwarder, [{ sequence: 1, timestamp: 1_000, isStart: true }]);
    expect(forwarder.mapTimestamp(0, 1_090)).toBe((forwarder.timestamp + 90) >>> 0);
    expect(forwarder.mapTimestamp(1, 1_090)).toBeUndefined();
  });
});
