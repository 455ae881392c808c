/**
 * What a forwarder sent, for retransmissions: not the packets, which the layers keep, but what was written into them.
 *
 * @module
 */

/** Number of remembered packets. A power of two. */
export const REMEMBERED_PACKETS = 1_024;

/** One remembered packet. All histories use the same instance: one for each would be two more lines of the cache per packet. */
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

/** Words of one record: the fields of a packet, in the order of `store`. One record is one line of the processor's cache. */
const RECORD_WORDS = 8;
const EMPTY = 0xffff_ffff;

const found: ForwardedPacket = {
  layer: 0,
  sourceSequence: 0,
  timestamp: 0,
  transportSequence: 0,
  pictureId: 0,
  tl0PicIdx: 0,
  keyIdx: 0,
};

/** A ring of the last packets by output sequence number: 40 kB, allocated with the first packet. */
export class ForwardHistory {
  #records: Uint32Array | undefined;
  #resentAtMs: Float64Array | undefined;

  /** The packet that the last look-up has found, of any history. To be used before the next one. */
  get found(): ForwardedPacket {
    return found;
  }

  /** Remembers one packet under its output sequence number (16 bits). */
  store(sequence: number, packet: Readonly<ForwardedPacket>): void {
    this.#records ??= new Uint32Array(REMEMBERED_PACKETS * RECORD_WORDS).fill(EMPTY);
    const records = this.#records;
    const at = (sequence & (REMEMBERED_PACKETS - 1)) * RECORD_WORDS;
    records[at] = sequence;
    records[at + 1] = packet.timestamp;
    records[at + 2] = (packet.sourceSequence << 16) | packet.transportSequence;
    records[at + 3] = (packet.pictureId << 16) | (packet.tl0PicIdx << 8) | packet.keyIdx;
    records[at + 4] = packet.layer;
    records[at + 5] = 0;
  }

  /**
   * Finds a packet to be sent again, and sets `found`; `false` if it is not remembered, or was sent again within the
   * interval.
   */
  findForResend(sequence: number, nowMs: number, minIntervalMs: number): boolean {
    const records = this.#records;
    const slot = sequence & (REMEMBERED_PACKETS - 1);
    const at = slot * RECORD_WORDS;
    if (records === undefined || records[at] !== sequence) return false;
    this.#resentAtMs ??= new Float64Array(REMEMBERED_PACKETS);
    const wasResent = records[at + 5] === 1;
    if (wasResent && nowMs - (this.#resentAtMs[slot] as number) < minIntervalMs) return false;
    records[at + 5] = 1;
    this.#resentAtMs[slot] = nowMs;
    const numbers = records[at + 2] as number;
    const picture = records[at + 3] as number;
    found.timestamp = records[at + 1] as number;
    found.sourceSequence = numbers >>> 16;
    found.transportSequence = numbers & 0xffff;
    found.pictureId = picture >>> 16;
    found.tl0PicIdx = (picture >>> 8) & 0xff;
    found.keyIdx = picture & 0xff;
    found.layer = records[at + 4] as number;
    return true;
  }

  /** Forgets every packet, such as because its source's packets are not kept any longer. */
  clear(): void {
    this.#records?.fill(EMPTY);
  }
}
