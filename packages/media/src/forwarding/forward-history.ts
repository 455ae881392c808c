/**
 * What a forwarder sent, for retransmissions: not the packets, which the layers keep, but what was written into them.
 *
 * @module
 */

/** Number of remembered packets. A power of two. */
export const REMEMBERED_PACKETS = 1_024;

/** One remembered packet. One instance is reused for every look-up. */
export interface ForwardedPacket {
  /** The layer that keeps the packet, and its sequence number there (16 bits). */
  layer: number;
  sourceSequence: number;
  timestamp: number;
  transportSequence: number;
  pictureId: number;
  tl0PicIdx: number;
  keyIdx: number;
}

/** A ring of the last packets by output sequence number: 20 kB, allocated with the first packet. */
export class ForwardHistory {
  readonly found: ForwardedPacket = {
    layer: 0,
    sourceSequence: 0,
    timestamp: 0,
    transportSequence: 0,
    pictureId: 0,
    tl0PicIdx: 0,
    keyIdx: 0,
  };
  readonly #sequences = new Int32Array(REMEMBERED_PACKETS).fill(-1);
  readonly #layers = new Uint8Array(REMEMBERED_PACKETS);
  readonly #sources = new Uint16Array(REMEMBERED_PACKETS);
  readonly #timestamps = new Uint32Array(REMEMBERED_PACKETS);
  readonly #transportSequences = new Uint16Array(REMEMBERED_PACKETS);
  readonly #pictureIds = new Uint16Array(REMEMBERED_PACKETS);
  readonly #tl0PicIdxs = new Uint8Array(REMEMBERED_PACKETS);
  readonly #keyIdxs = new Uint8Array(REMEMBERED_PACKETS);
  readonly #resentAtMs = new Float64Array(REMEMBERED_PACKETS);

  /** Remembers one packet under its output sequence number (16 bits). */
  store(sequence: number, packet: Readonly<ForwardedPacket>): void {
    const slot = sequence & (REMEMBERED_PACKETS - 1);
    this.#sequences[slot] = sequence;
    this.#layers[slot] = packet.layer;
    this.#sources[slot] = packet.sourceSequence;
    this.#timestamps[slot] = packet.timestamp;
    this.#transportSequences[slot] = packet.transportSequence;
    this.#pictureIds[slot] = packet.pictureId;
    this.#tl0PicIdxs[slot] = packet.tl0PicIdx;
    this.#keyIdxs[slot] = packet.keyIdx;
    this.#resentAtMs[slot] = Number.NEGATIVE_INFINITY;
  }

  /**
   * Finds a packet to be sent again, and sets `found`; `false` if it is not remembered, or was sent again within the
   * interval.
   */
  findForResend(sequence: number, nowMs: number, minIntervalMs: number): boolean {
    const slot = sequence & (REMEMBERED_PACKETS - 1);
    if (this.#sequences[slot] !== sequence) return false;
    if (nowMs - (this.#resentAtMs[slot] as number) < minIntervalMs) return false;
    this.#resentAtMs[slot] = nowMs;
    const found = this.found;
    found.layer = this.#layers[slot] as number;
    found.sourceSequence = this.#sources[slot] as number;
    found.timestamp = this.#timestamps[slot] as number;
    found.transportSequence = this.#transportSequences[slot] as number;
    found.pictureId = this.#pictureIds[slot] as number;
    found.tl0PicIdx = this.#tl0PicIdxs[slot] as number;
    found.keyIdx = this.#keyIdxs[slot] as number;
    return true;
  }

  /** Forgets every packet, such as because its source's packets are not kept any longer. */
  clear(): void {
    this.#sequences.fill(-1);
  }
}
