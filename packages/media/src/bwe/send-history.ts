/**
 * The packets that were sent to one peer, by transport-wide sequence number, until their feedback arrives.
 *
 * @module
 */

/** Number of remembered packets: two seconds at 10 Mbit/s. A power of two. */
export const SENT_PACKETS = 2_048;

/** No cluster: the packet was not sent to probe. */
export const NO_CLUSTER = 0;

/** A ring of sent packets: 34 kB, allocated with the first packet. */
export class SendHistory {
  #sentAtMs: Float64Array | undefined;
  #sequences = new Int32Array(0);
  #bytes = new Uint16Array(0);
  #clusters = new Uint16Array(0);
  #isLost = new Uint8Array(0);
  #next = 0;
  #bytesInFlight = 0;

  /** The number of the next packet (16 bits). */
  get nextSequence(): number {
    return this.#next;
  }

  /** Bytes sent whose feedback has not arrived; those of packets that are no longer remembered are left out. */
  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /**
   * Records a packet under `nextSequence`.
   *
   * @param cluster the probe cluster that it belongs to
   */
  add(bytes: number, nowMs: number, cluster: number): void {
    this.#sentAtMs ??= this.#allocate();
    const slot = this.#next & (SENT_PACKETS - 1);
    if (this.#sequences[slot] !== -1) this.#bytesInFlight -= this.#bytes[slot] as number;
    this.#sentAtMs[slot] = nowMs;
    this.#sequences[slot] = this.#next;
    this.#bytes[slot] = bytes;
    this.#clusters[slot] = cluster;
    this.#isLost[slot] = 0;
    this.#bytesInFlight += bytes;
    this.#next = (this.#next + 1) & 0xffff;
  }

  /** Removes a packet whose fate is known, and returns its slot; -1 if it is not remembered. The slot is valid until the next `add`. */
  remove(sequence: number): number {
    const slot = sequence & (SENT_PACKETS - 1);
    if (this.#sequences[slot] !== sequence) return -1;
    this.#sequences[slot] = -1;
    this.#bytesInFlight -= this.#bytes[slot] as number;
    return slot;
  }

  /** Marks a packet as reported lost; it may still arrive. Returns `false` if it was marked before, or is not remembered. */
  markLost(sequence: number): boolean {
    const slot = sequence & (SENT_PACKETS - 1);
    if (this.#sequences[slot] !== sequence || this.#isLost[slot] === 1) return false;
    this.#isLost[slot] = 1;
    return true;
  }

  /** Whether a packet was reported lost before it arrived. */
  wasLost(slot: number): boolean {
    return this.#isLost[slot] === 1;
  }

  sentAtMs(slot: number): number {
    return this.#sentAtMs?.[slot] as number;
  }

  bytes(slot: number): number {
    return this.#bytes[slot] as number;
  }

  cluster(slot: number): number {
    return this.#clusters[slot] as number;
  }

  #allocate(): Float64Array {
    this.#sequences = new Int32Array(SENT_PACKETS).fill(-1);
    this.#bytes = new Uint16Array(SENT_PACKETS);
    this.#clusters = new Uint16Array(SENT_PACKETS);
    this.#isLost = new Uint8Array(SENT_PACKETS);
    return new Float64Array(SENT_PACKETS);
  }
}
