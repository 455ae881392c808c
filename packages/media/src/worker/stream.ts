/**
 * A stream: its tracks, the peer that publishes it, and its subscriptions.
 *
 * @module
 */

import type { MediaKinds } from '../engine.ts';
import type { PipedStream, WorkerStreamDump } from '../ipc.ts';
import { type CodecShape, MEDIA_KINDS, type MediaKind } from '../sdp/codecs.ts';
import { createPipedKind, type ReceivedKind, type StreamShape } from '../sdp/negotiate.ts';
import { LayerDemand } from './allocation/layer-demand.ts';
import { toEpochMs } from './clock.ts';
import { createClosedRecord } from './closed-ring.ts';
import { sumCounters } from './counters.ts';
import { Layer } from './layer.ts';
import type { Peer } from './peer.ts';
import { SILENT_AFTER_MS } from './picture-replay.ts';
import { PipeDemand } from './pipe-demand.ts';
import type { Subscription } from './subscription.ts';
import type { Ticking } from './tick-set.ts';
import { Track } from './track.ts';
import type { TrackPipe } from './track-pipe.ts';
import type { WorkerContext } from './worker-context.ts';

interface OutgoingPipe {
  readonly pipe: number;
  readonly demand: PipeDemand;
  readonly createEnd: (kind: MediaKind) => TrackPipe;
}

/** One stream of a worker. It outlives its publisher until it is closed. */
export class Stream implements Ticking {
  readonly name: string;
  readonly group: string;
  readonly #context: WorkerContext;
  readonly #tracks = new Map<MediaKind, Track>();
  readonly #subscriptions = new Map<string, Subscription>();
  #blocked: MediaKinds = { audio: false, video: false };
  /** The sending ends of pipes, by the worker that they lead to. */
  readonly #pipes = new Map<number, OutgoingPipe>();
  #publisher: Peer | undefined;
  /** The number of the pipe that its packets come from; undefined if it is published here. */
  #incomingPipe: number | undefined;
  #forwardedBefore = 0;
  /** What its subscribers at this worker take of the video. */
  readonly demand: LayerDemand;

  constructor(name: string, group: string, context: WorkerContext) {
    this.name = name;
    this.group = group;
    this.#context = context;
    this.demand = new LayerDemand(
      () => context.now(),
      (highestLayer, maxBps) => context.demandReports.add({ stream: name, highestLayer, maxBps }),
    );
  }

  get tracks(): ReadonlyMap<MediaKind, Track> {
    return this.#tracks;
  }

  /** By the name of the subscribing peer. */
  get subscriptions(): ReadonlyMap<string, Subscription> {
    return this.#subscriptions;
  }

  /** Undefined while nobody publishes it. */
  get publisher(): Peer | undefined {
    return this.#publisher;
  }

  /** The codecs of its kinds. */
  get shape(): StreamShape {
    const video = this.#tracks.get('video');
    const layers = video?.layers.length ?? 1;
    const audio = this.#tracks.get('audio');
    const { redPayloadType, audioLevelId } = audio?.layers[0]?.kind ?? {};
    return {
      audio: audio?.codec,
      video: video?.codec,
      ...(layers > 1 && { layers }),
      ...(redPayloadType !== undefined && { redPayloadType }),
      ...(audioLevelId !== undefined && { audioLevelId }),
    };
  }

