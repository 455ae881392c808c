/**
 * What the engine knows of its peers and streams, independent of the workers, so that it can report what is lost if one dies.
 *
 * @module
 */

import { DemandSum } from './demand-sum.ts';
import type { MediaKinds } from './engine.ts';
import { Placement } from './placement.ts';
import type { StreamShape } from './sdp/negotiate.ts';
import type { WorkerProcess } from './worker-process.ts';

/** An offer that its worker has not answered yet. */
export interface OpenOffer {
  readonly fingerprint: string;
  /** The streams that it subscribes to. */
  readonly subscribing: ReadonlySet<string>;
  /** Subscriptions that were closed by a call since. */
  readonly unsubscribed: Set<string>;
}

/** Subscriptions that a worker gets before the next peers of its rooms go to another one. */
export const MAX_SUBSCRIPTIONS = 300;
/** The share of a core that a worker uses before that. */
const MAX_LOAD = 0.7;

/** A peer. It stays until it is closed, also when it is lost. */
export class PeerEntry {
  readonly name: string;
  readonly group: string;
  readonly worker: WorkerProcess;
  readonly published = new Set<string>();
  readonly subscribed = new Set<string>();
  readonly offers = new Set<OpenOffer>();
  /** Events that wait until the offers are answered. */
  readonly waitingEvents: (() => void)[] = [];
  answers = 0;
  isLost = false;
  /** Of the last answered offer: identifies the connection. */
  fingerprint = '';

  constructor(name: string, group: string, worker: WorkerProcess) {
    this.name = name;
    this.group = group;
    this.worker = worker;
  }
}

/** A stream. It stays until it is closed, also when its publisher is lost. */
export class StreamEntry {
  readonly name: string;
  readonly group: string;
  /** That of its publisher. */
  worker: WorkerProcess;
  /** The further workers that it is piped to. */
  readonly pipes = new Set<WorkerProcess>();
  readonly subscribers = new Set<string>();
  /** Whether its worker has died since it was published, so that nothing is piped. */
  isOrphaned = false;
  /** Open offers that publish it. */
  pending = 0;
  /** Undefined until it is published. Survives a worker's death, so that subscribers can come back before the publisher. */
  shape: StreamShape | undefined;
  /** The peer that published it last. */
  publisher: string | undefined;
  /** What is taken of its video. */
  readonly demand = new DemandSum();
  /** Survives a worker's death, like the shape. */
  blocked: MediaKinds = { audio: false, video: false };

  constructor(name: string, group: string, worker: WorkerProcess) {
    this.name = name;
    this.group = group;
    this.worker = worker;
  }
}

/** All peers and streams. */
export class EngineRegistry {
  readonly peers = new Map<string, PeerEntry>();
  readonly streams = new Map<string, StreamEntry>();
  readonly #placement: Placement<WorkerProcess>;
  readonly #subscriptions = new Map<WorkerProcess, number>();

  constructor(workers: readonly WorkerProcess[], maxSubscriptions = MAX_SUBSCRIPTIONS) {
    this.#placement = new Placement(workers, (worker) => {
      return worker.load > MAX_LOAD || (this.#subscriptions.get(worker) ?? 0) >= maxSubscriptions;
    });
  }

  /** Returns a peer; creates it if there is none. */
  openPeer(name: string, group: string): PeerEntry {
    const entry = this.peers.get(name) ?? new PeerEntry(name, group, this.#placement.enter(group));
    this.peers.set(name, entry);
    return entry;
  }

  /** Returns a stream; creates it, at its publisher's worker, if there is none. */
  openStream(name: string, group: string, worker: WorkerProcess): StreamEntry {
    const entry = this.streams.get(name) ?? new StreamEntry(name, group, worker);
    this.streams.set(name, entry);
    return entry;
  }

  /** Removes a peer, the streams that it publishes, and its subscriptions. */
  removePeer(entry: PeerEntry): void {
    if (this.peers.get(entry.name) !== entry) return;
    this.peers.delete(entry.name);
    this.#placement.leave(entry.group, entry.worker);
    for (const name of [...entry.published]) {
      const stream = this.streams.get(name);
      if (stream !== undefined) this.removeStream(stream);
    }
    this.clearSubscriptions(entry);
  }

  /** Removes a stream and the subscriptions to it. */
  removeStream(entry: StreamEntry): void {
    if (this.streams.get(entry.name) !== entry) return;
    this.streams.delete(entry.name);
    this.clearPublication(entry);
  }

  /** Removes a stream's publisher and subscribers; the entry stays for an open offer that publishes it. */
  clearPublication(entry: StreamEntry): void {
    for (const name of [...entry.subscribers]) {
      const peer = this.peers.get(name);
      if (peer !== undefined) this.unsubscribe(peer, entry.name);
    }
    entry.subscribers.clear();
    this.#setPublisher(entry, undefined);
    entry.shape = undefined;
    entry.demand.close();
  }

  /** Records that a peer publishes a stream, in the place of any other. */
  publish(peer: PeerEntry, entry: StreamEntry, shape: StreamShape): void {
    this.#setPublisher(entry, peer.name);
    peer.published.add(entry.name);
    entry.shape = shape;
  }

  subscribe(peer: PeerEntry, entry: StreamEntry): void {
    if (!peer.subscribed.has(entry.name)) this.#countSubscription(peer.worker, 1);
    peer.subscribed.add(entry.name);
    entry.subscribers.add(peer.name);
  }

  unsubscribe(peer: PeerEntry, stream: string): void {
    if (peer.subscribed.delete(stream)) this.#countSubscription(peer.worker, -1);
    this.streams.get(stream)?.subscribers.delete(peer.name);
  }

  /** Whether a worker has a subscriber to a stream. */
  hasSubscriber(entry: StreamEntry, worker: WorkerProcess): boolean {
    for (const name of entry.subscribers) if (this.peers.get(name)?.worker === worker) return true;
    return false;
  }

  /** Removes all subscriptions of a peer. */
  clearSubscriptions(peer: PeerEntry): void {
    for (const stream of [...peer.subscribed]) this.unsubscribe(peer, stream);
  }

  #countSubscription(worker: WorkerProcess, change: number): void {
    this.#subscriptions.set(worker, (this.#subscriptions.get(worker) ?? 0) + change);
  }

  #setPublisher(entry: StreamEntry, peer: string | undefined): void {
    if (entry.publisher === peer) return;
    if (entry.publisher !== undefined) this.peers.get(entry.publisher)?.published.delete(entry.name);
    entry.publisher = peer;
  }
}
