/**
 * The one retransmission buffer of a stream: every player's NACKs are answered from it (MED-4).
 *
 * @module
 */

/** Packets that are kept: about 1.5 s of video at 3 Mbit/s. A power of two. */
export const bufferedPackets = 512;

/** Bytes of the longest packet that is kept; longer ones are forwarded but cannot be sent again. */
export const maxBufferedBytes = 1_500;

/** A ring of RTP packets by sequence number, 768 kB, allocated with the first packet. */
export class PacketBuffer {
  #slab: Buffer | undefined;
  readonly #sequences = new Int32Array(bufferedPackets).fill(-1);
  readonly #lengths = new Uint16Array(bufferedPackets);

  /** Copies a packet in, over the one that was stored `bufferedPackets` sequence numbers before. */
  store(sequence: number, packet: Buffer): void {
    if (packet.length > maxBufferedBytes) return;
    this.#slab ??= Buffer.allocUnsafeSlow(bufferedPackets * maxBufferedBytes);
    const slot = sequence & (bufferedPackets - 1);
    packet.copy(this.#slab, slot * maxBufferedBytes);
    this.#sequences[slot] = sequence;
    this.#lengths[slot] = packet.length;
  }

  /** Finds a packet; the view is valid until the next `store`. */
  find(sequence: number): Buffer | undefined {
    const slot = sequence & (bufferedPackets - 1);
    if (this.#slab === undefined || this.#sequences[slot] !== sequence) return undefined;
    const offset = slot * maxBufferedBytes;
    return this.#slab.subarray(offset, offset + (this.#lengths[slot] as number));
  }
}
