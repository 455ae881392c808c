/**
 * One kind of one stream: its layers, and those that it is sent to.
 *
 * @module
 */

import type { SubscriptionPreferences, TrackDump } from '../engine.ts';
import { NO_LAYER } from '../forwarding/forwarder.ts';
import { LayerClock } from '../forwarding/layer-clock.ts';
import { SourcePacket } from '../forwarding/source-packet.ts';
import { readH264Height } from '../rtp/h264-sps.ts';
import { OutgoingPacket } from '../rtp/outgoing-packet.ts';
import { findPrimaryBlock } from '../rtp/red.ts';
import type { SenderReport } from '../rtp/rtcp.ts';
import type { RtpHeader } from '../rtp/rtp-packet.ts';
import type { CodecShape, MediaKind } from '../sdp/codecs.ts';
import { MAX_LAYERS } from '../sdp/simulcast.ts';
import type { LayerRate } from './allocation/ladder.ts';
import type { LayerDemand } from './allocation/layer-demand.ts';
import type { Layer } from './layer.ts';
import { replayPicture, SILENT_AFTER_MS } from './picture-replay.ts';
import type { SoundMeter } from './sound-levels.ts';
import type { TrackPipe } from './track-pipe.ts';
import type { TrackSender } from './track-sender.ts';

/** The scratch memory of each kind: one packet is forwarded at a time. */
const outgoing: Readonly<Record<MediaKind, OutgoingPacket>> = {
  audio: new OutgoingPacket('audio'),
  video: new OutgoingPacket('video'),
};

/** The scratch memory of the audio without redundancy. */
const primary = new OutgoingPacket('audio');

/** A picture of this share of the wanted height is high enough: the next layer costs several times as much. */
const HEIGHT_TOLERANCE = 0.8;

/** A layer without packets for this time, in milliseconds, is switched off, if another layer has packets. */
const SILENT_MS = 1_000;
const ACTIVE_MS = 500;

/** Passes the packets of its layers to its senders. It outlives its publisher, as long as the codec stays. */
export class Track {
  readonly kind: MediaKind;
  readonly codec: CodecShape;
  /** By layer. */
  readonly clocks: readonly LayerClock[];
  forwardedPackets = 0;
  /** Measures the sound; undefined for video, and if the packets come from another worker, which measures it. */
  soundMeter: SoundMeter | undefined;
  readonly #source = new SourcePacket();
  /** By layer: 1 if its packets arrive. */
  readonly #active = new Uint8Array(MAX_LAYERS);
  /** Whether the keyframes of the codec are recognised. */
  readonly #hasKeyframes: boolean;
  #layers: readonly Layer[] = [];
  #pipes: readonly TrackPipe[] = [];
  #senders: readonly TrackSender[] = [];
  #isBlocked: boolean;
  #reportedLoss = 0;

  constructor(kind: MediaKind, codec: CodecShape, isBlocked: boolean) {
    this.kind = kind;
    this.codec = codec;
    this.clocks = Array.from({ length: MAX_LAYERS }, () => new LayerClock(codec.clockRate));
    this.#hasKeyframes = codec.name === 'VP8' || codec.name === 'H264';
    this.#isBlocked = isBlocked;
  }

