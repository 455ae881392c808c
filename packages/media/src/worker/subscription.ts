/**
 * One peer's wish for one stream.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import type { SectionMids, SubscriptionDump, SubscriptionPreferences } from '../engine.ts';
import { NO_LAYER } from '../forwarding/forwarder.ts';
import type { AcceptedSection, AnswerSource } from '../sdp/answer.ts';
import { MEDIA_KINDS, type MediaKind } from '../sdp/codecs.ts';
import type { SentKind } from '../sdp/negotiate.ts';
import type { Step } from './allocation/allocate.ts';
import type { MediaClaim } from './allocation/claims.ts';
import { createLadder } from './allocation/ladder.ts';
import { type ClosedRecord, createClosedRecord } from './closed-ring.ts';
import { createCounters } from './counters.ts';
import type { Peer } from './peer.ts';
import type { Stream } from './stream.ts';
import { TrackSender } from './track-sender.ts';

/** What remains of the rate of sound without one level of redundancy: headers are not repeated. */
const REDUCED_SHARE = 0.6;

/** Sends the tracks of a stream to a peer. */
export class Subscription implements MediaClaim {
  readonly peer: Peer;
  readonly stream: Stream;
  readonly counters = createCounters();
  readonly #msid = `gavel-${randomInt(1, 0x7fff_ffff).toString(16)}`;
  readonly #senders = new Map<MediaKind, TrackSender>();
  #mids: SectionMids = {};
  #preferences: SubscriptionPreferences = {};
  /** The layer of the video that it takes, or is about to take. */
  #takenLayer = NO_LAYER;

  constructor(peer: Peer, stream: Stream) {
    this.peer = peer;
    this.stream = stream;
  }

  /** Whether the subscriber has offered a section for a kind, so that it is affected if the stream's kind changes. */
  wants(kind: MediaKind): boolean {
    return this.#mids[kind] !== undefined;
  }

  /** Sets what was negotiated. Kinds that have not changed continue; the others begin when the peer is connected. */
  negotiate(mids: SectionMids, kinds: ReadonlyMap<MediaKind, SentKind>, preferences: SubscriptionPreferences): void {
    this.#mids = mids;
    this.preferVideo(preferences);
    for (const kind of MEDIA_KINDS) this.#setKind(kind, kinds.get(kind));
    if (this.peer.state === 'connected') this.attach();
  }

