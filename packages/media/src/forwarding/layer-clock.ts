/**
 * The clock of one layer: relates its RTP timestamps to the publisher's wall clock by its sender reports.
 *
 * @module
 */

import type { SenderReport } from '../rtp/rtcp.ts';

/** Maps RTP timestamps of a layer to the time at which the publisher captured them. */
export class LayerClock {
  readonly #clockRate: number;
  #ntpMs: number | undefined;
  #rtpTimestamp = 0;

  /** @param clockRate ticks per second of the RTP timestamp */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  handleSenderReport({ ntpSeconds, ntpFraction, rtpTimestamp }: SenderReport): void {
    this.#ntpMs = ntpSeconds * 1000 + (ntpFraction / 0x1_0000_0000) * 1000;
    this.#rtpTimestamp = rtpTimestamp;
  }

  /** Returns the publisher's time in milliseconds; undefined before the first sender report. */
  toCaptureMs(timestamp: number): number | undefined {
    if (this.#ntpMs === undefined) return undefined;
    return this.#ntpMs + (((timestamp - this.#rtpTimestamp) | 0) * 1000) / this.#clockRate;
  }

  /** Forgets the reports, because another publisher follows. */
  reset(): void {
    this.#ntpMs = undefined;
  }
}
