/**
 * What one peer's network can take: numbers what is sent to it, and follows its feedback.
 *
 * @module
 */

import { BandwidthEstimator } from '../bwe/bandwidth-estimator.ts';
import type { TransportFeedback } from '../rtp/rtcp.ts';
import { TwccReader } from '../rtp/twcc-reader.ts';

/** Scratch memory: one feedback is read at a time. */
const reader = new TwccReader();

/** The estimate of one peer. It needs no memory until a packet is numbered, and says nothing until feedback arrives. */
export class PeerBandwidth {
  #estimator: BandwidthEstimator | undefined;

  /** The estimate, in bits per second; infinite without feedback, because nothing is known then. */
  get bps(): number {
    return this.#estimator?.hasFeedback ? this.#estimator.bps : Number.POSITIVE_INFINITY;
  }

  /** Whether the peer sends feedback. */
  get hasFeedback(): boolean {
    return this.#estimator?.hasFeedback ?? false;
  }

  /** Records a packet that is to be sent, and returns its transport-wide number (16 bits). */
  recordSent(bytes: number, nowMs: number): number {
    this.#estimator ??= new BandwidthEstimator();
    return this.#estimator.recordSent(bytes, nowMs);
  }

  /** Follows one untrusted feedback, which is a part of an RTCP packet. */
  handleFeedback(packet: Buffer, { start, end }: TransportFeedback, nowMs: number): void {
    if (this.#estimator !== undefined && reader.read(packet, start, end)) this.#estimator.handleFeedback(reader, nowMs);
  }
}
