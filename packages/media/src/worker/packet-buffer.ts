/**
 * The retransmission buffer of a layer, shared by all subscribers: NACKs are answered from it (MED-4).
 *
 * @module
 */

/** Number of stored packets by default: about 1.5 s of video at 3 Mbit/s. A power of two. */
export const BUFFERED_PACKETS = 512;

/** Maximum size of a stored packet, in bytes; larger packets are forwarded but cannot be retransmitted. */
export const MAX_BUFFERED_BYTES = 1_500;

/** A ring of RTP packets by sequence number, 768 kB by default, allocated with the first packet. */
export class PacketBuffer {
  #slab: Buffer | undefined;
  readonly #mask: number;
  readonly #sequences: Int32Array;
  readonly #lengths: Uint16Array;

  /** @param packets how many are stored; a power of two */
  constructor(packets = BUFFERED_PACKETS) {
    this.#mask = packets - 1;
    this.#sequences = new Int32Array(packets).fill(-1);
    this.#lengths = new Uint16Array(packets);
  }

  /** The number of packets that are stored at most. */
  get size(): number {
    return this.#mask + 1;
  }

  /** Stores a copy of a packet, which overwrites the one whose slot it needs. */
  store(sequence: number, packet: Buffer): void {
    const slot = sequence & this.#mask;
    // What the slot has is older, possibly of the same number one cycle before.
    this.#sequences[slot] = -1;
    if (packet.length > MAX_BUFFERED_BYTES) return;
    this.#slab ??= Buffer.allocUnsafeSlow((this.#mask + 1) * MAX_BUFFERED_BYTES);
    packet.copy(this.#slab, slot * MAX_BUFFERED_BYTES);
    this.#sequences[slot] = sequence;
    this.#lengths[slot] = packet.length;
  }

  /** Returns a packet; the view is valid until the next `store`. */
  find(sequence: number): Buffer | undefined {
    const slot = sequence & this.#mask;
    if (this.#slab === undefined || this.#sequences[slot] !== sequence) return undefined;
    const offset = slot * MAX_BUFFERED_BYTES;
    return this.#slab.subarray(offset, offset + (this.#lengths[slot] as number));
  }
}
