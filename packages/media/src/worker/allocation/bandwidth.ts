/**
 * What the allocation and the estimate of a peer's bandwidth know of each other.
 *
 * @module
 */

/** What the network towards a peer can take. */
export interface BandwidthSource {
  /**
   * Estimated bits per second of RTP packets, retransmissions and probes included; `Infinity` for a peer that gives no
   * feedback, which is not limited.
   */
  readonly bps: number;
  /**
   * What the network takes once its queue is short. It is more than `bps` while a queue has to become shorter, which takes a moment
   * and pauses nothing.
   */
  readonly capacityBps: number;
  /** Whether feedback has arrived, so that `bps` is more than the assumption at the start: before, nothing is paused. */
  readonly hasFeedback: boolean;
}

/** What a peer could use. */
export interface BandwidthDemand {
  /** Bits per second that its subscriptions would take with all the bandwidth that they have a use for. */
  readonly wantedBps: number;
  /** Bits per second that its subscriptions are expected to take. */
  readonly allocatedBps: number;
  /** Whether there is video that does not fit at all. */
  readonly hasPausedVideo: boolean;
}
