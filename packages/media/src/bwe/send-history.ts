/**
 * The packets that were sent to one peer, by transport-wide sequence number, until their feedback arrives.
 *
 * @module
 */

/** Number of remembered packets: two seconds at 10 Mbit/s. A power of two. */
export const SENT_PACKETS = 2_048;

/** No cluster: the packet was not sent to probe. */
export const NO_CLUSTER = 0;

/** One record is 16 bytes, so that a packet touches one line of the processor's cache: the time, its number and size, its cluster and state. */
const RECORD_WORDS = 4;
const RECORD_DOUBLES = 2;
const NUMBER_WORD = 2;
const CLUSTER_WORD = 3;
const IS_WAITING = 1 << 16;
const IS_LOST = 1 << 17;

/** A ring of sent packets: 32 kB, allocated with the first packet. */
export class SendHistory {
  #doubles = new Float64Array(0);
  #words = new Uint32Array(0);
  #next = 0;

  /** The number of the next packet (16 bits). */
  get nextSequence(): number {
    return this.#next;
  }

  /**
   * Records a packet under `nextSequence`.
   *
   * @param bytes at most 65,535
   * @param cluster the probe cluster that it belongs to (16 bits)
   */
  add(bytes: number, nowMs: number, cluster: number): void {
    if (this.#words.length === 0) this.#allocate();
    const sequence = this.#next;
    const slot = sequence & (SENT_PACKETS - 1);
    const at = slot * RECORD_WORDS;
    const words = this.#words;
    this.#doubles[slot * RECORD_DOUBLES] = nowMs;
    words[at + NUMBER_WORD] = (sequence << 16) | bytes;
    words[at + CLUSTER_WORD] = cluster | IS_WAITING;
    this.#next = (sequence + 1) & 0xffff;
  }

  /** Removes a packet whose fate is known, and returns its slot; -1 if it is not remembered. The slot is valid until the next `add`. */
  remove(sequence: number): number {
    const slot = this.#find(sequence);
    if (slot < 0) return -1;
    this.#words[slot * RECORD_WORDS + CLUSTER_WORD] = (this.#state(slot) & ~IS_WAITING) >>> 0;
    return slot;
  }

  /** Marks a packet as reported lost; it may still arrive. Returns `false` if it was marked before, or is not remembered. */
  markLost(sequence: number): boolean {
    const slot = this.#find(sequence);
    if (slot < 0 || this.wasLost(slot)) return false;
    this.#words[slot * RECORD_WORDS + CLUSTER_WORD] = this.#state(slot) | IS_LOST;
    return true;
  }

  /** Whether a packet was reported lost before it arrived. */
  wasLost(slot: number): boolean {
    return (this.#state(slot) & IS_LOST) !== 0;
  }

  sentAtMs(slot: number): number {
    return this.#doubles[slot * RECORD_DOUBLES] as number;
  }

  bytes(slot: number): number {
    return (this.#words[slot * RECORD_WORDS + NUMBER_WORD] as number) & 0xffff;
  }

  cluster(slot: number): number {
    return this.#state(slot) & 0xffff;
  }

  #state(slot: number): number {
    return this.#words[slot * RECORD_WORDS + CLUSTER_WORD] as number;
  }

  #find(sequence: number): number {
    const slot = sequence & (SENT_PACKETS - 1);
    const at = slot * RECORD_WORDS;
    const isRemembered =
      at < this.#words.length &&
      (this.#words[at + NUMBER_WORD] as number) >>> 16 === sequence &&
      (this.#state(slot) & IS_WAITING) !== 0;
    return isRemembered ? slot : -1;
  }

  #allocate(): void {
    this.#doubles = new Float64Array(SENT_PACKETS * RECORD_DOUBLES);
    this.#words = new Uint32Array(this.#doubles.buffer);
  }
}