  /** From the lowest; those of the last publisher while there is none. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Whether it is blocked: nothing is sent to subscribers, not even retransmissions (RULE-1). */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Replaces the layers, for another publisher or another connection of the same one. The senders' numbers continue. */
  setLayers(layers: readonly Layer[]): void {
    this.#layers = layers;
    for (const clock of this.clocks) clock.reset();
    this.#source.isOnlyLayer = layers.length === 1;
    this.#active.fill(0);
    for (const sender of this.#senders) sender.switchSource();
  }

  /** Blocks or unblocks it for all subscribers. After unblocking, the senders' numbers continue without a gap. */
  setBlocked(isBlocked: boolean): void {
    if (this.#isBlocked && !isBlocked) {
      for (const sender of this.#senders) sender.restart();
      // What followed it was not kept.
      for (const layer of this.#layers) layer.forgetKeyframe();
    }
    this.#isBlocked = isBlocked;
    for (const sender of this.#senders) sender.handleLayersChanged();
  }

  /**
   * Returns the highest layer that a subscriber has a use for: the lowest that is about as high as it shows the picture;
   * `NO_LAYER` if it shows none. Layers whose height is not known yet count as too low.
   */
  findWantedLayer({ maxLayer = MAX_LAYERS, height }: SubscriptionPreferences): number {
    if (this.kind === 'audio') return 0;
    if (height === 0) return NO_LAYER;
    const highest = Math.max(0, Math.min(maxLayer, this.#layers.length - 1));
    if (height === undefined) return highest;
    const minHeight = height * HEIGHT_TOLERANCE;
    const index = this.#layers.findIndex((layer) => layer.height >= minHeight);
    return index < 0 ? highest : Math.min(index, highest);
  }

  /**
   * Chooses the layer to send to a subscriber: the highest that is active and not above its limit, else the lowest that is
   * active, else the lowest.
   */
  chooseLayer(maxLayer: number): number {
    if (maxLayer === NO_LAYER) return NO_LAYER;
    let lowest = -1;
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      if (this.#active[index] !== 1) continue;
      if (index <= maxLayer) return index;
      lowest = index;
    }
    return Math.max(0, lowest);
  }

  /**
   * Lists the rates that the layers up to one are to be expected to have. One that is blocked has none, and one without
   * packets has its former rate if it was switched off for want of demand.
   */
  listRates(highest: number, demand: LayerDemand, nowMs: number): LayerRate[] {
    return this.#layers.slice(0, highest + 1).map((layer) => {
      const isSilent = nowMs - layer.lastPacketAtMs > SILENT_MS;
      const hasRate = !this.#isBlocked && (!isSilent || demand.isExpected(layer.index, nowMs));
      return { bps: hasRate ? layer.readSteadyBps(nowMs) : 0, shares: layer.temporalShares.read() };
    });
  }

  /** Whether a subscriber may need the kept picture of a silent layer. */
  get hasWork(): boolean {
    if (!this.#hasKeyframes || this.#isBlocked) return false;
    return this.#senders.some((sender) => {
      const layer = this.#layers[sender.target];
      return layer !== undefined && layer.keyframeSequence >= 0 && sender.mayBeReplayed;
    });
  }

  /** Notices layers that are switched off or silent, and requests the keyframes that senders wait for. */
  tick(nowMs: number): void {
    if (this.kind === 'video' && this.#layers.length > 1) this.#findSilentLayers(nowMs);
    for (const sender of this.#senders) {
      const layer = sender.awaitedLayer === undefined ? undefined : this.#layers[sender.awaitedLayer];
      // A layer that sends nothing, such as of a camera that is off, sends no keyframe either.
      if (layer !== undefined && nowMs - layer.lastPacketAtMs < ACTIVE_MS) layer.requestKeyframe(nowMs);
    }
    if (this.#hasKeyframes && !this.#isBlocked) this.#replaySilent(nowMs);
  }

  /** Records the loss that a subscriber reports, in 1/256. */
  recordLoss(fractionLost: number): void {
    if (fractionLost > this.#reportedLoss) this.#reportedLoss = fractionLost;
  }

  /** Returns the highest loss that a subscriber has reported since the last call, in 1/256. */
  collectLoss(): number {
    const loss = this.#reportedLoss;
    this.#reportedLoss = 0;
    return loss;
  }

  /** Handles that packets of a layer are missing: its senders continue at the next keyframe. */
  handleInterrupted(index: number): void {
    for (const sender of this.#senders) if (sender.layer === index) sender.restart();
  }

  /** Sets the workers to which packets are passed. */
  setPipes(pipes: readonly TrackPipe[]): void {
    this.#pipes = pipes;
  }

  addSender(sender: TrackSender): void {
    this.#senders = [...this.#senders, sender];
  }

  removeSender(sender: TrackSender): void {
    this.#senders = this.#senders.filter((entry) => entry !== sender);
  }

  /** Requests a keyframe of one layer, or of all. */
  requestKeyframe(nowMs: number, index?: number): void {
    if (this.kind !== 'video') return;
    for (const layer of this.#layers) {
      if (index === undefined || layer.index === index) layer.requestKeyframe(nowMs);
    }
  }

  /**
   * Passes one packet to every sender.
   *
   * @param sequence its unwrapped sequence number
   * @param isFrameStart whether the packet before it was the last of its frame
   */
  forward(
    layer: Layer,
    packet: Buffer,
    header: RtpHeader,
    sequence: number,
    isFrameStart: boolean,
    nowMs: number,
  ): void {
    if (this.#active[layer.index] === 0) this.#activate(layer.index);
    if (this.#isBlocked) return;
    const source = this.#source;
    const end = header.payloadOffset + header.payloadBytes;
    source.layer = layer.index;
    source.sequence = sequence;
    source.timestamp = header.timestamp;
    source.marker = header.marker;
    source.isRed = header.payloadType === layer.kind.redPayloadType;
    source.audioLevel = layer.readAudioLevel(packet, header);
    this.soundMeter?.add(source.audioLevel);
    source.readPayload(this.codec.name, packet, header.payloadOffset, end, isFrameStart);
    if (source.isVp8) layer.temporalShares.add(source.vp8.temporalLayer, source.payloadBytes);
    const out = outgoing[this.kind];
    if (!out.load(packet, header.payloadOffset, end, header.marker)) return;
    layer.buffer.store(header.sequence, packet);
    if (source.isStart && this.#hasKeyframes) {
      layer.recordKeyframe(sequence, header.timestamp);
      this.#readHeight(layer, source, packet, header.payloadOffset, end);
    }
    const plain = source.isRed ? loadPrimary(packet, header.payloadOffset, end, header.marker) : out;
    for (const sender of this.#senders) {
      if (sender.forward(source, out, plain, nowMs)) this.forwardedPackets += 1;
    }
    for (const pipe of this.#pipes) pipe.forward(layer, packet, nowMs);
  }

  /** Passes a sender report to every sender; the NTP time is kept for lip sync. */
  forwardSenderReport(layer: Layer, report: SenderReport, nowMs: number): void {
    if (this.#isBlocked) return;
    for (const sender of this.#senders) sender.sendReport(layer, report, nowMs);
    for (const pipe of this.#pipes) pipe.sendReport(layer, report);
  }

  #readHeight(layer: Layer, source: SourcePacket, packet: Buffer, offset: number, end: number): void {
    const height = source.isVp8 ? source.vp8.readHeight(packet, offset, end) : readH264Height(packet, offset, end);
    if (height === undefined || height === layer.height) return;
    layer.height = height;
    for (const sender of this.#senders) sender.handleLayersChanged();
  }

  #activate(index: number): void {
    this.#active[index] = 1;
    for (const sender of this.#senders) sender.handleLayersChanged();
  }

  /** A subscriber that comes to a still picture gets it from the buffer. */
  #replaySilent(nowMs: number): void {
    for (const sender of this.#senders) {
      const layer = this.#layers[sender.target];
      if (layer === undefined || nowMs - layer.lastPacketAtMs < SILENT_AFTER_MS) continue;
      if (sender.isReplayDue(nowMs)) sender.replayWith(() => replayPicture(layer, sender, nowMs), nowMs);
    }
  }

  #findSilentLayers(nowMs: number): void {
    const isTrackActive = this.#layers.some(({ lastPacketAtMs }) => nowMs - lastPacketAtMs < ACTIVE_MS);
    if (!isTrackActive) return;
    for (const { index, lastPacketAtMs } of this.#layers) {
      if (this.#active[index] === 0 || nowMs - lastPacketAtMs < SILENT_MS) continue;
      this.#active[index] = 0;
      for (const sender of this.#senders) sender.handleLayersChanged();
    }
  }

  dump(nowMs: number): TrackDump {
    return { kind: this.kind, codec: this.codec.name, layers: this.#layers.map((layer) => layer.dump(nowMs)) };
  }
}

/** Loads the audio of a packet without its redundancy; undefined for a malformed one. */
function loadPrimary(packet: Buffer, offset: number, end: number, isMarked: boolean): OutgoingPacket | undefined {
  const begin = findPrimaryBlock(packet, offset, end);
  return begin >= 0 && primary.load(packet, begin, end, isMarked) ? primary : undefined;
}
