/**
 * Collects the arrival times of one peer connection's packets until the next feedback (MED-4).
 *
 * @module
 */

import { SequenceUnwrapper } from '../rtp/sequence.ts';
import { MAX_TWCC_PACKETS, writeTwccFeedback } from '../rtp/twcc.ts';

const RING_SIZE = 4_096;
const MAX_REACH = 1_024;

/** Turns transport-wide sequence numbers into feedback packets. */
export class TwccCollector {
  readonly #senderSsrc: number;
  readonly #unwrapper = new SequenceUnwrapper();
  readonly #arrivedAtMs = new Float64Array(RING_SIZE);
  readonly #sequences = new Float64Array(RING_SIZE).fill(-1);
  #next = -1;
  #hasNew = false;
  #feedbackCount = 0;

  /** @param senderSsrc the sender SSRC of the feedback */
  constructor(senderSsrc: number) {
    this.#senderSsrc = senderSsrc;
  }

  /** Records the arrival of one packet. */
  handlePacket(transportSequence: number, nowMs: number): void {
    const sequence = this.#unwrapper.unwrap(transportSequence);
    if (sequence <= this.#unwrapper.highest - MAX_REACH) return;
    const slot = sequence % RING_SIZE;
    this.#sequences[slot] = sequence;
    this.#arrivedAtMs[slot] = nowMs;
    // A late packet was reported as lost: the next report starts at this packet, as in libwebrtc's own receiver.
    if (this.#next < 0 || sequence < this.#next) this.#next = sequence;
    this.#hasNew = true;
  }

  /** Writes the feedback packets that are due; none if no packet has arrived since the last feedback. */
  collect(mediaSsrc: number): Buffer[] {
    if (!this.#hasNew) return [];
    this.#hasNew = false;
    const packets: Buffer[] = [];
    const highest = this.#unwrapper.highest;
    this.#next = Math.max(this.#next, highest - MAX_REACH + 1);
    while (this.#next <= highest) {
      while (this.#findArrival(this.#next) === undefined) this.#next += 1;
      const arrivals: (number | undefined)[] = [];
      const last = Math.min(highest, this.#next + MAX_TWCC_PACKETS - 1);
      for (let sequence = this.#next; sequence <= last; sequence += 1) arrivals.push(this.#findArrival(sequence));
      const { packet, covered } = writeTwccFeedback({
        senderSsrc: this.#senderSsrc,
        mediaSsrc,
        feedbackCount: this.#feedbackCount,
        baseSequence: this.#next & 0xffff,
        arrivedAtMs: arrivals,
      });
      this.#feedbackCount = (this.#feedbackCount + 1) & 0xff;
      packets.push(packet);
      this.#next += covered;
    }
    return packets;
  }

  #findArrival(sequence: number): number | undefined {
    const slot = sequence % RING_SIZE;
    return this.#sequences[slot] === sequence ? this.#arrivedAtMs[slot] : undefined;
  }
}
