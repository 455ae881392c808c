import { beforeEach, expect, test } from 'vitest';
import { createRtpPacket } from '../../tests/rtp-builder.ts';
import { LINGER_MS } from '../demand-sum.ts';
import { NO_LAYER } from '../forwarding/forwarder.ts';
import { FRAME, type FrameType } from '../pipe/pipe-frame.ts';
import { createPipedKind } from '../sdp/negotiate.ts';
import { Layer } from './layer.ts';
import { PipeDemand } from './pipe-demand.ts';
import { Track } from './track.ts';
import { TrackPipe } from './track-pipe.ts';

const VP8 = { name: 'VP8', clockRate: 90_000, parameters: '' } as const;
const KEYFRAME = Buffer.from('10 00 00 00 9d 01 2a 80 02 e0 01'.replaceAll(' ', ''), 'hex');
const DELTA = Buffer.from('1001000000', 'hex');

let nowMs: number;
let demand: PipeDemand;
let track: Track;
/** What was sent, as type and layer. */
let frames: [FrameType, number][];
let sequence: number;

beforeEach(() => {
  nowMs = 1_000;
  sequence = 100;
  frames = [];
  demand = new PipeDemand(0, nowMs);
  track = new Track('video', VP8, false);
  const wake = (): void => undefined;
  const layers = [0, 1, 2].map((index) => new Layer(track, index, createPipedKind(VP8, {}), () => true, wake));
  track.setLayers(layers);
  track.setPipes([createPipe()]);
});

function createPipe(): TrackPipe {
  return new TrackPipe('video', demand, (type, layer) => {
    frames.push([type, layer]);
    return true;
  });
}

function receive(layer: number, payload = DELTA): void {
  sequence += 1;
  const packet = createRtpPacket({ sequence, timestamp: sequence * 3_000, payloadType: 96, payload, marker: true });
  track.layers[layer]?.receivePiped(packet, nowMs);
}

test('BWE-4: a pipe carries all layers at first, and after 2 s those that are taken at the other worker', () => {
  for (const layer of [0, 1, 2]) receive(layer);
  nowMs += LINGER_MS;
  for (const layer of [0, 1, 2]) receive(layer);
  expect(frames).toEqual([0, 1, 2, 0].map((layer) => [FRAME.rtp, layer]));
});

test('BWE-4: a layer that is left goes on for 2 s', () => {
  demand.limit(2, nowMs);
  nowMs += 10_000;
  demand.limit(NO_LAYER, nowMs);
  nowMs += LINGER_MS - 1;
  for (const layer of [0, 1, 2]) receive(layer);
  nowMs += 1;
  for (const layer of [0, 1, 2]) receive(layer);
  expect(frames).toEqual([0, 1, 2].map((layer) => [FRAME.rtp, layer]));
});

test('the other worker is informed of an interruption before the first packet after it', () => {
  nowMs += LINGER_MS;
  receive(1);
  demand.limit(1, nowMs);
  receive(1);
  receive(1);
  expect(frames).toEqual([
    [FRAME.resumed, 1],
    [FRAME.rtp, 1],
    [FRAME.rtp, 1],
  ]);
});

test('the picture of a silent publisher is sent when its layer is taken again, and only if it was left out', () => {
  const [layer] = track.layers;
  receive(0, KEYFRAME);
  demand.limit(NO_LAYER, nowMs);
  nowMs += LINGER_MS;
  frames = [];
  demand.limit(0, nowMs);
  createPipe().replay(layer as Layer, nowMs);
  expect(frames).toEqual([]);
  demand.limit(NO_LAYER, nowMs);
  nowMs += LINGER_MS;
  receive(0, KEYFRAME);
  receive(0);
  createPipe().replay(layer as Layer, nowMs);
  expect(frames).toEqual([]);
  demand.limit(0, nowMs);
  createPipe().replay(layer as Layer, nowMs);
  expect(frames).toEqual([
    [FRAME.resumed, 0],
    [FRAME.rtp, 0],
    [FRAME.rtp, 0],
  ]);
});

test('after an interruption, the other worker counts no losses, and its subscribers begin at a keyframe', () => {
  const [layer] = track.layers;
  receive(0, KEYFRAME);
  const before = layer?.highestSequence ?? 0;
  layer?.handlePipeResumed();
  expect(layer?.keyframeSequence).toBe(-1);
  sequence += 40_000;
  receive(0);
  expect(layer?.highestSequence).toBe(before + 40_001);
  expect(layer?.counters).toMatchObject({ packets: 2, lost: 0 });
});
