/**
 * Packets over a stream: each has its length before it, in two bytes (RFC 4571).
 *
 * @module
 */

import { SLOT_BYTES } from '../udp/message-slab.ts';

/** Bytes before each packet. */
export const FRAME_HEADER_BYTES = 2;
/** The longest packet that is accepted, as over UDP. */
export const MAX_FRAME_BYTES = SLOT_BYTES;

const EMPTY = Buffer.alloc(0);

/** Finds the packets in the chunks of a stream. Keeps less than one packet. */
export class FrameReader {
  #rest: Buffer = EMPTY;
  #isBroken = false;

  /** Whether the stream announced a packet that is too long. No later packet of it can be found. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Returns the packets that a chunk completes, as views. Read all of them before the next chunk. */
  *read(chunk: Buffer): Generator<Buffer, void> {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (!this.#isBroken && data.length - at >= FRAME_HEADER_BYTES) {
      const start = at + FRAME_HEADER_BYTES;
      const length = data.readUInt16BE(at);
      this.#isBroken = length > MAX_FRAME_BYTES;
      if (this.#isBroken || data.length - start < length) break;
      at = start + length;
      yield data.subarray(start, at);
    }
    // A copy, so that the rest of a packet does not keep the whole chunk in memory.
    this.#rest = at === data.length ? EMPTY : Buffer.from(data.subarray(at));
  }
}
