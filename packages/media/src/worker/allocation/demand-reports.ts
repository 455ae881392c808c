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
  /** By stream. */
  readonly #changed = new Map<string, LayerReport>();

  /** @param send sends one message */
  constructor(send: (reports: readonly LayerReport[]) => void) {
    this.#send = send;
  }

  /** Reports what is taken of a stream, in the place of an earlier report of this turn. */
  add(report: LayerReport): void {
    if (this.#changed.size === 0) setImmediate(() => this.#flush());
    this.#changed.set(report.stream, report);
  }

  #flush(): void {
    const reports = [...this.#changed.values()];
    this.#changed.clear();
    this.#send(reports);
  }
}
