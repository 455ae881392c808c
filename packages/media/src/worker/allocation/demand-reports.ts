/**
 * The reports of a worker about what is taken of its streams.
 *
 * @module
 */

import type { LayerReport } from '../../ipc.ts';

/**
 * Collects the changes of one turn of the event loop into one message: a peer that closes often ends many subscriptions,
 * and the answer to the close does not wait for these reports.
 */
export class DemandReports {
  readonly #send: (reports: readonly LayerReport[]) => void;
  /** The highest layer by stream. */
  readonly #changed = new Map<string, number>();

  /** @param send sends one message */
  constructor(send: (reports: readonly LayerReport[]) => void) {
    this.#send = send;
  }

  /** Reports the highest layer that is taken of a stream; -1: nobody takes video. */
  add(stream: string, highestLayer: number): void {
    if (this.#changed.size === 0) setImmediate(() => this.#flush());
    this.#changed.set(stream, highestLayer);
  }

  #flush(): void {
    const reports = Array.from(this.#changed, ([stream, highestLayer]) => ({ stream, highestLayer }));
    this.#changed.clear();
    this.#send(reports);
  }
}
