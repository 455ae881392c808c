/**
 * RTP packets as subscribers get them: written once, and patched for each subscriber (RFC 3550, RFC 8285, RFC 4588).
 *
 * @module
 */

import { RTP_HEADER_BYTES } from './rtp-packet.ts';

/** Bytes of the extension block of video: its header and the transport-wide number. */
const VIDEO_BLOCK_BYTES = 8;
/** Bytes of the extension block of audio: its header, the transport-wide number and the audio level. */
const AUDIO_BLOCK_BYTES = 12;
/** Bytes of the original sequence number before the payload of a retransmission. */
const OSN_BYTES = 2;
const MAX_PAYLOAD_BYTES = 1_500;
/** Version 2, with header extensions; and the same with padding. */
const FIRST_BYTE = 0x90;
const FIRST_BYTE_PADDED = 0xb0;
/** The most padding that a packet can have, in bytes: the last one is their number. */
const MAX_PADDING_BYTES = 255;
const MEMORY_BYTES = RTP_HEADER_BYTES + AUDIO_BLOCK_BYTES + OSN_BYTES + MAX_PAYLOAD_BYTES;
/** The highest id in the one-byte form of header extensions. */
const MAX_ID = 14;

/** The ids of the header extensions that a subscriber negotiated; 0 for one that it did not. */
export interface ExtensionIds {
  readonly transportSequence: number;
  readonly audioLevel: number;
}

/**
 * A packet in memory of its own. All packets of a kind have the same extension block, so that patching one for a subscriber
 * moves no bytes; elements that a subscriber did not negotiate are padding.
 */
export class OutgoingPacket {
  /** The whole packet; valid until the next `load`. */
  bytes: Buffer;
  /** Where the payload begins. */
  payloadOffset = 0;
  readonly #memory = Buffer.alloc(MEMORY_BYTES);
  /** Writes 32 bits without creating a number on the heap for each packet. */
  readonly #view = new DataView(this.#memory.buffer, this.#memory.byteOffset, MEMORY_BYTES);
  readonly #blockBytes: number;

  constructor(kind: 'audio' | 'video') {
    this.#blockBytes = kind === 'audio' ? AUDIO_BLOCK_BYTES : VIDEO_BLOCK_BYTES;
    this.#memory.writeUInt16BE(0xbede, RTP_HEADER_BYTES);
    this.#memory.writeUInt16BE(this.#blockBytes / 4 - 1, RTP_HEADER_BYTES + 2);
    this.bytes = this.#memory.subarray(0, 0);
  }

  /** Copies a payload; `false`, and nothing is copied, if it is longer than 1,500 bytes. */
  load(source: Buffer, offset: number, end: number, isMarked: boolean): boolean {
    return this.#load(source, offset, end, isMarked, 0);
  }

  /** Copies the payload of a packet that is sent again under the SSRC of retransmissions (RFC 4588, 4). */
  loadRetransmission(
    source: Buffer,
    offset: number,
    end: number,
    isMarked: boolean,
    originalSequence: number,
  ): boolean {
    if (!this.#load(source, offset, end, isMarked, OSN_BYTES)) return false;
    this.#memory.writeUInt16BE(originalSequence, this.payloadOffset - OSN_BYTES);
    return true;
  }

  /**
   * Makes a packet without payload, for probes: at most `bytes` bytes, and at least as long as its header and one byte of
   * padding.
   */
  loadPadding(bytes: number): void {
    const memory = this.#memory;
    this.payloadOffset = RTP_HEADER_BYTES + this.#blockBytes;
    const padding = Math.min(MAX_PADDING_BYTES, Math.max(1, bytes - this.payloadOffset));
    const end = this.payloadOffset + padding;
    memory[0] = FIRST_BYTE_PADDED;
    memory[1] = 0;
    memory.fill(0, this.payloadOffset, end);
    memory[end - 1] = padding;
    this.bytes = memory.subarray(0, end);
  }

  /** Writes one subscriber's numbers. */
  patch(payloadType: number, sequence: number, timestamp: number, ssrc: number): void {
    const memory = this.#memory;
    memory[1] = ((memory[1] as number) & 0x80) | payloadType;
    memory[2] = sequence >> 8;
    memory[3] = sequence & 0xff;
    this.#view.setUint32(4, timestamp);
    this.#view.setUint32(8, ssrc);
  }

  /**
   * Writes one subscriber's header extensions.
   *
   * @param audioLevel the level's byte (RFC 6464); ignored for video
   */
  patchExtensions(ids: ExtensionIds, transportSequence: number, audioLevel: number): void {
    const memory = this.#memory;
    const at = RTP_HEADER_BYTES + 4;
    const hasSequence = ids.transportSequence > 0 && ids.transportSequence <= MAX_ID;
    memory[at] = hasSequence ? (ids.transportSequence << 4) | 1 : 0;
    memory[at + 1] = hasSequence ? (transportSequence >> 8) & 0xff : 0;
    memory[at + 2] = hasSequence ? transportSequence & 0xff : 0;
    if (this.#blockBytes === VIDEO_BLOCK_BYTES) return;
    const hasLevel = ids.audioLevel > 0 && ids.audioLevel <= MAX_ID && audioLevel >= 0;
    memory[at + 3] = hasLevel ? ids.audioLevel << 4 : 0;
    memory[at + 4] = hasLevel ? audioLevel & 0xff : 0;
  }

  #load(source: Buffer, offset: number, end: number, isMarked: boolean, prefixBytes: number): boolean {
    if (end - offset > MAX_PAYLOAD_BYTES) return false;
    const memory = this.#memory;
    this.payloadOffset = RTP_HEADER_BYTES + this.#blockBytes + prefixBytes;
    memory[0] = FIRST_BYTE;
    memory[1] = isMarked ? 0x80 : 0;
    source.copy(memory, this.payloadOffset, offset, end);
    this.bytes = memory.subarray(0, this.payloadOffset + end - offset);
    return true;
  }
}
