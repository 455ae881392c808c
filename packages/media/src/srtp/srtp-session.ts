/**
 * The SRTP and SRTCP of one peer: both directions, with rollover counters and replay windows per source.
 *
 * @module
 */

import type { NativeBuffer } from '../ffi/memory.ts';
import { createPacketCipher, type PacketCipher } from './packet-cipher.ts';
import { deriveSessionKeys, type MasterKeys, type SrtpProfile } from './profiles.ts';
import { ReplayWindow } from './replay-window.ts';

/** What DTLS negotiated. */
export interface SrtpKeys {
  readonly profile: SrtpProfile;
  /** Encrypts what is sent. */
  readonly local: MasterKeys;
  /** Decrypts what is received. */
  readonly remote: MasterKeys;
}

/** Bytes that protection adds to a packet at most: the tag of 16 bytes, and the index of an RTCP packet. */
export const MAX_OVERHEAD_BYTES = 20;

/** Retransmissions arrive late, so RTP needs a larger window than the 64 packets of the RFC's minimum. */
const RTP_WINDOW = 1_024;
const RTCP_WINDOW = 128;
/**
 * Sources that one peer may send over the life of its connection, those of streams that it has stopped included: each costs
 * a window of memory.
 */
const MAX_SOURCES = 4_096;
const RTP_HEADER_BYTES = 12;
const RTCP_HEADER_BYTES = 8;
const INDEX_BYTES = 4;
const ENCRYPTED_FLAG = 0x8000_0000;
const MAX_RTCP_INDEX = 0x7fff_ffff;

/**
 * Returns the bytes of an RTP header with its CSRC list and extensions.
 *
 * @returns 0 when they do not fit into the packet
 */
export function measureRtpHeader(bytes: Buffer, length: number): number {
  if (length < RTP_HEADER_BYTES) return 0;
  const first = bytes[0] as number;
  let headerBytes = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (headerBytes + 4 > length) return 0;
    headerBytes += 4 + bytes.readUInt16BE(headerBytes + 2) * 4;
  }
  return headerBytes > length ? 0 : headerBytes;
}

/** Protects and unprotects the packets of one peer in place. */
export class SrtpSession {
  readonly #tagBytes: number;
  /** Whether an RTCP packet has its tag before the index: with GCM (RFC 7714, 9.2), not with counter mode (RFC 3711, 3.4). */
  readonly #isTagFirst: boolean;
  readonly #rtpOut: PacketCipher;
  readonly #rtpIn: PacketCipher;
  readonly #rtcpOut: PacketCipher;
  readonly #rtcpIn: PacketCipher;
  /** The indices that were used, by source. */
  readonly #sent = new Map<number, ReplayWindow>();
  /** The source of the last packet that was sent: most packets are of the same source as the one before. */
  #lastSsrc: number | undefined;
  #lastWindow = new ReplayWindow(RTP_WINDOW);
  readonly #received = new Map<number, ReplayWindow>();
  /** Senders of RTCP count their packets for each of their sources (RFC 3711, 3.2.3). */
  readonly #receivedRtcp = new Map<number, ReplayWindow>();
  #rtcpIndex = 0;

  /** Derives the session keys; wipes the master keys. */
  constructor({ profile, local, remote }: SrtpKeys) {
    this.#tagBytes = profile.tagBytes;
    this.#isTagFirst = profile.cipher !== 'AES-128-CTR';
    const create = (master: MasterKeys, kind: 'rtp' | 'rtcp', direction: 'encrypt' | 'decrypt'): PacketCipher => {
      const keys = deriveSessionKeys(profile, master, kind);
      const cipher = createPacketCipher(profile, keys, direction);
      keys.cipherKey.fill(0);
      keys.authenticationKey.fill(0);
      return cipher;
    };
    this.#rtpOut = create(local, 'rtp', 'encrypt');
    this.#rtcpOut = create(local, 'rtcp', 'encrypt');
    this.#rtpIn = create(remote, 'rtp', 'decrypt');
    this.#rtcpIn = create(remote, 'rtcp', 'decrypt');
    for (const { key, salt } of [local, remote]) {
      key.fill(0);
      salt.fill(0);
    }
  }

  /**
   * Encrypts an RTP packet in place. An index is never used for two contents, which would reveal the key stream and, with
   * GCM, the authentication key (RFC 7714, 8.4; RTX-1).
   *
   * @param packet has `MAX_OVERHEAD_BYTES` of memory behind `length`
   * @param isRepetition the caller has sent the same bytes before, or has kept them instead
   * @returns the new length, or 0 for a packet that is malformed, from before the source's first, older than the window,
   *   or whose index was used and which is no repetition
   */
  protectRtp(packet: NativeBuffer, length: number, isRepetition = false): number {
    const { bytes } = packet;
    const headerBytes = measureRtpHeader(bytes, length);
    if (headerBytes === 0) return 0;
    // Signed, because a number of more than 31 bits would be allocated for each packet.
    const ssrc = bytes.readInt32BE(8);
    const index = this.#reserveIndex(ssrc, bytes.readUInt16BE(2), isRepetition);
    if (index < 0) return 0;
    this.#rtpOut.seal(packet, headerBytes, length, ssrc, index);
    return length + this.#tagBytes;
  }

