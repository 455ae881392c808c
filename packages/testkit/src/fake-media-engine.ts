/**
 * A media engine without media: it answers offers as the real engine does, and records what was asked of it.
 *
 * @module
 */

import {
  type ConnectionState,
  type EngineDump,
  type ItemResult,
  type MediaEngine,
  type MediaEngineEvents,
  MediaError,
  type MediaErrorCode,
  type MediaKinds,
  type MediaLossCause,
  type NegotiateAnswer,
  type NegotiateRequest,
  type SectionMids,
  type SoundLevel,
  type StreamDemand,
  type SubscriptionPreferences,
  type WorkerHealth,
} from '@gavel/media';
import { dumpFake } from './fake-dump.ts';
import { type FakeCodecs, matchPublish, matchSubscribe, SectionClaims } from './fake-negotiation.ts';
import { createAnswer, readOffer } from './offers.ts';

type Handlers = { [E in keyof MediaEngineEvents]: Set<(...args: MediaEngineEvents[E]) => void> };

/** A peer of the fake engine. */
export interface FakePeer {
  readonly peer: string;
  readonly group: string;
  /** Identifies the client's peer connection. */
  readonly fingerprint: string;
  state: ConnectionState;
}

/** A subscription of the fake engine. */
export interface FakeSubscription {
  readonly kinds: MediaKinds;
  preferences: SubscriptionPreferences;
  isPaused: boolean;
}

/** A stream of the fake engine. */
export interface FakeStream {
  readonly stream: string;
  group: string;
  /** The name of the peer that publishes it, also after that peer was lost. */
  owner: string;
  /** Undefined after its peer was lost. */
  peer: FakePeer | undefined;
  codecs: FakeCodecs;
  /** Whether `streamConnected` was emitted for this publish. */
  isConnected: boolean;
  /** The level that was reported last. */
  soundLevel?: number;
  /** By the name of the subscribing peer. */
  readonly subscribers: Map<string, FakeSubscription>;
}

const CLOSED: ItemResult = { error: 'no-such-stream', message: 'closed before it was answered' };

/** Events that are due after an answer. */
type DueEvents = (() => void)[];

/**
 * As strict as the real engine: it accepts only sections that are in the offer and have the right kind, direction and
 * codec, applies calls in the order they are made, fails a `negotiate` whose peer was closed before the answer, and emits
 * events only after the answer. Offers are those of `createOffer`, or of browsers.
 */
