/**
 * Decides which packets of a track one subscriber gets, and under which numbers.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { LayerClock } from './layer-clock.ts';
import { Numbering } from './numbering.ts';
import type { SourcePacket } from './source-packet.ts';

/** No layer. */
export const NO_LAYER = -1;

const NO_PICTURE = -1;

/**
 * The forwarder of one subscription and one kind. Its output is one continuous RTP stream: sequence numbers, timestamps and
 * VP8's picture ids continue when the layer is switched (SIM-1) and when another publisher takes over.
 *
 * A switch happens at a keyframe of the target layer. `accept` decides about one packet and sets the fields to be written
 * into it.
 *
 * @example
 * if (forwarder.accept(packet, nowMs)) write(copy, forwarder.sequence, forwarder.timestamp);
 */
export class Forwarder {
  /** The output's fields of the packet last accepted. 16 bits. */
  sequence = 0;
  /** 32 bits. */
  timestamp = 0;
  /** 15 bits, or 7 if the publisher's have 7. */
  pictureId = 0;
  tl0PicIdx = 0;
  keyIdx = 0;

  readonly #clockRate: number;
  readonly #clocks: readonly LayerClock[];
  readonly #numbering = new Numbering(randomInt(1, 0x7fff));
  #layer = NO_LAYER;
  #target = NO_LAYER;
  #maxTemporalLayer = 3;
  #temporalLayer = 3;
  #hasOutput = false;
  #isFrameComplete = true;
  #timestampOffset = 0;
  #newestTimestamp = randomInt(0, 0xffff_ffff);
  #newestSourceTimestamp = 0;
  #newestAtMs = 0;
  #newestPictureId = randomInt(0, 0x7fff);
  #newestTl0PicIdx = randomInt(0, 0xff);
  #newestKeyIdx = randomInt(0, 0x1f);
  #tl0Offset = 0;
  #keyIdxOffset = 0;
  #skippedPicture = NO_PICTURE;
  #skippedPackets = 0;

  /**
   * @param clockRate ticks per second of the RTP timestamps
   * @param clocks the clocks of the track's layers, by layer; they align the timestamps of a switch
   */
  constructor(clockRate: number, clocks: readonly LayerClock[]) {
    this.#clockRate = clockRate;
    this.#clocks = clocks;
  }

  /** The layer that is forwarded now; `NO_LAYER` before the first packet. */
  get layer(): number {
    return this.#layer;
  }

  /** The layer to be forwarded from its next keyframe on; `NO_LAYER` for none. */
  get target(): number {
    return this.#target;
  }

  /** Whether it waits for a keyframe of the target layer. */
  get needsKeyframe(): boolean {
    return this.#target !== this.#layer && this.#target !== NO_LAYER;
  }

  /** Packets left out on purpose, of temporal layers above the limit and without payload. */
  get skippedPackets(): number {
    return this.#skippedPackets;
  }

  /** Sets the layer to be forwarded; the present layer is forwarded until then. */
  setTarget(layer: number): void {
    this.#target = layer;
  }

  /** Limits the temporal layers of VP8: higher ones are left out. A lower limit applies at once, a higher one at a sync. */
  limitTemporalLayer(maxTemporalLayer: number): void {
    this.#maxTemporalLayer = maxTemporalLayer;
  }

  /** Forwards nothing until a packet of the target at which a receiver can begin; the output continues then. */
  restart(): void {
    this.#layer = NO_LAYER;
  }

