/**
 * The retransmission buffer of a stream, shared by all players: NACKs are answered from it (MED-4).
 *
 * @module
 */

/** Number of stored packets: about 1.5 s of video at 3 Mbit/s. A power of two. */
export const BUFFERED_PACKETS = 512;

/** Maximum size of a stored packet, in bytes; larger packets are forwarded but cannot be retransmitted. */
export const MAX_BUFFERED_BYTES = 1_500;

/** A ring of RTP packets by sequence number, 768 kB, allocated with the first packet. */
export class PacketBuffer {
  #slab: Buffer | undefined;
  readonly #sequences = new Int32Array(BUFFERED_PACKETS).fill(-1);
  readonly #lengths = new Uint16Array(BUFFERED_PACKETS);

  /** Stores a copy of a packet, which overwrites the packet `BUFFERED_PACKETS` sequence numbers earlier. */
  store(sequence: number, packet: Buffer): void {
    const slot = sequence & (BUFFERED_PACKETS - 1);
    // What the slot has is older, possibly of the same number one cycle before.
    this.#sequences[slot] = -1;
    if (packet.length > MAX_BUFFERED_BYTES) return;
    this.#slab ??= Buffer.allocUnsafeSlow(BUFFERED_PACKETS * MAX_BUFFERED_BYTES);
    packet.copy(this.#slab, slot * MAX_BUFFERED_BYTES);
    this.#sequences[slot] = sequence;
    this.#lengths[slot] = packet.length;
  }

  /** Returns a packet; the view is valid until the next `store`. */
  find(sequence: number): Buffer | undefined {
    const slot = sequence & (BUFFERED_PACKETS - 1);
    if (this.#slab === undefined || this.#sequences[slot] !== sequence) return undefined;
    const offset = slot * MAX_BUFFERED_BYTES;
    return this.#slab.subarray(offset, offset + (this.#lengths[slot] as number));
  }
}
