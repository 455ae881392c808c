/**
 * A viewer of a video in three layers over a simulated link, in virtual time: the estimator and the allocation as they are, a
 * publisher whose frames have the sizes of VP8 with three temporal layers, and a decoder that waits for lost packets.
 *
 * @module
 */

import { type LinkOptions, SimulatedLink } from '@gavel/testkit';
import { BandwidthEstimator } from '../src/bwe/bandwidth-estimator.ts';
import { SequenceUnwrapper } from '../src/rtp/sequence.ts';
import type { Step } from '../src/worker/allocation/allocate.ts';
import { ALLOCATION_INTERVAL_MS, Allocator } from '../src/worker/allocation/allocator.ts';
import type { MediaClaim } from '../src/worker/allocation/claims.ts';
import { createLadder } from '../src/worker/allocation/ladder.ts';
import { type TwccArrival, toReportedPackets } from './parse-twcc.ts';

const TICK_MS = 5;
const FEEDBACK_MS = 50;
const FRAMES_PER_SECOND = 15;
const PACKET_BYTES = 1_100;
/** Bits per second of each layer, as the SDK sends them of a picture with 1.5 Mbit/s, and of the sound. */
const LAYERS_BPS = [120_000, 360_000, 1_020_000];
const AUDIO_BPS = 40_000;
/** What the temporal layers up to each one take, and the pattern of their frames. */
const SHARES = [0.5, 0.7, 1];
const PATTERN = [0, 2, 1, 2];
/** A keyframe is as long as so many usual frames. */
const KEYFRAME_LENGTH = 5;
/** From a request to the keyframe, at the publisher. */
const KEYFRAME_AFTER_MS = 100;
/** Chromium averages the time between frames over so many of them. */
const AVERAGED_FRAMES = 30;

interface Frame {
  readonly layer: number;
  /** The frames that must be decoded before; none for a keyframe. */
  readonly needs: Frame | undefined;
  missingPackets: number;
  completeAtMs: number;
  decodedAtMs?: number;
}

interface Packet {
  readonly bytes: number;
  readonly frame: Frame | undefined;
  readonly arrivedAtMs: number | undefined;
}

/** What the viewer has seen. */
export interface Viewing {
  /** When each frame was decoded, in milliseconds, in order. */
  readonly decodedAtMs: readonly number[];
  /** The layers that were sent, and since when. */
  readonly switches: readonly { readonly atMs: number; readonly layer: number }[];
}

/** Plays a stream over a link for some virtual time. */
export function simulateViewing(options: LinkOptions, lengthMs: number): Viewing {
  const viewer = new SimulatedViewer(options);
  for (let nowMs = 0; nowMs <= lengthMs; nowMs += TICK_MS) viewer.tick(nowMs);
  return { decodedAtMs: viewer.listDecoded(), switches: viewer.switches };
}

/** The time that Chromium calls frozen: frames that come much later than those before, in milliseconds. */
export function sumFreezes(decodedAtMs: readonly number[]): number {
  let frozenMs = 0;
  const gaps = decodedAtMs.slice(1).map((atMs, index) => atMs - (decodedAtMs[index] as number));
  for (const [index, gapMs] of gaps.entries()) {
    const before = gaps.slice(Math.max(0, index - AVERAGED_FRAMES), index);
    const averageMs = before.reduce((sum, each) => sum + each, 0) / Math.max(1, before.length);
    if (before.length > 0 && gapMs > Math.max(3 * averageMs, averageMs + 150)) frozenMs += gapMs;
  }
  return frozenMs;
}

class SimulatedViewer implements MediaClaim {
  readonly isNumbered = true;
  readonly isLone = false;
  readonly priority = 0;
  readonly height = 540;
  readonly switches: { atMs: number; layer: number }[] = [];
  readonly #link: SimulatedLink;
  readonly #delayMs: number;
  readonly #estimator = new BandwidthEstimator();
  readonly #allocator: Allocator;
  readonly #unwrapper = new SequenceUnwrapper();
  readonly #packets = new Map<number, Packet>();
  readonly #frames: Frame[] = [];
  #feedback: { readonly atMs: number; readonly arrivals: readonly TwccArrival[] }[] = [];
  /** Lost packets that are sent again, by the time at which the server knows of them. */
  #resends: { readonly atMs: number; readonly packet: Packet }[] = [];
  #reported = -1;
  #newest = -1;
  #nowMs = 0;
  #frameNumber = 0;
  #audioDueBytes = 0;
  #step: Step | undefined;
  #layer = -1;
  #keyframeAtMs = 0;
  /** The latest frame of each temporal layer that others need. */
  #latest: (Frame | undefined)[] = [];
  #isAwake = false;

