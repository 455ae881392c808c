/**
 * The packets that were sent to one peer, by transport-wide sequence number, until their feedback arrives.
 *
 * @module
 */

/** Number of remembered packets: two seconds at 10 Mbit/s. A power of two. */
export const SENT_PACKETS = 2_048;

/** No cluster: the packet was not sent to probe. */
export const NO_CLUSTER = 0;

/**
 * One record is 16 bytes, so that a packet touches one line of the processor's cache: the time, its number and size, its
 * cluster and state.
 */
const RECORD_BYTES = 16;
const NUMBER_OFFSET = 8;
const CLUSTER_OFFSET = 12;
const IS_WAITING = 1 << 16;
const IS_LOST = 1 << 17;
const EMPTY_RING = new DataView(new ArrayBuffer(0));

/**
 * A ring of sent packets: 32 kB, allocated with the first packet. It is a view of bytes, because two typed arrays would be two more
 * objects for the cache: a packet to hundreds of peers touches each peer's.
 */
export class SendHistory {
  #ring = EMPTY_RING;
  #next = 0;
  #sentBytes = 0;

  /** The number of the next packet (16 bits). */
  get nextSequence(): number {
    return this.#next;
  }

  /** Bytes of all packets so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** When the newest packet was sent, in milliseconds; −Infinity before the first. */
  get newestSentMs(): number {
    if (this.#ring === EMPTY_RING) return Number.NEGATIVE_INFINITY;
    return this.sentAtMs((this.#next - 1) & (SENT_PACKETS - 1));
  }

  /**
   * Records a packet under `nextSequence`.
   *
   * @param bytes at most 65,535
   * @param cluster the probe cluster that it belongs to (16 bits)
   */
  add(bytes: number, nowMs: number, cluster: number): void {
    if (this.#ring === EMPTY_RING) this.#ring = new DataView(new ArrayBuffer(SENT_PACKETS * RECORD_BYTES));
    const ring = this.#ring;
    const sequence = this.#next;
    const at = (sequence & (SENT_PACKETS - 1)) * RECORD_BYTES;
    ring.setFloat64(at, nowMs, true);
    ring.setUint32(at + NUMBER_OFFSET, (sequence << 16) | bytes, true);
    ring.setUint32(at + CLUSTER_OFFSET, cluster | IS_WAITING, true);
    this.#next = (sequence + 1) & 0xffff;
    this.#sentBytes += bytes;
  }

  /** Removes a packet whose fate is known, and returns its slot; -1 if it is not remembered. The slot is valid until the next `add`. */
  remove(sequence: number): number {
    const slot = this.#find(sequence);
    if (slot >= 0) this.#setState(slot, this.#state(slot) & ~IS_WAITING);
    return slot;
  }

  /** Marks a packet as reported lost; it may still arrive. Returns `false` if it was marked before, or is not remembered. */
  markLost(sequence: number): boolean {
    const slot = this.#find(sequence);
    if (slot < 0 || this.wasLost(slot)) return false;
    this.#setState(slot, this.#state(slot) | IS_LOST);
    return true;
  }

  /** Whether a packet was reported lost before it arrived. */
  wasLost(slot: number): boolean {
    return (this.#state(slot) & IS_LOST) !== 0;
  }

  sentAtMs(slot: number): number {
    return this.#ring.getFloat64(slot * RECORD_BYTES, true);
  }

  bytes(slot: number): number {
    return this.#number(slot) & 0xffff;
  }

  cluster(slot: number): number {
    return this.#state(slot) & 0xffff;
  }

  #number(slot: number): number {
    return this.#ring.getUint32(slot * RECORD_BYTES + NUMBER_OFFSET, true);
  }

  #state(slot: number): number {
    return this.#ring.getUint32(slot * RECORD_BYTES + CLUSTER_OFFSET, true);
  }

  #setState(slot: number, state: number): void {
    this.#ring.setUint32(slot * RECORD_BYTES + CLUSTER_OFFSET, state, true);
  }

  #find(sequence: number): number {
    const slot = sequence & (SENT_PACKETS - 1);
    if (this.#ring === EMPTY_RING) return -1;
    const isRemembered = this.#number(slot) >>> 16 === sequence && (this.#state(slot) & IS_WAITING) !== 0;
    return isRemembered ? slot : -1;
  }
}
