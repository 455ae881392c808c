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

test('of a played stream, what was played and what was missing is known', () => {
  const reader = new StatsReader();
  const played = (seconds: number): [string, object][] => [
    ['C', { id: 'C', type: 'codec', mimeType: 'audio/opus', clockRate: 48_000 }],
    [
      'A',
      {
        id: 'A',
        type: 'inbound-rtp',
        kind: 'audio',
        codecId: 'C',
        timestamp: seconds * 1000,
        totalSamplesReceived: seconds * 48_000,
        concealedSamples: 7_200,
        silentConcealedSamples: 2_400,
      },
    ],
    [
      'V',
      {
        id: 'V',
        type: 'inbound-rtp',
        kind: 'video',
        timestamp: seconds * 1000,
        framesDecoded: seconds * 25,
        framesDropped: seconds * 5,
        totalFreezesDuration: 0.5,
      },
    ],
  ];
  reader.read(played(1));
  const { audio, video } = reader.read(played(5));
  expect(audio).toMatchObject({ samplingRateHz: 48_000, playedMs: 5_000, interruptedMs: 100 });
  expect(video).toMatchObject({
    framesDropped: 25,
    framesPerSecond: 25,
    renderedPerSecond: 20,
    playedMs: 4_000,
    interruptedMs: 500,
  });
});

test('of a published stream, it is known whether hardware encodes it, if the browser says so', () => {
  const sent = (more: object): [string, object][] => [
    ['V', { id: 'V', type: 'outbound-rtp', kind: 'video', timestamp: 0, framesEncoded: 0, ...more }],
  ];
  expect(new StatsReader().read(sent({ powerEfficientEncoder: true })).video?.isHardwareEncoded).toBe(true);
  expect(new StatsReader().read(sent({})).video).toMatchObject({ isHardwareEncoded: undefined, playedMs: 0 });
});

test('a published video with layers has the size of the largest that is sent, and figures of each (SIM-1)', () => {
  const layer = (rid: string, height: number, seconds: number, kbps: number, lost: number): [string, object][] => [
    [
      rid,
      {
        id: rid,
        type: 'outbound-rtp',
        kind: 'video',
        rid,
        timestamp: seconds * 1000,
        bytesSent: (kbps / 8) * 1000 * seconds,
        packetsSent: 100 * seconds,
        framesEncoded: kbps > 0 ? 25 * seconds : 0,
        frameWidth: (height * 16) / 9,
        frameHeight: height,
        nackCount: 2,
      },
    ],
    [
      `R${rid}`,
      { id: `R${rid}`, type: 'remote-inbound-rtp', kind: 'video', localId: rid, packetsLost: lost * seconds },
    ],
  ];
  const sent = (seconds: number) => [
    ...layer('h', 720, seconds, 0, 0),
    ...layer('l', 180, seconds, 100, 10),
    ...layer('m', 360, seconds, 300, 0),
  ];
  const reader = new StatsReader();
  reader.read(sent(1));
  const { video, nackCount } = reader.read(sent(3));
  expect(video).toMatchObject({ width: 640, height: 360, framesPerSecond: 25, bitrateKbps: 400, packetsLost: 30 });
  expect([video?.lossRate, nackCount]).toEqual([0.1, 6]);
  expect(video?.layers).toEqual([
    { rid: 'l', bitrateKbps: 100, framesPerSecond: 25, width: 320, height: 180 },
    { rid: 'm', bitrateKbps: 300, framesPerSecond: 25, width: 640, height: 360 },
    { rid: 'h', bitrateKbps: 0, framesPerSecond: 0, width: 1280, height: 720 },
  ]);
});
