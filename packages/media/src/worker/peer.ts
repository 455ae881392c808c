/**
 * A peer: one client's peer connection, with all that it publishes and subscribes to.
 *
 * @module
 */

import { randomInt } from 'node:crypto';
import { ESTIMATOR_DEFAULTS } from '../bwe/bandwidth-estimator.ts';
import type { PeerDump } from '../engine.ts';
import { MediaError } from '../engine.ts';
import { parseRtcp, type RtcpItem, writeReceiverReport } from '../rtp/rtcp.ts';
import { isRtcp, RtpHeader } from '../rtp/rtp-packet.ts';
import type { AcceptedSection, LocalTransport } from '../sdp/answer.ts';
import type { OfferTransport } from '../sdp/offer.ts';
import type { Transport } from '../transport/transport.ts';
import { Allocator } from './allocation/allocator.ts';
import { toEpochMs } from './clock.ts';
import { addCounters, sumCounters } from './counters.ts';
import { FEEDBACK_SSRC } from './layer.ts';
import { PeerBandwidth } from './peer-bandwidth.ts';
import type { PeerLink } from './peer-link.ts';
import { SourceTable } from './source-table.ts';
import type { Stream } from './stream.ts';
import { Subscription } from './subscription.ts';
import type { Ticking } from './tick-set.ts';
import type { TrackSender } from './track-sender.ts';
import { TwccCollector } from './twcc-collector.ts';
import type { WorkerContext } from './worker-context.ts';

/** Interval of the periodic work, and so the maximum delay of a NACK, in milliseconds. */
const TICK_INTERVAL_MS = 20;
const FEEDBACK_INTERVAL_MS = 60;
const REPORT_INTERVAL_MS = 1_000;
/** After the last packet, requests for lost packets and one more report are due. */
const WORK_AFTER_PACKET_MS = 2_000;
/** Maximum number of blocks in one receiver report (RFC 3550, 6.4.2). */
const MAX_REPORT_BLOCKS = 31;

/** A client's peer connection. */
export class Peer implements Ticking, PeerLink {
  readonly name: string;
  readonly group: string;
  readonly sources: SourceTable;
  readonly bandwidth: PeerBandwidth;
  readonly allocator: Allocator;
  state: 'connecting' | 'connected' | 'lost' = 'connecting';
  /** The answers so far. */
  negotiations = 0;
  readonly now: () => number;
  readonly #context: WorkerContext;
  readonly #transport: Transport;
  readonly #streams = new Map<string, Stream>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #senders = new Map<number, TrackSender>();
  readonly #twcc = new TwccCollector(FEEDBACK_SSRC);
  readonly #header = new RtpHeader();
  #remote: OfferTransport;
  #transportCcId: number | undefined;
  #receivedAtMs = Number.NEGATIVE_INFINITY;
  #tickedAtMs = 0;
  #feedbackAtMs = 0;
  #reportAtMs = 0;