  constructor(link: LinkOptions) {
    this.#link = new SimulatedLink(link);
    this.#delayMs = link.delayMs;
    const estimator = this.#estimator;
    const source = {
      get hasFeedback() {
        return estimator.hasFeedback;
      },
      get bps() {
        return estimator.hasFeedback ? estimator.bps : Number.POSITIVE_INFINITY;
      },
      get capacityBps() {
        return estimator.hasFeedback ? estimator.capacityBps : Number.POSITIVE_INFINITY;
      },
    };
    this.#allocator = new Allocator(source, () => {
      this.#isAwake = true;
    });
    this.#allocator.add(this);
    this.#allocator.update(0);
  }

  readAudioBps(): number {
    return AUDIO_BPS;
  }

  /** Its sound has no redundancy. */
  reduceSound(): void {}

  listSteps(): Step[] {
    return createLadder(LAYERS_BPS.map((bps) => ({ bps, shares: SHARES })));
  }

  readLayerBps(layer: number): number {
    return LAYERS_BPS[layer] ?? 0;
  }

  applyStep(step: Step | undefined): void {
    if (step !== undefined && step.layer !== this.#step?.layer) this.#keyframeAtMs = this.#nowMs + KEYFRAME_AFTER_MS;
    this.#step = step;
    // What is sent again must begin with a keyframe.
    if (step === undefined) this.#layer = -1;
  }

  limitRate(): void {}
  handlePaused(): void {}

  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    for (const { arrivals } of this.#feedback.filter(({ atMs }) => atMs <= nowMs)) {
      this.#estimator.handleFeedback(toReportedPackets(arrivals), nowMs);
      this.#allocator.handleEstimate(nowMs);
    }
    this.#feedback = this.#feedback.filter(({ atMs }) => atMs > nowMs);
    if (this.#isAwake && nowMs % ALLOCATION_INTERVAL_MS === 0) {
      this.#allocator.tick(nowMs);
      this.#isAwake = this.#allocator.hasWork();
    }
    const due = this.#resends.filter(({ atMs }) => atMs <= nowMs);
    this.#resends = this.#resends.filter(({ atMs }) => atMs > nowMs);
    // As the sender of a track does: what was lost of a higher layer is not sent again.
    for (const { packet } of due) if ((packet.frame?.layer ?? 0) <= this.#layer) this.#send(packet.bytes, packet.frame);
    this.#audioDueBytes += (AUDIO_BPS * TICK_MS) / 8_000;
    for (; this.#audioDueBytes >= 100; this.#audioDueBytes -= 100) this.#send(100, undefined);
    if ((nowMs * FRAMES_PER_SECOND) / 1_000 >= this.#frameNumber) this.#sendFrame();
    let padding = this.#estimator.probe(this.#allocator.wantedBps, nowMs);
    for (; padding > 0; padding -= PACKET_BYTES) this.#send(Math.min(PACKET_BYTES, Math.max(100, padding)), undefined);
    if (nowMs % FEEDBACK_MS === 0) this.#report();
  }

  /** The times at which frames were decoded. A frame that waits for lost packets holds up those that need it. */
  listDecoded(): number[] {
    const decoded: number[] = [];
    for (const frame of this.#frames) {
      const needsAtMs = frame.needs === undefined ? 0 : frame.needs.decodedAtMs;
      if (frame.missingPackets > 0 || needsAtMs === undefined) continue;
      const atMs = Math.max(frame.completeAtMs, needsAtMs);
      frame.decodedAtMs = atMs;
      // Frames are shown in order: what is late is not shown any more.
      if (atMs >= (decoded.at(-1) ?? 0)) decoded.push(atMs);
    }
    return decoded;
  }

  #sendFrame(): void {
    const temporalLayer = PATTERN[this.#frameNumber % PATTERN.length] as number;
    this.#frameNumber += 1;
    const step = this.#step;
    if (step === undefined) return;
    const isKeyframe = step.layer !== this.#layer && this.#nowMs >= this.#keyframeAtMs;
    if (isKeyframe) {
      this.#layer = step.layer;
      this.switches.push({ atMs: this.#nowMs, layer: step.layer });
    }
    if (this.#layer < 0) return;
    // A layer that is too much goes on with its lowest temporal layer until the keyframe of the lower one.
    const highest = this.#layer > step.layer ? 0 : step.layer === this.#layer ? step.temporalLayer : 3;
    if (!isKeyframe && temporalLayer > highest) return;
    const bytes = isKeyframe ? this.#usualBytes() * KEYFRAME_LENGTH : this.#frameBytes(temporalLayer);
    const needs = isKeyframe ? undefined : (this.#latest[Math.max(0, temporalLayer - 1)] ?? this.#latest[0]);
    const frame: Frame = {
      layer: this.#layer,
      needs,
      missingPackets: Math.ceil(bytes / PACKET_BYTES),
      completeAtMs: 0,
    };
    this.#frames.push(frame);
    if (isKeyframe) this.#latest = [frame, frame, frame];
    else {
      this.#latest[temporalLayer] = frame;
      if (temporalLayer === 0) this.#latest[1] = frame;
    }
    for (let left = bytes; left > 0; left -= PACKET_BYTES) this.#send(Math.min(PACKET_BYTES, left), frame);
  }

  #usualBytes(): number {
    return (LAYERS_BPS[this.#layer] as number) / 8 / FRAMES_PER_SECOND;
  }

  #frameBytes(temporalLayer: number): number {
    const share = (SHARES[temporalLayer] as number) - (SHARES[temporalLayer - 1] ?? 0);
    const frames = PATTERN.filter((each) => each === temporalLayer).length;
    return (this.#usualBytes() * PATTERN.length * share) / frames;
  }

  #send(bytes: number, frame: Frame | undefined): void {
    const sequence = this.#unwrapper.unwrap(this.#estimator.recordSent(bytes, this.#nowMs));
    const { arrivedAtMs } = this.#link.send(bytes, this.#nowMs);
    this.#newest = sequence;
    if (this.#reported < 0) this.#reported = sequence - 1;
    this.#packets.set(sequence, { bytes, frame, arrivedAtMs });
    if (frame === undefined || arrivedAtMs === undefined) return;
    frame.missingPackets -= 1;
    frame.completeAtMs = Math.max(frame.completeAtMs, arrivedAtMs);
  }

  /** What the viewer's browser knows at this time, which reaches the server after the delay: feedback, and requests for lost packets. */
  #report(): void {
    let highest = this.#reported;
    for (let sequence = this.#reported + 1; sequence <= this.#newest; sequence += 1) {
      const arrivedAtMs = this.#packets.get(sequence)?.arrivedAtMs;
      if (arrivedAtMs !== undefined && arrivedAtMs <= this.#nowMs) highest = sequence;
    }
    if (highest === this.#reported) return;
    const arrivals: TwccArrival[] = [];
    const atMs = this.#nowMs + this.#delayMs;
    for (let sequence = this.#reported + 1; sequence <= highest; sequence += 1) {
      const packet = this.#packets.get(sequence);
      const arrivedAtMs = packet?.arrivedAtMs;
      const isHere = arrivedAtMs !== undefined && arrivedAtMs <= this.#nowMs;
      // The feedback has a resolution of 250 microseconds.
      arrivals.push({ sequence: sequence & 0xffff, arrivedAtMs: isHere ? Math.floor(arrivedAtMs * 4) / 4 : undefined });
      if (packet?.frame !== undefined && arrivedAtMs === undefined) this.#resends.push({ atMs, packet });
      this.#packets.delete(sequence);
    }
    this.#reported = highest;
    this.#feedback.push({ atMs, arrivals });
  }
}
