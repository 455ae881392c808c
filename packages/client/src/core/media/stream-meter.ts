/**
 * Reads the browser's counters of one stream from a peer connection that carries many.
 *
 * @module
 */

import type { StatsReader, StreamStats } from './stats.ts';

/** A sender or a receiver: its report has only what belongs to it. */
export type Measured = Pick<RTCRtpReceiver, 'getStats'>;

/** The quality of one stream. The reader of reports is loaded at its first use: not every application reads them. */
export class StreamMeter {
  readonly #measured: () => readonly Measured[];
  #reader: StatsReader | undefined;

  /** @param measured returns the senders or receivers of the stream */
  constructor(measured: () => readonly Measured[]) {
    this.#measured = measured;
  }

  /** Forgets earlier readings: the senders or receivers are others now. */
  reset(): void {
    this.#reader = undefined;
  }

  /** Reads the quality since the previous reading; undefined while the stream has no sections. */
  async read(): Promise<StreamStats | undefined> {
    const report = await this.#report();
    if (!report) return undefined;
    const { StatsReader } = await import('./stats.ts');
    this.#reader ??= new StatsReader();
    return this.#reader.read(report);
  }

  async #report(): Promise<Map<string, object> | undefined> {
    const measured = this.#measured();
    if (measured.length === 0) return undefined;
    const reports = await Promise.all(measured.map((one) => one.getStats()));
    const entries = new Map<string, object>();
    for (const report of reports as unknown as Iterable<[string, object]>[]) {
      for (const [id, entry] of report) entries.set(id, entry);
    }
    return entries;
  }
}