  /** Decides about one packet; `true` if it is to be sent, and then the fields are set. */
  accept(packet: SourcePacket, nowMs: number): boolean {
    if (packet.layer !== this.#layer) {
      if (packet.layer !== this.#target || packet.payloadBytes === 0 || !this.#canBegin(packet)) return false;
      this.#begin(packet, nowMs);
    }
    if (packet.payloadBytes === 0 || this.#isAboveTemporalLimit(packet)) {
      this.#skip(packet);
      return false;
    }
    const sequence = this.#numbering.map(packet.sequence);
    if (sequence === undefined) return false;
    this.sequence = sequence & 0xffff;
    this.timestamp = (packet.timestamp + this.#timestampOffset) >>> 0;
    if (packet.isVp8) this.#mapPicture(packet);
    if (sequence === this.#numbering.highest) this.#recordNewest(packet, nowMs);
    return true;
  }

  /** Maps a timestamp of the present layer, as in its sender reports; undefined before the first packet. */
  mapTimestamp(layer: number, timestamp: number): number | undefined {
    if (layer !== this.#layer) return undefined;
    return (timestamp + this.#timestampOffset) >>> 0;
  }

  /** At the very beginning, a receiver ignores what comes before a keyframe; later it would build on a wrong picture. */
  #canBegin(packet: SourcePacket): boolean {
    return packet.isStart || (packet.isOnlyLayer && !this.#hasOutput);
  }

  #begin(packet: SourcePacket, nowMs: number): void {
    const { vp8 } = packet;
    const timestamp = this.#hasOutput ? this.#alignTimestamp(packet, nowMs) : packet.timestamp;
    this.#timestampOffset = (timestamp - packet.timestamp) | 0;
    // Without the last packet of its frame, the receiver must see that something is missing.
    const skipped = this.#isFrameComplete ? 0 : 1;
    const pictureOffset = packet.isVp8 ? this.#newestPictureId + 1 - Math.max(0, vp8.pictureId) : 0;
    this.#tl0Offset = this.#newestTl0PicIdx + 1 - vp8.tl0PicIdx;
    this.#keyIdxOffset = this.#newestKeyIdx + 1 - vp8.keyIdx;
    this.#numbering.begin(packet.sequence, skipped, pictureOffset);
    this.#layer = packet.layer;
    this.#temporalLayer = this.#maxTemporalLayer;
    this.#skippedPicture = NO_PICTURE;
  }

  /** The timestamp of a new layer's first packet: after the newest of the output, by the time between the captures. */
  #alignTimestamp(packet: SourcePacket, nowMs: number): number {
    const captureMs = this.#clocks[packet.layer]?.toCaptureMs(packet.timestamp);
    const newestCaptureMs =
      this.#layer === NO_LAYER ? undefined : this.#clocks[this.#layer]?.toCaptureMs(this.#newestSourceTimestamp);
    const elapsedMs =
      captureMs === undefined || newestCaptureMs === undefined ? nowMs - this.#newestAtMs : captureMs - newestCaptureMs;
    const ticks = Math.max(1, Math.round((elapsedMs * this.#clockRate) / 1000));
    return (this.#newestTimestamp + ticks) >>> 0;
  }

  #isAboveTemporalLimit({ isVp8, vp8, sequence }: SourcePacket): boolean {
    if (!isVp8 || vp8.tl0PicIdx < 0) return false;
    // The limit changes between frames only, and packets that arrive late do not change it.
    if (
      vp8.isFrameStart &&
      this.#temporalLayer !== this.#maxTemporalLayer &&
      sequence > this.#numbering.highestSource
    ) {
      const isLower = this.#maxTemporalLayer < this.#temporalLayer;
      if (isLower || vp8.isLayerSync || vp8.isKeyframe) this.#temporalLayer = this.#maxTemporalLayer;
    }
    return vp8.temporalLayer > this.#temporalLayer;
  }

  #skip(packet: SourcePacket): void {
    const { isVp8, vp8 } = packet;
    const isNewPicture = isVp8 && packet.payloadBytes > 0 && vp8.pictureId !== this.#skippedPicture;
    if (isNewPicture) this.#skippedPicture = vp8.pictureId;
    this.#skippedPackets += 1;
    this.#numbering.skip(packet.sequence, isNewPicture);
  }

  #mapPicture({ vp8 }: SourcePacket): void {
    this.pictureId = (vp8.pictureId + this.#numbering.pictureOffset) & vp8.pictureIdMask;
    this.tl0PicIdx = (vp8.tl0PicIdx + this.#tl0Offset) & 0xff;
    this.keyIdx = (vp8.keyIdx + this.#keyIdxOffset) & 0x1f;
  }

  #recordNewest(packet: SourcePacket, nowMs: number): void {
    this.#hasOutput = true;
    this.#isFrameComplete = packet.marker;
    this.#newestTimestamp = this.timestamp;
    this.#newestSourceTimestamp = packet.timestamp;
    this.#newestAtMs = nowMs;
    if (!packet.isVp8) return;
    this.#newestPictureId = this.pictureId;
    this.#newestTl0PicIdx = this.tl0PicIdx;
    this.#newestKeyIdx = this.keyIdx;
  }
}