  /** Lists the answered sections with their sources, by section index. */
  *listSections(): Generator<[number, AcceptedSection]> {
    for (const { kind, source } of this.#senders.values()) yield [kind.index, { ...kind.section, source }];
  }

  /** Begins to send; the peer is connected. */
  attach(): void {
    for (const sender of this.#senders.values()) {
      if (sender.attach()) sender.track.requestKeyframe(this.peer.now(), sender.target);
    }
    this.peer.allocator.add(this);
  }

  /** Replaces what the subscriber wants of the video (SIM-1). */
  preferVideo(preferences: SubscriptionPreferences): void {
    const wanted = this.#findWantedLayer();
    const { priority } = this;
    this.#preferences = preferences;
    if (this.#findWantedLayer() !== wanted || this.priority !== priority) this.peer.allocator.renew(this);
  }

  get isNumbered(): boolean {
    for (const { kind } of this.#senders.values()) if (kind.extensions.transportSequence > 0) return true;
    return false;
  }

  get isLone(): boolean {
    return this.stream.hasLoneSubscription;
  }

  get priority(): number {
    return this.#preferences.priority ?? 0;
  }

  get height(): number {
    return this.#preferences.height ?? Number.POSITIVE_INFINITY;
  }

  readAudioBps(nowMs: number): number {
    const sender = this.#senders.get('audio');
    const bps = sender?.track.layers[0]?.readBps(nowMs) ?? 0;
    return sender?.isReduced ? bps * REDUCED_SHARE : bps;
  }

  reduceSound(isReduced: boolean): void {
    this.#senders.get('audio')?.reduceSound(isReduced);
  }

  listSteps(nowMs: number): Step[] {
    const track = this.#senders.get('video')?.track;
    const wanted = this.#findWantedLayer();
    if (track === undefined || wanted === NO_LAYER) return [];
    const rates = track.listRates(wanted, this.stream.demand, nowMs);
    // Without a publisher there are no layers yet.
    return createLadder(rates.length > 0 ? rates : [{ bps: 0, shares: [1] }]);
  }

  applyStep(step: Step | undefined): void {
    this.#setTakenLayer(step?.layer ?? NO_LAYER);
    this.#senders.get('video')?.limitLayers(step?.layer ?? NO_LAYER, step?.temporalLayer);
  }

  readLayerBps(layer: number, nowMs: number): number {
    return this.#senders.get('video')?.track.layers[layer]?.readSteadyBps(nowMs) ?? 0;
  }

  limitRate(maxBps: number | undefined): void {
    if (this.isLone) this.stream.demand.limit(maxBps);
  }

  handlePaused(isPaused: boolean): void {
    this.peer.notifyPaused(this.stream.name, isPaused);
  }

  /** Ends it: after this returns, nothing of the stream is sent to the peer. */
  close(record?: ClosedRecord): void {
    this.peer.allocator.remove(this);
    for (const kind of MEDIA_KINDS) this.#closeKind(kind, record);
  }

  /** Creates the record of a close by a call (KICK-4). */
  createRecord(closedAtMs: number): ClosedRecord {
    const { counters, peer, stream } = this;
    return createClosedRecord({
      kind: 'subscription',
      stream: stream.name,
      peer: peer.name,
      closedAtMs,
      counters,
    });
  }

  dump(): SubscriptionDump {
    const layer = this.#senders.get('video')?.layer;
    const { maxLayer, height, priority } = this.#preferences;
    return {
      peer: this.peer.name,
      state: this.peer.state,
      ...(layer !== undefined && { layer }),
      ...(maxLayer !== undefined && { maxLayer }),
      ...(height !== undefined && { height }),
      ...(priority !== undefined && { priority }),
      ...(this.peer.allocator.isPaused(this) && { isPaused: true }),
      counters: { ...this.counters },
    };
  }

  /** The highest layer that the subscriber has a use for. */
  #findWantedLayer(): number {
    return this.#senders.get('video')?.track.findWantedLayer(this.#preferences) ?? NO_LAYER;
  }

  #setTakenLayer(layer: number): void {
    this.stream.demand.move(this.#takenLayer, layer);
    this.#takenLayer = layer;
  }

  #setKind(kind: MediaKind, wanted: SentKind | undefined): void {
    const sender = this.#senders.get(kind);
    const track = this.stream.tracks.get(kind);
    if (wanted !== undefined && track !== undefined && sender?.matches(track, wanted)) {
      sender.kind = wanted;
      return;
    }
    this.#closeKind(kind);
    if (wanted === undefined || track === undefined) return;
    const { peer } = this;
    const source: AnswerSource = {
      ssrc: peer.createSsrc(),
      ...(wanted.rtxPayloadType !== undefined && { rtxSsrc: peer.createSsrc() }),
      cname: this.#msid,
      msid: this.#msid,
      trackId: `${this.#msid}-${kind}`,
    };
    // The allocation may lower it when the peer is connected.
    const layer = kind === 'audio' ? 0 : track.findWantedLayer(this.#preferences);
    if (kind === 'video') this.#setTakenLayer(layer);
    const fresh = new TrackSender(track, wanted, source, this.counters, peer, layer);
    this.#senders.set(kind, fresh);
    peer.allocator.renew(this);
    peer.addSender(fresh);
  }

  #closeKind(kind: MediaKind, record?: ClosedRecord): void {
    const sender = this.#senders.get(kind);
    if (sender === undefined) return;
    this.#senders.delete(kind);
    if (kind === 'video') this.#setTakenLayer(NO_LAYER);
    this.peer.removeSender(sender);
    sender.close(record);
  }
}