  /**
   * Decrypts an RTP packet in place.
   *
   * @returns the length without the tag, or 0 for a packet that is malformed, not authentic, or a repetition
   */
  unprotectRtp(packet: NativeBuffer, length: number): number {
    const { bytes } = packet;
    const headerBytes = measureRtpHeader(bytes, length);
    const plainBytes = length - this.#tagBytes;
    if (headerBytes === 0 || headerBytes > plainBytes) return 0;
    const ssrc = bytes.readInt32BE(8);
    const known = this.#received.get(ssrc);
    if (known === undefined && this.#received.size >= MAX_SOURCES) return 0;
    const window = known ?? new ReplayWindow(RTP_WINDOW);
    const index = window.estimateIndex(bytes.readUInt16BE(2));
    if (!window.isNew(index) || !this.#rtpIn.open(packet, headerBytes, plainBytes, ssrc, index)) return 0;
    window.record(index);
    // A source is remembered from its first authentic packet on.
    if (known === undefined) this.#received.set(ssrc, window);
    return plainBytes;
  }

  /**
   * Encrypts an RTCP packet in place.
   *
   * @param packet has `MAX_OVERHEAD_BYTES` of memory behind `length`
   * @returns the new length, or 0 for a packet that is malformed, or when the keys are used up
   */
  protectRtcp(packet: NativeBuffer, length: number): number {
    if (length < RTCP_HEADER_BYTES || this.#rtcpIndex === MAX_RTCP_INDEX) return 0;
    this.#rtcpIndex += 1;
    const index = this.#rtcpIndex;
    const flagged = ENCRYPTED_FLAG + index;
    const { bytes } = packet;
    this.#rtcpOut.seal(packet, RTCP_HEADER_BYTES, length, bytes.readUInt32BE(4), index, flagged);
    if (this.#isTagFirst) bytes.writeUInt32BE(flagged, length + this.#tagBytes);
    else {
      bytes.copyWithin(length + INDEX_BYTES, length, length + this.#tagBytes);
      bytes.writeUInt32BE(flagged, length);
    }
    return length + this.#tagBytes + INDEX_BYTES;
  }

  /**
   * Decrypts an RTCP packet in place.
   *
   * @returns the length without tag and index, or 0 for a packet that is malformed, not authentic, or a repetition
   */
  unprotectRtcp(packet: NativeBuffer, length: number): number {
    const { bytes } = packet;
    const plainBytes = length - this.#tagBytes - INDEX_BYTES;
    if (plainBytes < RTCP_HEADER_BYTES) return 0;
    const flagged = bytes.readUInt32BE(this.#isTagFirst ? plainBytes + this.#tagBytes : plainBytes);
    // Browsers encrypt every RTCP packet; one that is only authenticated is not accepted.
    if (flagged < ENCRYPTED_FLAG) return 0;
    if (!this.#isTagFirst) bytes.copyWithin(plainBytes, plainBytes + INDEX_BYTES, length);
    const index = flagged - ENCRYPTED_FLAG;
    const ssrc = bytes.readUInt32BE(4);
    const known = this.#receivedRtcp.get(ssrc);
    if (known === undefined && this.#receivedRtcp.size >= MAX_SOURCES) return 0;
    const window = known ?? new ReplayWindow(RTCP_WINDOW);
    if (!window.isNew(index) || !this.#rtcpIn.open(packet, RTCP_HEADER_BYTES, plainBytes, ssrc, index, flagged))
      return 0;
    window.record(index);
    if (known === undefined) this.#receivedRtcp.set(ssrc, window);
    return plainBytes;
  }

  /** Wipes the keys. The session must not be used afterwards. */
  free(): void {
    for (const cipher of [this.#rtpOut, this.#rtpIn, this.#rtcpOut, this.#rtcpIn]) cipher.free();
  }

  /** Returns the index of a packet to send, and marks it as used; -1 when it must not be used. */
  #reserveIndex(ssrc: number, sequence: number, isRepetition: boolean): number {
    const window = this.#lastSsrc === ssrc ? this.#lastWindow : this.#findWindow(ssrc);
    const index = window.estimateIndex(sequence);
    const isAllowed = isRepetition ? window.covers(index) : window.isNew(index);
    if (!isAllowed) return -1;
    window.record(index);
    return index;
  }

  #findWindow(ssrc: number): ReplayWindow {
    const window = this.#sent.get(ssrc) ?? new ReplayWindow(RTP_WINDOW);
    this.#sent.set(ssrc, window);
    this.#lastSsrc = ssrc;
    this.#lastWindow = window;
    return window;
  }
}