  /** Sets what a peer publishes. Layers that a renegotiation has not changed continue; another publisher is replaced. */
  publish(peer: Peer, kinds: ReadonlyMap<MediaKind, ReceivedKind>): void {
    if (this.#publisher !== peer) this.#closePublisher();
    this.#closeIncomingPipe();
    const isNew = this.#publisher === undefined;
    this.#publisher = peer;
    const shape: { audio?: CodecShape; video?: CodecShape } = {};
    for (const [kind, { codec }] of kinds) {
      shape[kind] = { name: codec.name, clockRate: codec.clockRate, parameters: codec.parameters };
    }
    this.setShape(shape);
    this.#measureSound(true);
    for (const [kind, received] of kinds) this.#setLayers(peer, kind, received);
    if (!isNew) return;
    peer.addStream(this);
    if (peer.state === 'connected') this.handleConnected();
  }

  /**
   * Sets the codecs of its kinds. Tracks with an unchanged codec continue; subscriptions to a kind that is new or has
   * another codec are lost, so that their clients negotiate again.
   */
  setShape(shape: StreamShape): void {
    const hadKinds = this.#tracks.size > 0;
    for (const kind of MEDIA_KINDS) {
      const codec = shape[kind];
      const track = this.#tracks.get(kind);
      if (codec !== undefined && track?.codec.name === codec.name) continue;
      if (track !== undefined) this.#removeTrack(track);
      if (codec === undefined) continue;
      this.#tracks.set(kind, new Track(kind, codec, this.#blocked[kind]));
      this.#updatePipes();
      if (hadKinds) this.#loseSubscriptions(kind);
    }
  }

  /** Begins to send its packets to another worker, also those of later publishers. */
  openPipe(pipe: number, to: number, highestLayer: number): void {
    this.closePipe(to);
    const demand = new PipeDemand(highestLayer, this.#context.now());
    const createEnd = this.#context.piping?.openOutgoing(this, pipe, to, demand);
    if (createEnd === undefined) return;
    this.#pipes.set(to, { pipe, demand, createEnd });
    this.demand.limit(undefined);
    this.#updatePipes();
  }

  /** Sets the highest layer of the video that another worker is sent; `NO_LAYER` for none. */
  limitPipe(to: number, highestLayer: number): void {
    const outgoing = this.#pipes.get(to);
    if (outgoing === undefined) return;
    const nowMs = this.#context.now();
    outgoing.demand.limit(highestLayer, nowMs);
    const end = outgoing.createEnd('video');
    for (const layer of this.#tracks.get('video')?.layers ?? []) {
      if (nowMs - layer.lastPacketAtMs >= SILENT_AFTER_MS) end.replay(layer, nowMs);
    }
  }

  closePipe(to: number): void {
    const outgoing = this.#pipes.get(to);
    if (outgoing === undefined) return;
    this.#pipes.delete(to);
    this.#context.piping?.closeOutgoing(outgoing.pipe);
    this.#updatePipes();
  }

  /** Gets its packets from another worker, in the place of a publisher of this one. The subscriptions stay. */
  acceptPipe({ pipe, from, shape, blocked }: PipedStream): void {
    this.#closePublisher();
    this.#closeIncomingPipe();
    for (const to of [...this.#pipes.keys()]) this.closePipe(to);
    this.restrict(blocked);
    this.setShape(shape);
    this.#measureSound(false);
    const requestKeyframe = this.#context.piping?.openIncoming(this, pipe, from);
    if (requestKeyframe === undefined) return;
    this.#incomingPipe = pipe;
    const wake = (): void => this.#context.ticking.add(this);
    for (const track of this.#tracks.values()) {
      const count = track.kind === 'video' ? (shape.layers ?? 1) : 1;
      const layers = Array.from({ length: count }, (_, index) => {
        // Loss is repaired by the publisher's worker: the only feedback of a piped layer is the request for a keyframe.
        return new Layer(track, index, createPipedKind(track.codec, shape), () => requestKeyframe(index), wake);
      });
      track.setLayers(layers);
    }
    wake();
    this.requestKeyframes();
  }

  /** Requests a keyframe of every layer. */
  requestKeyframes(): void {
    this.#tracks.get('video')?.requestKeyframe(this.#context.now());
  }

  /** Does the periodic work of a stream whose packets come from another worker. */
  tick(nowMs: number): void {
    for (const layer of this.#layers()) layer.tick(nowMs);
  }

  /** Whether packets come from another worker. */
  hasWork(): boolean {
    return this.#incomingPipe !== undefined;
  }

  /** Handles that its publisher has connected. */
  handleConnected(): void {
    if (this.#publisher === undefined) return;
    this.#context.notify({ type: 'stream-connected', stream: this.name, peer: this.#publisher.name });
    this.requestKeyframes();
  }

  /** Handles that its publisher is gone without a call: the subscriptions wait for the next one. */
  handlePublisherLost(): void {
    this.#publisher = undefined;
  }

  /** Whether it has one subscription, over all workers as far as this one knows. */
  get hasLoneSubscription(): boolean {
    return this.#subscriptions.size === 1 && this.#pipes.size === 0 && this.#incomingPipe === undefined;
  }

  addSubscription(subscription: Subscription): void {
    this.#subscriptions.set(subscription.peer.name, subscription);
    if (!this.hasLoneSubscription) this.demand.limit(undefined);
  }

  removeSubscription(subscription: Subscription): void {
    const { name } = subscription.peer;
    if (this.#subscriptions.get(name) === subscription) this.#subscriptions.delete(name);
  }

  /** Blocks kinds for every subscriber, from this moment on (RULE-1). */
  restrict(blocked: MediaKinds): void {
    const isVideoBack = this.#blocked.video && !blocked.video;
    this.#blocked = blocked;
    for (const [kind, track] of this.#tracks) track.setBlocked(blocked[kind]);
    if (isVideoBack) this.requestKeyframes();
  }

  /** Closes the subscriptions, and ends the publishing at once (KICK-4, STRM-3). */
  close(): void {
    for (const { peer } of [...this.#subscriptions.values()]) peer.unsubscribe(this.name);
    this.#closePublisher();
    this.#closeIncomingPipe();
    this.#measureSound(false);
    for (const to of [...this.#pipes.keys()]) this.closePipe(to);
  }

  dump(): WorkerStreamDump {
    const nowMs = this.#context.now();
    let forwardedPackets = this.#forwardedBefore;
    for (const track of this.#tracks.values()) forwardedPackets += track.forwardedPackets;
    const publisher = this.#publisher;
    return {
      stream: this.name,
      group: this.group,
      ...(this.#incomingPipe !== undefined && { isPiped: true }),
      worker: this.#context.config.worker,
      ...(publisher !== undefined && { peer: publisher.name }),
      state: publisher?.state ?? 'lost',
      tracks: [...this.#tracks.values()].map((track) => track.dump(nowMs)),
      ...(this.#pipes.size > 0 && { pipedTo: [...this.#pipes.keys()] }),
      publisher: sumCounters(this.#layers().map(({ counters }) => counters)),
      forwardedPackets,
      subscriptions: [...this.#subscriptions.values()].map((subscription) => subscription.dump()),
    };
  }

  #measureSound(isMeasured: boolean): void {
    const track = this.#tracks.get('audio');
    if (track === undefined || (track.soundMeter !== undefined) === isMeasured) return;
    track.soundMeter?.close();
    track.soundMeter = isMeasured ? this.#context.soundLevels.createMeter(this.name) : undefined;
  }

  #setLayers(peer: Peer, kind: MediaKind, received: ReceivedKind): void {
    const track = this.#tracks.get(kind);
    if (track === undefined) return;
    const { layers } = track;
    const count = Math.max(1, received.rids.length);
    const isSame = layers.every((layer) => peer.sources.layers.has(layer) && layer.matches(track, received));
    if (layers.length === count && isSame) {
      for (const layer of layers) layer.kind = received;
      return;
    }
    for (const layer of layers) peer.sources.remove(layer);
    const fresh = Array.from(
      { length: count },
      (_, index) =>
        new Layer(
          track,
          index,
          received,
          (packet) => peer.send(packet),
          () => peer.wake(),
        ),
    );
    track.setLayers(fresh);
    for (const layer of fresh) peer.sources.add(layer);
  }

  #closeIncomingPipe(): void {
    if (this.#incomingPipe === undefined) return;
    this.#context.piping?.closeIncoming(this.#incomingPipe);
    this.#incomingPipe = undefined;
  }

  #updatePipes(): void {
    for (const track of this.#tracks.values()) {
      track.setPipes([...this.#pipes.values()].map(({ createEnd }) => createEnd(track.kind)));
    }
  }

  #removeTrack(track: Track): void {
    this.#forwardedBefore += track.forwardedPackets;
    track.soundMeter?.close();
    this.#tracks.delete(track.kind);
    for (const layer of track.layers) this.#publisher?.sources.remove(layer);
  }

  #layers(): Layer[] {
    return [...this.#tracks.values()].flatMap(({ layers }) => layers);
  }

  #closePublisher(): void {
    const publisher = this.#publisher;
    if (publisher === undefined) return;
    this.#publisher = undefined;
    const layers = this.#layers();
    const record = createClosedRecord({
      kind: 'publisher',
      stream: this.name,
      peer: publisher.name,
      closedAtMs: toEpochMs(this.#context.now()),
      counters: sumCounters(layers.map(({ counters }) => counters)),
    });
    for (const layer of layers) {
      publisher.sources.remove(layer, record);
      layer.close(record);
    }
    publisher.removeStream(this);
    this.#context.closed.add(record);
  }

  #loseSubscriptions(kind: MediaKind): void {
    for (const subscription of [...this.#subscriptions.values()]) {
      if (!subscription.wants(kind)) continue;
      const { peer } = subscription;
      peer.dropSubscription(subscription);
      this.#context.notify({ type: 'subscription-lost', peer: peer.name, stream: this.name });
    }
  }
}
