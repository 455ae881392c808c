/**
 * The reports of a worker about what is taken of its streams.
 *
 * @module
 */

import { NO_LAYER } from '../../forwarding/forwarder.ts';
import type { LayerReport } from '../../ipc.ts';

/** How long the report of a stream whose video nobody takes any more may wait, in milliseconds. */
const ABANDONED_DELAY_MS = 20;

/**
 * Collects changes into messages: all of one turn of the event loop are one message. Reports of abandoned streams wait some
 * milliseconds longer, because a peer that closes ends many subscriptions at once, and the answer to the close must not wait
 * behind these reports on a core that worker and engine share. Their layers are demanded for a while in any case.
 */
export class DemandReports {
  readonly #send: (reports: readonly LayerReport[]) => void;
  /** By stream. */
  readonly #changed = new Map<string, LayerReport>();
  #immediate: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param send sends one message */
  constructor(send: (reports: readonly LayerReport[]) => void) {
    this.#send = send;
  }

  /** Reports what is taken of a stream, in the place of an earlier report that has not been sent. */
  add(report: LayerReport): void {
    this.#changed.set(report.stream, report);
    if (report.highestLayer === NO_LAYER) this.#timer ??= setTimeout(() => this.#flush(), ABANDONED_DELAY_MS);
    else this.#immediate ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    const reports = [...this.#changed.values()];
    this.#changed.clear();
    this.#send(reports);
  }
}
