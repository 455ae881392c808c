import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Forwarder } from './forwarder.ts';
import { LayerClock } from './layer-clock.ts';
import { SourcePacket } from './source-packet.ts';

const CLOCK_RATE = 90_000;
const LAYERS = 3;
const FRAME_TICKS = 3_000;
const FRAME_MS = 1000 / 30;
/** The temporal layers of four frames, as Chromium's three-layer pattern has them. */
const TEMPORAL_PATTERN = [0, 2, 1, 2];

interface Sent {
  /** Names the content: layer and number of the source. */
  readonly content: string;
  readonly layer: number;
  readonly frame: number;
  readonly temporalLayer: number;
  readonly packet: Buffer;
  readonly sequence: number;
  readonly timestamp: number;
  readonly marker: boolean;
  readonly payloadBytes: number;
}

/** A publisher of three layers of VP8 with temporal layers, whose layers have numbers of their own. */
class Publisher {
  readonly #sequences = [70_000, 80_000, 90_000];
  readonly #pictureIds = [0x7ff0, 5, 900];
  readonly #tl0 = [250, 3, 80];
  readonly #keyIdx = [30, 0, 7];
  readonly #timestamps = [0xffff_f000, 77, 5_000_000];
  #frame = 0;

  /** Returns one picture in all layers. */
  next(isKeyframe: boolean, packetsPerFrame: number, paddingOf: number | undefined): Sent[] {
    const frame = this.#frame;
    this.#frame += 1;
    const temporalLayer = isKeyframe ? 0 : (TEMPORAL_PATTERN[frame % 4] as number);
    const packets: Sent[] = [];
    for (let layer = 0; layer < LAYERS; layer += 1) {
      const pictureId = ((this.#pictureIds[layer] as number) + 1) & 0x7fff;
      this.#pictureIds[layer] = pictureId;
      if (temporalLayer === 0) this.#tl0[layer] = ((this.#tl0[layer] as number) + 1) & 0xff;
      if (isKeyframe) this.#keyIdx[layer] = ((this.#keyIdx[layer] as number) + 1) & 0x1f;
      const timestamp = (this.#timestamps[layer] as number) + frame * FRAME_TICKS;
      for (let index = 0; index < packetsPerFrame; index += 1) {
        const packet = Buffer.from([
          index === 0 ? 0x90 : 0x80,
          0xf0,
          0x80 | (pictureId >> 8),
          pictureId & 0xff,
          this.#tl0[layer] as number,
          (temporalLayer << 6) | (temporalLayer > 0 ? 0x20 : 0) | (this.#keyIdx[layer] as number),
          isKeyframe && index === 0 ? 0x10 : 0x11,
        ]);
        packets.push(this.#createSent(layer, frame, temporalLayer, packet, timestamp, index === packetsPerFrame - 1));
      }
      if (paddingOf === layer) {
        packets.push(this.#createSent(layer, frame, temporalLayer, Buffer.alloc(0), timestamp, false));
      }
    }
    return packets;
  }

  #createSent(
    layer: number,
    frame: number,
    temporalLayer: number,
    packet: Buffer,
    timestamp: number,
    marker: boolean,
  ): Sent {
    const sequence = (this.#sequences[layer] as number) + 1;
    this.#sequences[layer] = sequence;
    const content = `${layer}/${sequence}`;
    return {
      content,
      layer,
      frame,
      temporalLayer,
      packet,
      sequence,
      timestamp: timestamp >>> 0,
      marker,
      payloadBytes: packet.length,
    };
  }
}

interface Forwarded extends Sent {
  readonly outSequence: number;
  readonly outTimestamp: number;
  readonly pictureId: number;
}

/** One picture: what the publisher and the network do with it, and what the subscriber wants before it. */
const step = fc.record({
  isKeyframe: fc.boolean(),
  packets: fc.integer({ min: 1, max: 3 }),
  padding: fc.option(fc.integer({ min: 0, max: LAYERS - 1 }), { nil: undefined }),
  target: fc.option(fc.integer({ min: 0, max: LAYERS - 1 }), { nil: undefined }),
  maxTemporalLayer: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
  isRestarted: fc.integer({ min: 0, max: 19 }).map((value) => value === 0),
  /** Packets that arrive after the next picture, by index. */
  late: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 3 }),
  lost: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { maxLength: 2 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function forward(steps: readonly Step[], hasTrouble: boolean): Forwarded[] {
  const clocks = Array.from({ length: LAYERS }, () => new LayerClock(CLOCK_RATE));
  const forwarder = new Forwarder(CLOCK_RATE, clocks);
  const publisher = new Publisher();
  const packet = new SourcePacket();
  const output: Forwarded[] = [];
  let delayed: Sent[] = [];
  forwarder.setTarget(2);
  for (const [
    frame,
    { isKeyframe, packets, padding, target, maxTemporalLayer, isRestarted, late, lost },
  ] of steps.entries()) {
    if (target !== undefined) forwarder.setTarget(target);
    if (maxTemporalLayer !== undefined) forwarder.limitTemporalLayer(maxTemporalLayer);
    if (isRestarted) forwarder.restart();
    const sent = publisher.next(isKeyframe || frame === 0, packets, padding);
    const onTime = hasTrouble ? sent.filter((_, index) => !late.includes(index) && !lost.includes(index)) : sent;
    const arriving = [...onTime, ...delayed];
    delayed = hasTrouble ? sent.filter((_, index) => late.includes(index) && !lost.includes(index)) : [];
    for (const source of arriving) {
      Object.assign(packet, {
        layer: source.layer,
        sequence: source.sequence,
        timestamp: source.timestamp,
        marker: source.marker,
        isOnlyLayer: false,
      });
      packet.readPayload('VP8', source.packet, 0, source.packet.length, false);
      if (!forwarder.accept(packet, frame * FRAME_MS)) continue;
      const { sequence, timestamp, pictureId } = forwarder;
      output.push({ ...source, outSequence: sequence, outTimestamp: timestamp, pictureId });
    }
  }
  return output;
}

test('RTX-1: no sequence number is given to two packets, whatever is lost, late, left out or switched', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const contents = new Map<number, string>();
      for (const { outSequence, content } of forward(steps, true)) {
        expect(contents.get(outSequence) ?? content).toBe(content);
        contents.set(outSequence, content);
      }
    }),
    { numRuns: 1_000, seed: 13 },
  );
});

test('SIM-1: without loss, the output has no gap, and its frames are in order and begin with a keyframe after each switch', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let previous: Forwarded | undefined;
      for (const packet of forward(steps, false)) {
        if (previous === undefined || packet.layer !== previous.layer) expect(packet.packet[6]).toBe(0x10);
        if (previous !== undefined) {
          // A restart may cut a frame; then one number is left out.
          const step = (packet.outSequence - previous.outSequence) & 0xffff;
          expect(step).toBe(previous.marker ? 1 : step === 2 ? 2 : 1);
          const isSameFrame = packet.frame === previous.frame && packet.layer === previous.layer;
          const ticks = (packet.outTimestamp - previous.outTimestamp) | 0;
          if (isSameFrame) expect(ticks).toBe(0);
          else expect(ticks).toBeGreaterThan(0);
          expect((packet.pictureId - previous.pictureId) & 0x7fff).toBe(isSameFrame ? 0 : 1);
        }
        previous = packet;
      }
    }),
    { numRuns: 1_000, seed: 13 },
  );
});

test('a lower temporal limit applies at once, and a higher one never to a frame whose references were left out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.boolean()), { minLength: 1, maxLength: 80 }),
      (limits) => {
        const steps = limits.map(([maxTemporalLayer, isKeyframe]) => ({
          isKeyframe,
          packets: 2,
          padding: undefined,
          target: undefined,
          maxTemporalLayer,
          isRestarted: false,
          late: [],
          lost: [],
        }));
        for (const { frame, temporalLayer } of forward(steps, false)) {
          expect(temporalLayer).toBeLessThanOrEqual(limits[frame]?.[0] ?? 0);
        }
      },
    ),
    { numRuns: 300, seed: 13 },
  );
});
