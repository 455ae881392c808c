/**
 * Sums up what the subscribers of a stream take of its video, over all workers (BWE-4).
 *
 * @module
 */

import type { StreamDemand } from './engine.ts';

/** A layer is demanded for this time after its last subscriber has left it, in milliseconds. */
export const LINGER_MS = 2_000;

const NOBODY = -1;

/** The publication whose publisher is informed. */
interface Publication {
  /** The number of layers of its video. */
  readonly layers: number;
  readonly emit: (demand: StreamDemand) => void;
  /** Until when each layer is demanded although nobody takes it. */
  readonly lingersUntilMs: number[];
  /** The highest layer that is taken. */
  highest: number;
  /** What the publisher knows. */
  emitted: StreamDemand;
}

/** The demand of one stream. It outlives publications. */
export class DemandSum {
  /** The highest layer that is taken at each worker that has subscribers to video. */
  readonly #byWorker = new Map<number, number>();
  /** The limit that the only subscriber's worker has reported. */
  #maxBps: number | undefined;
  #publication: Publication | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Handles that the stream was published on a new connection, or with other layers: the publisher sends everything until
   * `emit` is called for the first time.
   *
   * @param layers of its video; 0 without video
   */
  open(layers: number, emit: (demand: StreamDemand) => void): void {
    this.close();
    if (layers === 0) return;
    const untilMs = performance.now() + LINGER_MS;
    const lingersUntilMs = Array.from({ length: layers }, () => untilMs);
    this.#publication = { layers, emit, lingersUntilMs, highest: NOBODY, emitted: { highestLayer: layers - 1 } };
    this.#update(this.#publication);
  }

  /**
   * Handles the report of a worker.
   *
   * @param highestLayer -1: nobody takes video there
   * @param maxBps what the only subscriber can take; undefined: no limit
   */
  handleReport(worker: number, highestLayer: number, maxBps?: number): void {
    this.#maxBps = maxBps;
    if (highestLayer === NOBODY) this.#byWorker.delete(worker);
    else this.#byWorker.set(worker, highestLayer);
    if (this.#publication !== undefined) this.#update(this.#publication);
  }

  /** Returns the highest layer that is taken at a worker; -1 if nobody takes video there. */
  highestAt(worker: number): number {
    return this.#byWorker.get(worker) ?? NOBODY;
  }

  /** Handles that the publication has ended. */
  close(): void {
    clearTimeout(this.#timer);
    this.#publication = undefined;
  }

  #update(publication: Publication): void {
    clearTimeout(this.#timer);
    const { layers, lingersUntilMs } = publication;
    const nowMs = performance.now();
    const highest = Math.min(layers - 1, Math.max(NOBODY, ...this.#byWorker.values()));
    for (let layer = highest + 1; layer <= publication.highest; layer += 1) lingersUntilMs[layer] = nowMs + LINGER_MS;
    publication.highest = highest;
    const lingering = lingersUntilMs.findLastIndex((untilMs) => untilMs > nowMs);
    const effective = Math.max(highest, lingering);
    if (effective > highest) {
      this.#timer = setTimeout(() => this.#update(publication), (lingersUntilMs[lingering] as number) - nowMs);
      this.#timer.unref();
    }
    const maxBps = this.#byWorker.size === 1 ? this.#maxBps : undefined;
    if (effective === publication.emitted.highestLayer && maxBps === publication.emitted.maxBps) return;
    publication.emitted = { highestLayer: effective, ...(maxBps !== undefined && { maxBps }) };
    publication.emit(publication.emitted);
  }
}
