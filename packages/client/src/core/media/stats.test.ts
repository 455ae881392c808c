import { expect, test } from 'vitest';
import { StatsReader } from './stats.ts';

const report = (seconds: number, bytes: number, packets: number, lost: number): [string, object][] => [
  ['C', { id: 'C', type: 'codec', mimeType: 'video/VP8' }],
  [
    'V',
    {
      id: 'V',
      type: 'inbound-rtp',
      kind: 'video',
      codecId: 'C',
      timestamp: seconds * 1000,
      bytesReceived: bytes,
      packetsReceived: packets,
      packetsLost: lost,
      framesDecoded: seconds * 25,
      frameWidth: 640,
      frameHeight: 480,
    },
  ],
  ['P', { id: 'P', type: 'candidate-pair', currentRoundTripTime: 0.02 }],
];

test('rates are those between two readings', () => {
  const reader = new StatsReader();
  expect(reader.read(report(0, 0, 0, 0)).video).toMatchObject({ bitrateKbps: 0, lossRate: 0 });
  const { video, audio, roundTripMs } = reader.read(report(2, 250_000, 180, 20));
  expect(video).toMatchObject({ codec: 'VP8', bitrateKbps: 1000, framesPerSecond: 25, lossRate: 0.1, width: 640 });
  expect(audio).toBeUndefined();
  expect(roundTripMs).toBe(20);
});
