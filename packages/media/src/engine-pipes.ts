/**
 * Keeps a pipe from the publisher's worker of each stream to every other worker that has subscribers to it (PIPE-1).
 *
 * @module
 */

import type { EngineRegistry, PeerEntry, StreamEntry } from './engine-registry.ts';
import type { StreamShape } from './sdp/negotiate.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Opens and closes pipes. Its calls to the workers take effect in the order they are made, and are not awaited. */
export class EnginePipes {
  readonly #registry: EngineRegistry;
  #lastPipe = 0;

  constructor(registry: EngineRegistry) {
    this.#registry = registry;
  }

  /** Sees to it that a worker gets the packets of a stream; to be called before a peer of that worker subscribes. */
  open(entry: StreamEntry, to: WorkerProcess): void {
    if (entry.worker === to || entry.shape === undefined || entry.pipes.has(to)) return;
    this.#open(entry, entry.shape, to);
  }

  /** Closes the pipe to a worker that has no subscribers to a stream any more, and the copy of the stream there. */
  closeUnused(entry: StreamEntry, to: WorkerProcess): void {
    if (!entry.pipes.has(to) || this.#registry.hasSubscriber(entry, to) || this.#isAwaited(entry, to)) return;
    entry.pipes.delete(to);
    ignoreFailure(entry.worker.call('closePipe', { stream: entry.name, to: to.config.worker }));
    ignoreFailure(to.call('closeStream', { stream: entry.name }));
  }

  /** Closes the unused pipes of streams to a peer's worker. */
  closeUnusedOf(peer: PeerEntry, streams: Iterable<string>): void {
    for (const stream of streams) {
      const entry = this.#registry.streams.get(stream);
      if (entry !== undefined) this.closeUnused(entry, peer.worker);
    }
  }

  /**
   * Handles that a stream was published: moves it to the publisher's worker, and tells the other workers if it has other
   * codecs or layers, or comes from another worker, than before.
   */
  handlePublished(entry: StreamEntry, worker: WorkerProcess, previous: StreamShape | undefined): void {
    const { shape } = entry;
    const hasMoved = entry.worker !== worker;
    const earlier = entry.worker;
    const receivers = new Set(entry.pipes);
    if (hasMoved) {
      receivers.add(earlier);
      receivers.delete(worker);
      entry.worker = worker;
    }
    const isUnchanged = !hasMoved && !entry.isOrphaned && isSameShape(shape, previous);
    entry.isOrphaned = false;
    if (shape === undefined || isUnchanged) return;
    entry.pipes.clear();
    for (const to of receivers) {
      if (this.#registry.hasSubscriber(entry, to)) this.#open(entry, shape, to);
      else ignoreFailure(to.call('closeStream', { stream: entry.name }));
    }
  }

  /** Handles that other layers are taken at a worker than before: its pipe carries no others (BWE-4). */
  handleDemand(entry: StreamEntry, to: WorkerProcess): void {
    if (!entry.pipes.has(to)) return;
    const { worker } = to.config;
    const highestLayer = entry.demand.highestAt(worker);
    ignoreFailure(entry.worker.call('limitPipe', { stream: entry.name, to: worker, highestLayer }));
  }

  /** Handles that a worker has died: its pipes are gone. Subscribers elsewhere wait for the publishers to come back. */
  handleDeath(worker: WorkerProcess): void {
    for (const entry of this.#registry.streams.values()) {
      if (entry.worker === worker) {
        // The next publish is like one at another worker.
        entry.isOrphaned = true;
      } else if (entry.pipes.delete(worker)) {
        ignoreFailure(entry.worker.call('closePipe', { stream: entry.name, to: worker.config.worker }));
      }
    }
  }

  #open(entry: StreamEntry, shape: StreamShape, to: WorkerProcess): void {
    this.#lastPipe += 1;
    const pipe = this.#lastPipe;
    const { name: stream, group, blocked } = entry;
    entry.pipes.add(to);
    const from = entry.worker.config.worker;
    const { worker } = to.config;
    const highestLayer = entry.demand.highestAt(worker);
    ignoreFailure(to.call('acceptPipe', { stream, group, pipe, from, shape, blocked }));
    ignoreFailure(entry.worker.call('openPipe', { stream, pipe, to: worker, highestLayer }));
  }

  /** Whether an open offer of a peer of the worker subscribes to the stream. */
  #isAwaited(entry: StreamEntry, worker: WorkerProcess): boolean {
    for (const peer of this.#registry.peers.values()) {
      if (peer.worker !== worker) continue;
      for (const offer of peer.offers) if (offer.subscribing.has(entry.name)) return true;
    }
    return false;
  }
}

/** A call fails only if its worker dies, and then everything is opened again when its peers come back. */
function ignoreFailure(call: Promise<undefined>): void {
  call.catch(() => undefined);
}

/** Whether two shapes have the same codecs and layers. */
export function isSameShape(shape: StreamShape | undefined, other: StreamShape | undefined): boolean {
  return JSON.stringify(shape) === JSON.stringify(other);
}