export class FakeMediaEngine implements MediaEngine {
  /**
   * Every call, as `negotiate:<peer>`, `closePeer:<peer>`, `closeStream:<stream>`, `unsubscribe:<peer>/<stream>`,
   * `restrict:<stream>`, `preferVideo:<peer>/<stream>`.
   */
  readonly calls: string[] = [];
  /** The requests of `negotiate`. */
  readonly requests: NegotiateRequest[] = [];
  /** The kinds that each stream's last `restrict` blocked. */
  readonly blocked = new Map<string, MediaKinds>();
  /** The state of the only worker, which a test may change. */
  worker: WorkerHealth = { worker: 0, port: 7701, isReady: true };
  /** Whether peers connect automatically. */
  connects = true;
  /** The SDP of every answer; undefined: one that fits the offer. */
  answer: string | undefined;
  /** Every `negotiate` fails with this error. */
  failure: MediaErrorCode | undefined;
  /** Awaited by each `negotiate` after it took effect, so that a test can act before the answer. */
  beforeAnswer: (request: NegotiateRequest) => Promise<void> = async () => {};
  /** By name. */
  readonly peers = new Map<string, FakePeer>();
  /** By name. */
  readonly streams = new Map<string, FakeStream>();
  /** What the last `limitSending` has set. */
  sendingMs: number | undefined;
  readonly #handlers: Handlers = {
    streamConnected: new Set(),
    peerConnected: new Set(),
    peerLost: new Set(),
    subscriptionLost: new Set(),
    videoPaused: new Set(),
    demandChanged: new Set(),
    soundLevels: new Set(),
    workerDied: new Set(),
  };
  /** The peers of the calls of `negotiate` that are not answered yet; a closed peer is deleted. */
  readonly #unanswered = new Set<{ readonly peer: string }>();

  async start(): Promise<void> {}

  limitSending(remainingMs: number | undefined): void {
    this.sendingMs = remainingMs;
  }

  async negotiate(request: NegotiateRequest): Promise<NegotiateAnswer> {
    this.calls.push(`negotiate:${request.peer}`);
    this.requests.push(request);
    if (this.failure) throw new MediaError(this.failure, `the fake engine fails: ${this.failure}`);
    const call = { peer: request.peer };
    this.#unanswered.add(call);
    const due: DueEvents = [];
    const results = this.#apply(request, due);
    await this.beforeAnswer(request);
    if (!this.#unanswered.delete(call)) throw new MediaError('no-such-peer', 'the peer was closed');
    setImmediate(() => {
      for (const emit of due) emit();
      if (this.connects) this.connectPeer(request.peer);
    });
    const { publish, subscribe } = this.#recheck(request, results);
    const carrying = new Set([...midsOf(request.publish, publish), ...midsOf(request.subscribe, subscribe)]);
    return { answer: this.answer ?? createAnswer(request.offer, carrying), publish, subscribe };
  }

  async closePeer(peer: string): Promise<void> {
    this.calls.push(`closePeer:${peer}`);
    for (const call of this.#unanswered) if (call.peer === peer) this.#unanswered.delete(call);
    this.#close(peer);
  }

  async closeStream(stream: string): Promise<void> {
    this.calls.push(`closeStream:${stream}`);
    this.#remove(stream);
  }

  async unsubscribe(peer: string, stream: string): Promise<void> {
    this.calls.push(`unsubscribe:${peer}/${stream}`);
    this.streams.get(stream)?.subscribers.delete(peer);
  }

  async restrict(stream: string, blocked: MediaKinds): Promise<void> {
    this.calls.push(`restrict:${stream}`);
    if (this.streams.has(stream)) this.blocked.set(stream, blocked);
  }

  async preferVideo(peer: string, stream: string, preferences: SubscriptionPreferences): Promise<void> {
    this.calls.push(`preferVideo:${peer}/${stream}`);
    const subscription = this.streams.get(stream)?.subscribers.get(peer);
    if (subscription) subscription.preferences = preferences;
  }

  health(): readonly WorkerHealth[] {
    return [this.worker];
  }

  async dump(): Promise<EngineDump> {
    return dumpFake(this.worker, this.peers.values(), this.streams.values());
  }

  on<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#handlers[event].add(handler);
  }

  off<E extends keyof MediaEngineEvents>(event: E, handler: (...args: MediaEngineEvents[E]) => void): void {
    this.#handlers[event].delete(handler);
  }

  /** Emits an event of the engine, whatever its state. */
  emit<E extends keyof MediaEngineEvents>(event: E, ...args: MediaEngineEvents[E]): void {
    for (const handler of this.#handlers[event]) handler(...args);
  }

  /** Connects a peer, and the streams that it publishes. Does nothing if there is no such peer. */
  connectPeer(name: string): void {
    const peer = this.peers.get(name);
    if (!peer) return;
    if (peer.state !== 'connected') {
      peer.state = 'connected';
      this.emit('peerConnected', name);
    }
    for (const stream of this.streams.values()) {
      if (stream.peer !== peer || stream.isConnected) continue;
      stream.isConnected = true;
      this.emit('streamConnected', stream.stream);
    }
  }

  /** Ends a peer as a failed transport or a dead worker does. Its streams keep their subscriptions. */
  losePeer(name: string, cause: MediaLossCause = 'transport-failed'): void {
    for (const stream of this.streams.values()) {
      if (stream.peer?.peer === name) Object.assign(stream, { peer: undefined, isConnected: false });
    }
    this.#end(name);
    this.emit('peerLost', name, cause);
  }

  /** Ends a subscription without a call. */
  loseSubscription(peer: string, stream: string): void {
    this.streams.get(stream)?.subscribers.delete(peer);
    this.emit('subscriptionLost', peer, stream);
  }

  /** Reports how loud streams are; those that nobody publishes are left out, and silence is not repeated. */
  reportSound(levels: readonly SoundLevel[]): void {
    const published = levels.filter(({ stream, level }) => {
      const found = this.streams.get(stream);
      if (found?.peer === undefined || found.codecs.audio === undefined || this.blocked.get(stream)?.audio)
        return false;
      const wasSilent = found.soundLevel === undefined || found.soundLevel === 127;
      found.soundLevel = level;
      return level !== 127 || !wasSilent;
    });
    if (published.length > 0) this.emit('soundLevels', published);
  }

  /** Pauses the video of a subscription for want of bandwidth, or resumes it. Does nothing if there is no change. */
  pauseVideo(peer: string, stream: string, isPaused: boolean): void {
    const subscription = this.streams.get(stream)?.subscribers.get(peer);
    if (!subscription || subscription.isPaused === isPaused) return;
    subscription.isPaused = isPaused;
    this.emit('videoPaused', peer, stream, isPaused);
  }

  /** Changes what the subscribers take of a stream's video. Does nothing if there is no such stream. */
  changeDemand(stream: string, demand: StreamDemand): void {
    if (this.streams.has(stream)) this.emit('demandChanged', stream, demand);
  }

  async close(): Promise<void> {}

  #apply(request: NegotiateRequest, due: DueEvents): Omit<NegotiateAnswer, 'answer'> {
    const offer = readOffer(request.offer);
    if (!offer) throw new MediaError('bad-offer', 'The offer cannot be parsed');
    const { group, peer: name } = request;
    if (this.peers.has(name) && this.peers.get(name)?.group !== group) this.#close(name);
    const known = this.peers.get(name);
    const isSame = known?.fingerprint === offer.fingerprint;
    const peer: FakePeer = isSame ? known : { peer: name, group, fingerprint: offer.fingerprint, state: 'connecting' };
    this.peers.set(name, peer);
    const claims = new SectionClaims(offer);
    const publish = request.publish.map((item) =>
      resultOf(() => {
        const { codecs, result } = matchPublish(claims, item);
        this.#publish(item.stream, peer, codecs, due);
        return result;
      }),
    );
    const subscribe = request.subscribe.map((item) =>
      resultOf(() => {
        const stream = this.streams.get(item.stream);
        if (stream?.group !== group) throw new MediaError('no-such-stream', 'no such stream');
        const result = matchSubscribe(claims, item, stream.codecs);
        const isPaused = stream.subscribers.get(name)?.isPaused ?? false;
        stream.subscribers.set(name, { kinds: result.kinds, preferences: item.preferences ?? {}, isPaused });
        return result;
      }),
    );
    this.#closeUnlisted(name, acceptedOf(request.publish, publish), acceptedOf(request.subscribe, subscribe));
    return { publish, subscribe };
  }

  /** Refuses the items that were closed before the answer. */
  #recheck({ peer, publish, subscribe }: NegotiateRequest, results: Omit<NegotiateAnswer, 'answer'>) {
    const isSubscribed = (stream: string) => this.streams.get(stream)?.subscribers.has(peer) === true;
    return {
      publish: results.publish.map((result, index) =>
        'error' in result || this.streams.get(publish[index]?.stream ?? '')?.owner === peer ? result : CLOSED,
      ),
      subscribe: results.subscribe.map((result, index) =>
        'error' in result || isSubscribed(subscribe[index]?.stream ?? '') ? result : CLOSED,
      ),
    };
  }

  #closeUnlisted(peer: string, published: ReadonlySet<string>, subscribed: ReadonlySet<string>): void {
    for (const one of this.streams.values()) {
      if (one.owner === peer && !published.has(one.stream)) this.#remove(one.stream);
      if (!subscribed.has(one.stream)) one.subscribers.delete(peer);
    }
  }

  #publish(stream: string, peer: FakePeer, codecs: FakeCodecs, due: DueEvents): void {
    const { group, peer: owner } = peer;
    if (this.streams.get(stream)?.group !== group) this.#remove(stream);
    const known = this.streams.get(stream);
    if (!known) {
      this.streams.set(stream, { stream, group, owner, peer, codecs, isConnected: false, subscribers: new Map() });
      return;
    }
    const before = known.codecs;
    const isConnected = known.peer === peer && known.isConnected;
    Object.assign(known, { owner, peer, codecs, isConnected });
    for (const [subscriber, { kinds }] of known.subscribers) {
      const isLost = (['audio', 'video'] as const).some((kind) => kinds[kind] && before[kind] !== codecs[kind]);
      if (!isLost) continue;
      known.subscribers.delete(subscriber);
      due.push(() => this.emit('subscriptionLost', subscriber, stream));
    }
  }

  #close(peer: string): void {
    for (const { stream, owner } of this.streams.values()) if (owner === peer) this.#remove(stream);
    this.#end(peer);
  }

  #remove(stream: string): void {
    this.streams.delete(stream);
    this.blocked.delete(stream);
  }

  #end(peer: string): void {
    this.peers.delete(peer);
    for (const { subscribers } of this.streams.values()) subscribers.delete(peer);
  }
}

/** Returns the names of the streams of the accepted items. */
function acceptedOf(items: readonly { readonly stream: string }[], results: readonly ItemResult[]): Set<string> {
  return new Set(items.filter((_, index) => !('error' in (results[index] ?? CLOSED))).map(({ stream }) => stream));
}

/** Returns the sections of the accepted kinds. */
function midsOf(items: readonly { readonly mids: SectionMids }[], results: readonly ItemResult[]): string[] {
  return items.flatMap(({ mids }, index) => {
    const result = results[index] ?? CLOSED;
    if ('error' in result) return [];
    return (['audio', 'video'] as const).flatMap((kind) => (result.kinds[kind] ? (mids[kind] ?? []) : []));
  });
}

function resultOf(match: () => ItemResult): ItemResult {
  try {
    return match();
  } catch (error) {
    if (!(error instanceof MediaError)) throw error;
    const { code, message, unsupported } = error;
    return { error: code, message, ...(unsupported.length > 0 && { unsupported }) };
  }
}
