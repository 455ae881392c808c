import { getHeapStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { createRtpPacket } from '../../tests/rtp-builder.ts';
import { createPipedKind, type SentKind } from '../sdp/negotiate.ts';
import { createCounters } from './counters.ts';
import { Layer } from './layer.ts';
import { Track } from './track.ts';
import { TrackSender } from './track-sender.ts';

const VP8 = { name: 'VP8', clockRate: 90_000, parameters: '' } as const;
const FEW = 5;
const MANY = 55;
/** Until the code is compiled. */
const WARM_UP_PACKETS = 10_000;
/** Packets between two readings of the heap. */
const PACKETS = 200;
/** Readings; with a garbage collection in between they say nothing. */
const READINGS = 100;
/** The compiler may be late on a busy machine. */
const MAX_ATTEMPTS = 10;

/** Makes a track with a number of subscribers; returns how to forward packets. */
function createForwarding(subscribers: number): (packets: number) => void {
  const track = new Track('video', VP8, false);
  const layer = new Layer(
    track,
    0,
    createPipedKind(VP8, {}),
    () => true,
    () => undefined,
  );
  track.setLayers([layer]);
  let nowMs = 0;
  const codec = { ...VP8, payloadType: 96 };
  const kind: SentKind = {
    mid: '0',
    index: 0,
    section: { direction: 'sendonly', codec, feedback: [], extensions: new Map() },
    codec,
    nack: true,
    rtxPayloadType: 97,
    redPayloadType: undefined,
    extensions: { transportSequence: 5, audioLevel: 0 },
  };
  for (let index = 0; index < subscribers; index += 1) {
    let numbered = 0;
    const peer = {
      send: () => true,
      recordSent: () => {
        numbered += 1;
        return numbered & 0xffff;
      },
      recordRepetition: () => undefined,
      handleLayersChanged: () => undefined,
      now: () => nowMs,
    };
    const source = { ssrc: 1_000 + index, rtxSsrc: 2_000 + index, cname: 'c', msid: 'm', trackId: 't' };
    new TrackSender(track, kind, source, createCounters(), peer, 3).attach();
  }
  const payload = Buffer.alloc(1_100);
  payload.set([0x90, 0x80, 0x81, 0x23, 0x10]);
  const packet = createRtpPacket({ sequence: 0, payloadType: 96, payload, marker: true });
  let sequence = 0;
  return (packets) => {
    for (let count = 0; count < packets; count += 1) {
      sequence += 1;
      nowMs += 5;
      packet.writeUInt16BE(sequence & 0xffff, 2);
      packet.writeUInt32BE((sequence * 450) >>> 0, 4);
      layer.receivePiped(packet, nowMs);
    }
  };
}

/** Measures the bytes of heap that a published packet takes: the least of many readings. */
function measureBytesPerPacket(subscribers: number): number {
  const forward = createForwarding(subscribers);
  forward(WARM_UP_PACKETS);
  let least = Number.POSITIVE_INFINITY;
  for (let reading = 0; reading < READINGS; reading += 1) {
    const before = getHeapStatistics().used_heap_size;
    forward(PACKETS);
    const bytes = (getHeapStatistics().used_heap_size - before) / PACKETS;
    if (bytes >= 0 && bytes < least) least = bytes;
  }
  return least;
}

test('a packet that is forwarded to more subscribers allocates no more memory', () => {
  let bytesPerSubscriber = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && bytesPerSubscriber >= 1; attempt += 1) {
    bytesPerSubscriber = (measureBytesPerPacket(MANY) - measureBytesPerPacket(FEW)) / (MANY - FEW);
  }
  // One number on the heap for each subscriber would be 16 bytes.
  expect(bytesPerSubscriber).toBeLessThan(1);
});
