/**
 * The media engine over worker processes.
 *
 * @module
 */

import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EngineDump,
  type ItemResult,
  type MediaEngine,
  type MediaEngineEvents,
  MediaError,
  type MediaKinds,
  type MediaLossCause,
  type NegotiateAnswer,
  type NegotiateRequest,
  type SoundLevel,
  type SubscriptionPreferences,
  type WorkerHealth,
} from './engine.ts';
import { createClosedResult, createRevival, findFingerprint, NOT_BLOCKED } from './engine-offers.ts';
import { EnginePipes, isSameShape } from './engine-pipes.ts';
import { EngineRegistry, type OpenOffer, type PeerEntry, type StreamEntry } from './engine-registry.ts';
import type { WorkerDump, WorkerNegotiateAnswer, WorkerNotice } from './ipc.ts';
import { mergeDumps } from './merge-dumps.ts';
import type { MediaEngineOptions, MediaLogger } from './options.ts';
import type { StreamShape } from './sdp/negotiate.ts';
import { systemMonotonicMs } from './system-clock.ts';
import { createWorkerConfigs } from './worker-configs.ts';
import { WorkerProcess } from './worker-process.ts';

const DEFAULT_CALL_TIMEOUT_MS = 5_000;

const silentLogger: MediaLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Makes the calls of the engine to the workers, and reports what is lost if one dies. */
export class ProcessEngine implements MediaEngine {
  readonly #options: MediaEngineOptions;
  readonly #logger: MediaLogger;
  readonly #emitter = new EventEmitter();
  #registry = new EngineRegistry([]);
  #pipes = new EnginePipes(this.#registry);
  #pipeFolder: string | undefined;
  #workers: readonly WorkerProcess[] = [];

