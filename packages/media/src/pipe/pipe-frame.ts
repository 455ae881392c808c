/**
 * The frames that workers send to each other: packets of piped tracks, what interrupts them, and requests for keyframes.
 *
 * A frame is a 16-bit length of what follows, a type, a layer, the 32-bit number of the pipe, and the bytes of a packet.
 *
 * @module
 */

/** Types of a frame. */
export const FRAME = {
  /** An RTP packet of a layer, towards the subscribers' worker. */
  rtp: 1,
  /** An RTCP sender report of a layer, towards the subscribers' worker. */
  senderReport: 2,
  /** A request for a keyframe of a layer, towards the publisher's worker. */
  keyframeRequest: 3,
  /** Packets of a layer were left out between its last one and its next one, towards the subscribers' worker. */
  resumed: 4,
} as const;

/** The type of a frame. */
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** The layer of a frame with a packet of audio, which has no layers. */
export const AUDIO_LAYER = 255;

/** One frame. Its bytes are valid only during the call that passes it. */
export interface PipeFrame {
  readonly type: number;
  readonly pipe: number;
  readonly layer: number;
  readonly bytes: Buffer;
}

/** Bytes of a frame before its packet. */
export const FRAME_HEADER_BYTES = 8;

/** Largest packet in a frame, in bytes. */
export const MAX_FRAME_PACKET_BYTES = 4_096;

const LENGTH_BYTES = 2;

/** Writes a frame; the caller has seen to it that there is room. Returns the offset after it. */
export function writeFrame(target: Buffer, offset: number, frame: PipeFrame): number {
  const { bytes } = frame;
  target.writeUInt16BE(FRAME_HEADER_BYTES - LENGTH_BYTES + bytes.length, offset);
  target[offset + 2] = frame.type;
  target[offset + 3] = frame.layer;
  target.writeUInt32BE(frame.pipe, offset + 4);
  bytes.copy(target, offset + FRAME_HEADER_BYTES);
  return offset + FRAME_HEADER_BYTES + bytes.length;
}

/** Splits a stream of bytes into frames. */
export class FrameReader {
  readonly #handleFrame: (frame: PipeFrame) => void;
  /** A frame whose end has not arrived. */
  readonly #partial = Buffer.alloc(FRAME_HEADER_BYTES + MAX_FRAME_PACKET_BYTES);
  #partialBytes = 0;

  constructor(handleFrame: (frame: PipeFrame) => void) {
    this.#handleFrame = handleFrame;
  }

  /**
   * Reads the next bytes of the stream; `handleFrame` is called for each complete frame.
   *
   * @throws RangeError for a length that no frame has: the stream cannot be read any further
   */
  read(chunk: Buffer): void {
    let offset = this.#partialBytes > 0 ? this.#completePartial(chunk) : 0;
    while (offset + LENGTH_BYTES <= chunk.length) {
      const end = offset + frameBytes(chunk, offset);
      if (end > chunk.length) break;
      this.#emit(chunk, offset, end);
      offset = end;
    }
    if (offset >= chunk.length) return;
    chunk.copy(this.#partial, this.#partialBytes, offset);
    this.#partialBytes += chunk.length - offset;
  }

  /** Completes the partial frame; returns how many bytes of the chunk it has consumed. */
  #completePartial(chunk: Buffer): number {
    let offset = 0;
    if (this.#partialBytes < LENGTH_BYTES) {
      this.#partial[this.#partialBytes] = chunk[0] as number;
      this.#partialBytes += 1;
      offset = 1;
    }
    const bytes = frameBytes(this.#partial, 0);
    const missing = Math.min(bytes - this.#partialBytes, chunk.length - offset);
    chunk.copy(this.#partial, this.#partialBytes, offset, offset + missing);
    this.#partialBytes += missing;
    if (this.#partialBytes === bytes) {
      this.#partialBytes = 0;
      this.#emit(this.#partial, 0, bytes);
    }
    return offset + missing;
  }

  #emit(source: Buffer, offset: number, end: number): void {
    this.#handleFrame({
      type: source[offset + 2] as number,
      layer: source[offset + 3] as number,
      pipe: source.readUInt32BE(offset + 4),
      bytes: source.subarray(offset + FRAME_HEADER_BYTES, end),
    });
  }
}

/** Returns the bytes of the frame at an offset, its length included. */
function frameBytes(source: Buffer, offset: number): number {
  const bytes = LENGTH_BYTES + source.readUInt16BE(offset);
  if (bytes < FRAME_HEADER_BYTES || bytes > FRAME_HEADER_BYTES + MAX_FRAME_PACKET_BYTES) {
    throw new RangeError(`A frame between workers has ${bytes} bytes`);
  }
  return bytes;
}