  /**
   * @param handleLost called when the transport has failed
   * @throws MediaError `unavailable` or `bad-offer`
   */
  constructor(
    name: string,
    group: string,
    remote: OfferTransport,
    context: WorkerContext,
    handleLost: (peer: Peer) => void,
  ) {
    this.name = name;
    this.group = group;
    this.now = () => context.now();
    this.#remote = remote;
    this.#context = context;
    this.sources = new SourceTable(({ counters }) => addCounters(context.ended.received, counters));
    const estimator = { ...ESTIMATOR_DEFAULTS, maxBps: context.config.maxViewerBps };
    this.bandwidth = new PeerBandwidth(estimator, context.probing, this.#senders);
    this.allocator = new Allocator(this.bandwidth, (allocator) => {
      if (this.state !== 'lost') context.allocating.add(allocator);
    });
    this.bandwidth.demand = this.allocator;
    this.#transport = context.transports.create(remote, {
      handleOpen: () => this.#handleOpen(),
      handlePacket: (packet) => this.#handlePacket(packet),
      handleLost: () => handleLost(this),
      handleError: (error) => context.reportError('peer', error),
    });
  }

  /** By name. */
  get streams(): ReadonlyMap<string, Stream> {
    return this.#streams;
  }

  /** By the name of the stream. */
  get subscriptions(): ReadonlyMap<string, Subscription> {
    return this.#subscriptions;
  }

  /**
   * Continues on the same connection with another offer, if it has the same fingerprint; ICE is restarted if it has other
   * credentials. Returns `false` if the client needs another transport: the native binding cannot restart ICE.
   */
  renegotiate(remote: OfferTransport): boolean {
    const { fingerprint, iceUfrag, icePwd } = this.#remote;
    if (this.state === 'lost' || remote.fingerprint !== fingerprint) return false;
    const isRestart = remote.iceUfrag !== iceUfrag || remote.icePwd !== icePwd;
    if (isRestart && this.#transport.restartIce() === undefined) return false;
    this.#remote = remote;
    return true;
  }

  /**
   * Resolves with the server's ICE and DTLS parameters.
   *
   * @throws MediaError `no-such-peer` when the peer was closed or replaced before
   */
  async describe(): Promise<LocalTransport> {
    try {
      return await this.#transport.describe();
    } catch (error) {
      throw new MediaError('no-such-peer', `Closed before the offer was answered: ${String(error)}`);
    }
  }

  /** Lists the accepted sections, by section index. */
  listSections(): Map<number, AcceptedSection> {
    const sections = new Map<number, AcceptedSection>();
    for (const { kind } of this.sources.layers) sections.set(kind.index, kind.section);
    for (const subscription of this.#subscriptions.values()) {
      for (const [index, section] of subscription.listSections()) sections.set(index, section);
    }
    return sections;
  }

  /** Sends one packet; returns `false` if it was not sent. */
  send(packet: Buffer, isRepetition = false): boolean {
    return this.#transport.send(packet, isRepetition);
  }

  handleLayersChanged(): void {
    this.allocator.handleLayersChanged();
  }

  /** Reports that the video of a subscription is paused for want of bandwidth, or resumed (BWE-2). */
  notifyPaused(stream: string, isPaused: boolean): void {
    this.#context.notify({ type: 'video-paused', peer: this.name, stream, isPaused });
  }

  recordSent(bytes: number, nowMs: number): number {
    return this.bandwidth.recordSent(bytes, nowMs);
  }

  recordRepetition(sequence: number): void {
    this.bandwidth.recordRepetition(sequence);
  }

  addStream(stream: Stream): void {
    this.#streams.set(stream.name, stream);
  }

  removeStream(stream: Stream): void {
    if (this.#streams.get(stream.name) === stream) this.#streams.delete(stream.name);
  }

  /** Finds the id of the transport-wide sequence number extension, which is the same in all sections (RFC 8843, 9.2). */
  updateExtensions(): void {
    for (const { kind } of this.sources.layers) this.#transportCcId = kind.transportCcId ?? this.#transportCcId;
  }

  /** Returns its subscription to a stream; creates it if there is none. */
  subscribe(stream: Stream): Subscription {
    const existing = this.#subscriptions.get(stream.name);
    if (existing !== undefined) return existing;
    const subscription = new Subscription(this, stream);
    this.#subscriptions.set(stream.name, subscription);
    stream.addSubscription(subscription);
    return subscription;
  }

  /** Ends a subscription by a call: after this returns, nothing of the stream is sent (KICK-4). */
  unsubscribe(stream: string): void {
    const subscription = this.#subscriptions.get(stream);
    if (subscription === undefined) return;
    const record = subscription.createRecord(toEpochMs(this.now()));
    this.#remove(subscription);
    subscription.close(record);
    this.#context.closed.add(record);
  }

  /** Ends a subscription without a call. */
  dropSubscription(subscription: Subscription): void {
    this.#remove(subscription);
    subscription.close();
  }

  addSender(sender: TrackSender): void {
    this.#senders.set(sender.source.ssrc, sender);
  }

  removeSender(sender: TrackSender): void {
    this.#senders.delete(sender.source.ssrc);
  }

  /** Creates an SSRC that neither side uses on this connection. */
  createSsrc(): number {
    for (;;) {
      const ssrc = randomInt(FEEDBACK_SSRC + 1, 0x1_0000_0000);
      if (!this.#senders.has(ssrc) && this.sources.findMedia(ssrc) === undefined) return ssrc;
    }
  }

  /** Sends the feedback that is due. Called often while packets arrive, and by the worker's timer. */
  tick(nowMs: number): void {
    this.#tickedAtMs = nowMs;
    if (!this.#transport.isOpen) return;
    for (const layer of this.sources.layers) layer.tick(nowMs);
    this.bandwidth.tick(nowMs);
    if (nowMs - this.#feedbackAtMs >= FEEDBACK_INTERVAL_MS) {
      this.#feedbackAtMs = nowMs;
      const [layer] = this.sources.layers;
      for (const packet of this.#twcc.collect(layer?.ssrc ?? 0)) this.#transport.send(packet);
    }
    if (nowMs - this.#reportAtMs >= REPORT_INTERVAL_MS) {
      this.#reportAtMs = nowMs;
      this.#sendReports(nowMs);
    }
  }

  /** Whether packets have arrived recently, so that feedback may be due, or a probe or a request for a keyframe waits. */
  hasWork(nowMs: number): boolean {
    if (this.state === 'lost') return false;
    if (this.bandwidth.isShort) return true;
    if (nowMs - this.#receivedAtMs < WORK_AFTER_PACKET_MS) return true;
    for (const layer of this.sources.layers) if (layer.hasWork) return true;
    return false;
  }

  /** Its periodic work begins again. */
  wake(): void {
    this.#context.ticking.add(this);
  }

  /** Closes the subscriptions and then the transport: after this returns, nothing is received or sent (KICK-4). */
  close(): void {
    for (const stream of [...this.#subscriptions.keys()]) this.unsubscribe(stream);
    this.state = 'lost';
    this.bandwidth.close();
    this.#context.ticking.delete(this);
    this.#context.allocating.delete(this.allocator);
    this.#transport.close();
    this.sources.clear();
  }

  /** Handles that the transport has failed: its streams keep their subscriptions, and its own subscriptions end. */
  lose(): void {
    this.state = 'lost';
    for (const subscription of [...this.#subscriptions.values()]) this.dropSubscription(subscription);
    this.bandwidth.close();
    this.#context.ticking.delete(this);
    this.#context.allocating.delete(this.allocator);
    for (const stream of this.#streams.values()) stream.handlePublisherLost();
    this.#streams.clear();
    this.#transport.close();
    this.sources.clear();
  }

  dump(): PeerDump {
    const received = [...this.sources.layers].map(({ counters }) => counters);
    const sent = [...this.#subscriptions.values()].map(({ counters }) => counters);
    const estimate = this.bandwidth.dump();
    return {
      peer: this.name,
      group: this.group,
      worker: this.#context.config.worker,
      state: this.state,
      received: sumCounters(received),
      sent: sumCounters(sent),
      ...(estimate !== undefined && { estimate }),
    };
  }

  #remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.stream.name);
    addCounters(this.#context.ended.sent, subscription.counters);
    subscription.stream.removeSubscription(subscription);
  }

  #handleOpen(): void {
    this.state = 'connected';
    this.#context.notify({ type: 'peer-connected', peer: this.name });
    for (const stream of this.#streams.values()) stream.handleConnected();
    for (const subscription of this.#subscriptions.values()) subscription.attach();
    this.allocator.update(this.now());
  }

  #handlePacket(packet: Buffer): void {
    const nowMs = this.now();
    if (isRtcp(packet)) {
      for (const item of parseRtcp(packet)) this.#handleRtcp(packet, item, nowMs);
      return;
    }
    const header = this.#header;
    if (!header.read(packet)) return;
    // The client's estimate needs every packet of the connection, also those that are dropped below.
    if (this.#transportCcId !== undefined) {
      const sequence = header.findExtension16(packet, this.#transportCcId);
      if (sequence >= 0) this.#twcc.handlePacket(sequence, nowMs);
    }
    this.sources.receive(packet, header, nowMs);
    this.#receivedAtMs = nowMs;
    if (nowMs - this.#tickedAtMs < TICK_INTERVAL_MS) return;
    this.wake();
    this.tick(nowMs);
  }

  #handleRtcp(packet: Buffer, item: RtcpItem, nowMs: number): void {
    if (item.type === 'transport-feedback') {
      this.bandwidth.handleFeedback(packet, item, nowMs);
      this.allocator.handleEstimate(nowMs);
      if (this.bandwidth.isShort) this.wake();
      return;
    }
    if (item.type === 'sender-report') {
      this.sources.findMedia(item.ssrc)?.handleSenderReport(item, nowMs);
      return;
    }
    const sender = this.#senders.get(item.ssrc);
    if (item.type === 'keyframe-request') sender?.handleKeyframeRequest();
    else if (item.type === 'nack') sender?.handleNack(item.sequences);
    else if (item.type === 'report-block') sender?.handleReportBlock(item);
  }

  #sendReports(nowMs: number): void {
    const reports = [...this.sources.layers].flatMap((layer) => layer.report(nowMs) ?? []);
    for (let first = 0; first < reports.length; first += MAX_REPORT_BLOCKS) {
      this.#transport.send(writeReceiverReport(FEEDBACK_SSRC, reports.slice(first, first + MAX_REPORT_BLOCKS)));
    }
  }
}