  constructor(options: MediaEngineOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  async start(): Promise<void> {
    const { workers = 1, maxSubscriptionsPerWorker } = this.#options;
    if (workers > 1) this.#pipeFolder = await mkdtemp(join(tmpdir(), 'gavel-media-'));
    const configs = createWorkerConfigs(this.#options, this.#pipeFolder);
    this.#workers = configs.map((config) => {
      const worker: WorkerProcess = new WorkerProcess(config, this.#options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS, {
        handleNotice: (notice) => this.#handleNotice(worker, notice),
        handleDeath: (detail) => this.#handleDeath(worker, detail),
      });
      return worker;
    });
    this.#registry = new EngineRegistry(this.#workers, maxSubscriptionsPerWorker);
    this.#pipes = new EnginePipes(this.#registry);
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#logger.info({ ports: configs.map((config) => config.portMin) }, 'Media workers are ready');
  }

  async negotiate(request: NegotiateRequest): Promise<NegotiateAnswer> {
    // Nothing is awaited in the usual case, so that calls take effect in the order they are made.
    if (this.#isElsewhere(request)) await this.#leaveOtherGroups(request);
    const registry = this.#registry;
    const peer = registry.openPeer(request.peer, request.group);
    const requested = new Set(request.subscribe.map(({ stream }) => stream));
    const fingerprint = findFingerprint(request.offer);
    const offer: OpenOffer = { fingerprint, subscribing: requested, unsubscribed: new Set() };
    peer.offers.add(offer);
    // Registered before the answer, so that calls in between find them.
    const publishing = request.publish.map(({ stream }) => registry.openStream(stream, request.group, peer.worker));
    for (const entry of publishing) entry.pending += 1;
    const subscribing = request.subscribe.map(({ stream }) => registry.streams.get(stream));
    for (const entry of subscribing) if (entry !== undefined) this.#pipes.open(entry, peer.worker);
    const published = [...peer.published];
    const subscribed = [...peer.subscribed];
    try {
      const answer = await peer.worker.call('negotiate', {
        ...request,
        publish: request.publish.map((item, index) => ({
          ...item,
          blocked: publishing[index]?.blocked ?? NOT_BLOCKED,
        })),
        subscribe: request.subscribe.map((item, index) => ({ ...item, ...createRevival(subscribing[index]) })),
        published,
      });
      if (registry.peers.get(peer.name) !== peer) {
        throw new MediaError('no-such-peer', `Peer ${peer.name} was closed before its offer was answered`);
      }
      peer.answers += 1;
      peer.isLost = false;
      const isNewConnection = peer.fingerprint !== fingerprint;
      peer.fingerprint = fingerprint;
      return {
        answer: answer.answer,
        publish: this.#settlePublish(peer, publishing, answer, published, isNewConnection),
        subscribe: this.#settleSubscribe(peer, request, subscribing, answer, offer),
      };
    } finally {
      peer.offers.delete(offer);
      this.#pipes.closeUnusedOf(peer, new Set([...subscribed, ...requested]));
      for (const entry of publishing) {
        entry.pending -= 1;
        if (entry.pending === 0 && entry.shape === undefined) registry.removeStream(entry);
      }
      if (peer.offers.size === 0) this.#handleOffersAnswered(peer);
    }
  }

  async closePeer(name: string): Promise<void> {
    const peer = this.#registry.peers.get(name);
    if (peer === undefined) return;
    const streams = [...peer.published];
    const subscribed = [...peer.subscribed];
    const copies = streams.flatMap((stream) =>
      [...(this.#registry.streams.get(stream)?.pipes ?? [])].map((worker) => ({ worker, stream })),
    );
    this.#registry.removePeer(peer);
    await Promise.all([
      this.#callToClose(peer.worker, () => peer.worker.call('closePeer', { peer: name, streams })),
      ...copies.map(({ worker, stream }) => this.#callToClose(worker, () => worker.call('closeStream', { stream }))),
    ]);
    this.#pipes.closeUnusedOf(peer, subscribed);
  }

  async closeStream(stream: string): Promise<void> {
    const entry = this.#registry.streams.get(stream);
    if (entry === undefined) return;
    this.#registry.removeStream(entry);
    await this.#callAll(entry, (worker) => worker.call('closeStream', { stream }));
  }

  async unsubscribe(name: string, stream: string): Promise<void> {
    const peer = this.#registry.peers.get(name);
    if (peer === undefined) return;
    for (const offer of peer.offers) offer.unsubscribed.add(stream);
    this.#registry.unsubscribe(peer, stream);
    await this.#callToClose(peer.worker, () => peer.worker.call('unsubscribe', { peer: name, stream }));
    this.#pipes.closeUnusedOf(peer, [stream]);
  }

  async restrict(stream: string, blocked: MediaKinds): Promise<void> {
    const entry = this.#registry.streams.get(stream);
    if (entry === undefined) return;
    entry.blocked = { audio: blocked.audio, video: blocked.video };
    // A worker that hangs is killed, as for a close, because blocked media must not be forwarded any longer.
    await this.#callAll(entry, (worker) => worker.call('restrict', { stream, blocked: entry.blocked }));
  }

  async preferVideo(name: string, stream: string, preferences: SubscriptionPreferences): Promise<void> {
    await this.#registry.peers.get(name)?.worker.call('preferVideo', { peer: name, stream, preferences });
  }

  limitSending(remainingMs: number | undefined): void {
    const endsAtMs = remainingMs === undefined ? undefined : systemMonotonicMs() + remainingMs;
    for (const worker of this.#workers) worker.endAt(endsAtMs);
  }

  health(): readonly WorkerHealth[] {
    return this.#workers.map((worker) => worker.health());
  }

  async dump(): Promise<EngineDump> {
    // A worker that dies or is starting has no peers: they are listed as lost.
    const empty: WorkerDump = { peers: [], streams: [], closed: [] };
    const dumps = await Promise.all(this.#workers.map((worker) => worker.call('dump', undefined).catch(() => empty)));
    return mergeDumps(this.#workers, dumps, this.#registry);
  }

  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#emitter.on(event, handler as (...args: unknown[]) => void);
  }

  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#emitter.off(event, handler as (...args: unknown[]) => void);
  }

  async close(): Promise<void> {
    for (const { demand } of this.#registry.streams.values()) demand.close();
    this.#registry = new EngineRegistry([]);
    this.#pipes = new EnginePipes(this.#registry);
    await Promise.all(this.#workers.map((worker) => worker.close()));
    if (this.#pipeFolder !== undefined) await rm(this.#pipeFolder, { recursive: true, force: true });
  }

  /** Whether another group has the peer's name, or that of a published stream. */
  #isElsewhere({ peer, group, publish }: NegotiateRequest): boolean {
    const { peers, streams } = this.#registry;
    const entries = [peers.get(peer), ...publish.map(({ stream }) => streams.get(stream))];
    return entries.some((entry) => entry !== undefined && entry.group !== group);
  }

  /** Names are unique across groups: what another group has of them is closed. */
  async #leaveOtherGroups({ peer, group, publish }: NegotiateRequest): Promise<void> {
    const { peers, streams } = this.#registry;
    if ((peers.get(peer)?.group ?? group) !== group) await this.closePeer(peer);
    for (const { stream } of publish) {
      if ((streams.get(stream)?.group ?? group) !== group) await this.closeStream(stream);
    }
  }

  #settlePublish(
    peer: PeerEntry,
    publishing: readonly StreamEntry[],
    { publish, shapes }: WorkerNegotiateAnswer,
    published: readonly string[],
    isNewConnection: boolean,
  ): ItemResult[] {
    const registry = this.#registry;
    const accepted = new Set<string>();
    const results = publish.map((result, index) => {
      const entry = publishing[index];
      const shape = shapes[index];
      if ('error' in result || entry === undefined || shape === undefined) return result;
      if (registry.streams.get(entry.name) !== entry) return createClosedResult(entry.name);
      accepted.add(entry.name);
      const { shape: previous, publisher } = entry;
      registry.publish(peer, entry, shape);
      this.#pipes.handlePublished(entry, peer.worker, previous);
      if (isNewConnection || publisher !== peer.name || !isSameShape(previous, shape)) this.#openDemand(entry, shape);
      return result;
    });
    for (const name of published) {
      const entry = registry.streams.get(name);
      if (accepted.has(name) || entry?.publisher !== peer.name) continue;
      if (entry.pending === 0) registry.removeStream(entry);
      else registry.clearPublication(entry);
    }
    return results;
  }

  #openDemand({ name, demand }: StreamEntry, { video, layers = 1 }: StreamShape): void {
    demand.open(video === undefined ? 0 : layers, (value) => this.#emit('demandChanged', name, value));
  }

  #settleSubscribe(
    peer: PeerEntry,
    request: NegotiateRequest,
    subscribing: readonly (StreamEntry | undefined)[],
    { subscribe }: WorkerNegotiateAnswer,
    { unsubscribed }: OpenOffer,
  ): ItemResult[] {
    const registry = this.#registry;
    registry.clearSubscriptions(peer);
    return subscribe.map((result, index) => {
      const stream = request.subscribe[index]?.stream ?? '';
      if ('error' in result) return result;
      const entry = registry.streams.get(stream);
      const before = subscribing[index];
      const isClosed = entry === undefined || (before !== undefined && before !== entry);
      if (isClosed || unsubscribed.has(stream)) return createClosedResult(stream);
      registry.subscribe(peer, entry);
      return result;
    });
  }

  /** Events about a peer are never emitted before the answer to its offer reaches the caller. */
  #emitAfterAnswers(peer: PeerEntry, emit: () => void): void {
    if (peer.offers.size === 0 && peer.waitingEvents.length === 0) emit();
    else peer.waitingEvents.push(emit);
  }

  #handleOffersAnswered(peer: PeerEntry): void {
    if (peer.answers === 0) {
      this.#registry.removePeer(peer);
      // A worker that was too slow to answer may open the peer yet.
      peer.worker.call('closePeer', { peer: peer.name, streams: [] }).catch(() => undefined);
      return;
    }
    if (peer.waitingEvents.length === 0) return;
    setImmediate(() => {
      if (peer.offers.size > 0) return;
      for (const emit of peer.waitingEvents.splice(0)) emit();
    });
  }

  /** Calls every worker that has a stream, to close media. */
  async #callAll(entry: StreamEntry, call: (worker: WorkerProcess) => Promise<undefined>): Promise<void> {
    const workers = [entry.worker, ...entry.pipes];
    await Promise.all(workers.map((worker) => this.#callToClose(worker, () => call(worker))));
  }

  /** Calls a worker to close media. A worker that does not answer is killed, because a close must hold (KICK-4). */
  async #callToClose(worker: WorkerProcess, call: () => Promise<undefined>): Promise<void> {
    const { pid } = worker;
    if (pid === undefined) return;
    try {
      await call();
    } catch (error) {
      if (worker.pid !== pid) return;
      this.#logger.error(
        { worker: worker.config.worker, error: String(error) },
        'Media worker killed: it did not confirm a close',
      );
      await worker.kill();
    }
  }

  #handleNotice(worker: WorkerProcess, notice: WorkerNotice): void {
    if (notice.type === 'log') {
      this.#logger[notice.level]({ worker: worker.config.worker, detail: notice.detail }, notice.message);
      return;
    }
    if (notice.type === 'demand') {
      for (const { stream, highestLayer, maxBps } of notice.reports) {
        const entry = this.#registry.streams.get(stream);
        entry?.demand.handleReport(worker.config.worker, highestLayer, maxBps);
        if (entry !== undefined) this.#pipes.handleDemand(entry, worker);
      }
      return;
    }
    if (notice.type === 'sound-levels') {
      this.#handleSoundLevels(notice.levels);
      return;
    }
    const peer = this.#registry.peers.get(notice.peer);
    if (peer === undefined) return;
    switch (notice.type) {
      case 'peer-connected':
        this.#emitAfterAnswers(peer, () => {
          if (this.#registry.peers.get(peer.name) === peer) this.#emit('peerConnected', peer.name);
        });
        return;
      case 'stream-connected':
        this.#emitAfterAnswers(peer, () => {
          if (this.#registry.streams.get(notice.stream)?.publisher === peer.name) {
            this.#emit('streamConnected', notice.stream);
          }
        });
        return;
      case 'subscription-lost':
        this.#handleSubscriptionLost(peer, notice.stream);
        return;
      case 'video-paused':
        this.#emitAfterAnswers(peer, () => {
          const isCurrent = this.#registry.peers.get(peer.name) === peer && peer.subscribed.has(notice.stream);
          if (isCurrent) this.#emit('videoPaused', peer.name, notice.stream, notice.isPaused);
        });
        return;
      case 'peer-lost':
        this.#handlePeerLost(peer, notice.cause);
    }
  }

  /** A worker may report a stream that was closed meanwhile. */
  #handleSoundLevels(levels: readonly SoundLevel[]): void {
    const known = levels.filter(({ stream }) => this.#registry.streams.get(stream)?.publisher !== undefined);
    if (known.length > 0) this.#emit('soundLevels', known);
  }

  #handleSubscriptionLost(peer: PeerEntry, stream: string): void {
    const { answers } = peer;
    const wasSubscribed = peer.subscribed.has(stream);
    if (!wasSubscribed && peer.offers.size === 0) return;
    this.#emitAfterAnswers(peer, () => {
      const registry = this.#registry;
      if (registry.peers.get(peer.name) !== peer || !(wasSubscribed || peer.subscribed.has(stream))) return;
      // An offer that was answered meanwhile has subscribed again.
      if (peer.answers === answers) {
        registry.unsubscribe(peer, stream);
        this.#pipes.closeUnusedOf(peer, [stream]);
      }
      this.#emit('subscriptionLost', peer.name, stream);
    });
  }

  #handlePeerLost(peer: PeerEntry, cause: MediaLossCause): void {
    const { answers, fingerprint } = peer;
    this.#emitAfterAnswers(peer, () => {
      if (this.#registry.peers.get(peer.name) !== peer) return;
      // An offer that was answered meanwhile has opened the peer again. With the lost connection's fingerprint it was meant
      // to continue that connection, so the client has to know.
      if (peer.answers !== answers && peer.fingerprint !== fingerprint) return;
      if (peer.answers === answers) this.#markLost(peer);
      this.#emit('peerLost', peer.name, cause);
    });
  }

  #handleDeath(worker: WorkerProcess, detail: string): void {
    const { worker: index } = worker.config;
    const { problem } = worker.health();
    if (problem === undefined) this.#logger.error({ worker: index, detail }, 'A media worker died');
    else this.#logger.error({ worker: index, problem }, 'A media worker keeps dying');
    this.#pipes.handleDeath(worker);
    for (const { demand } of this.#registry.streams.values()) demand.handleReport(index, -1);
    this.#emit('workerDied', index, detail);
    for (const peer of [...this.#registry.peers.values()]) {
      if (peer.worker !== worker || peer.isLost || peer.answers === 0) continue;
      peer.waitingEvents.length = 0;
      this.#markLost(peer);
      this.#emit('peerLost', peer.name, 'worker-died');
    }
  }

  #markLost(peer: PeerEntry): void {
    peer.isLost = true;
    const subscribed = [...peer.subscribed];
    this.#registry.clearSubscriptions(peer);
    this.#pipes.closeUnusedOf(peer, subscribed);
  }

  #emit<E extends keyof MediaEngineEvents>(event: E, ...args: MediaEngineEvents[E]): void {
    try {
      this.#emitter.emit(event, ...args);
    } catch (error) {
      this.#logger.error({ event, error: String(error) }, 'Media event handler threw an error');
    }
  }
}
