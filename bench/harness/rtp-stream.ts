/**
 * One direction of one video, as RTP and RTCP packets that are written and read here. Each packet is a VP8 key frame, so
 * that a server that waits for one before it forwards can be measured too.
 *
 * @module
 */

import { asksForKeyFrame, KEY_FRAME_HEADER_BYTES, writeKeyFrameHeader } from './vp8.ts';

/** The payload type of the video, in both directions. */
export const PAYLOAD_TYPE = 96;
/** The id and the name of the extension for transport-wide sequence numbers. */
export const TRANSPORT_CC_ID = 5;
export const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

const RTP_HEADER_BYTES = 12;
/** The fixed header, and an extension block of one transport-wide sequence number. */
const HEADER_BYTES = RTP_HEADER_BYTES + 8;
/** Version 2, with an extension; the marker says that the packet ends a frame. */
const FIRST_BYTES = 0x9080;
/** The payload of a key frame that answers a request. */
const REQUESTED_BYTES = 200;
/** A publisher answers requests for a key frame at most so often; many players may ask at once. */
const MIN_KEY_FRAME_INTERVAL_MS = 100;
const SENDER_REPORT_BYTES = 28;
const RECEIVER_REPORT_BYTES = 32;
const NTP_EPOCH_OFFSET_S = 2_208_988_800;
/** Ticks of video's RTP clock in a millisecond. */
const TICKS_PER_MS = 90;

/** No two sources of this process have the same SSRC. */
let lastSsrc = 0;

/** A video that is sent or received. */
export abstract class RtpStream {
  readonly ssrc: number;
  /** The source that a player receives, as the server has announced it. */
  remoteSsrc = 0;
  #onRtp: ((packet: Buffer, payloadOffset: number) => void) | undefined;
  #sequence = 0;
  #octets = 0;
  #highestReceived = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;

  constructor() {
    lastSsrc += 1;
    this.ssrc = lastSsrc;
  }

  /** Sends a packet. */
  protected abstract send(packet: Buffer): void;

  /** Returns the next transport-wide sequence number of the connection. */
  protected abstract nextTransportSequence(): number;

  /** Called when the stream wants to receive packets. Before, the connection drops them where that costs least. */
  protected abstract listen(): void;

  /**
   * Called with each RTP packet that a player receives: the packet, and where its payload begins. Until it is set for the
   * first time packets are received, decrypted and dropped in native code: a call into JavaScript costs more than that.
   */
  set onRtp(handler: (packet: Buffer, payloadOffset: number) => void) {
    if (this.#onRtp === undefined) this.listen();
    this.#onRtp = handler;
  }

  /**
   * Makes an RTP packet with the header of a VP8 key frame, which `sendRtp` can send any number of times. The caller may
   * write from `dataOffset` to the end.
   */
  createPacket(payloadBytes: number): { readonly packet: Buffer; readonly dataOffset: number } {
    const packet = Buffer.alloc(HEADER_BYTES + payloadBytes);
    packet.writeUInt16BE(FIRST_BYTES | PAYLOAD_TYPE, 0);
    packet.writeUInt32BE(this.ssrc, 8);
    packet.writeUInt32BE(0xbede_0001, RTP_HEADER_BYTES);
    packet[RTP_HEADER_BYTES + 4] = (TRANSPORT_CC_ID << 4) | 1;
    writeKeyFrameHeader(packet, HEADER_BYTES);
    return { packet, dataOffset: HEADER_BYTES + KEY_FRAME_HEADER_BYTES };
  }

  /** Sends a packet of `createPacket` under the next sequence numbers. */
  sendRtp(packet: Buffer): void {
    const sequence = this.#sequence & 0xffff;
    this.#sequence += 1;
    this.#octets += packet.length - HEADER_BYTES;
    packet.writeUInt16BE(sequence, 2);
    packet.writeUInt32BE(rtpTimestamp(), 4);
    packet.writeUInt16BE(this.nextTransportSequence() & 0xffff, RTP_HEADER_BYTES + 5);
    this.send(packet);
  }

  /** Sends the sender report that is due every second. */
  sendSenderReport(): void {
    const nowMs = Date.now();
    const report = Buffer.alloc(SENDER_REPORT_BYTES);
    report.writeUInt32BE(0x80c8_0006, 0);
    report.writeUInt32BE(this.ssrc, 4);
    report.writeUInt32BE(Math.floor(nowMs / 1000) + NTP_EPOCH_OFFSET_S, 8);
    report.writeUInt32BE(Math.floor(((nowMs % 1000) / 1000) * 2 ** 32), 12);
    report.writeUInt32BE(rtpTimestamp(), 16);
    report.writeUInt32BE(this.#sequence, 20);
    report.writeUInt32BE(this.#octets >>> 0, 24);
    this.send(report);
  }

  /** The highest sequence number received so far. */
  get highestReceived(): number {
    return this.#highestReceived;
  }

  /** Sends the receiver report that is due every second: nothing was lost up to a sequence number. */
  sendReceiverReport(highestReceived: number): void {
    const report = Buffer.alloc(RECEIVER_REPORT_BYTES);
    report.writeUInt32BE(0x81c9_0007, 0);
    report.writeUInt32BE(this.ssrc, 4);
    report.writeUInt32BE(this.remoteSsrc, 8);
    report.writeUInt32BE(highestReceived, 16);
    this.send(report);
  }

  /** Answers a request for a key frame with one, also while the load sends nothing. */
  receiveRtcp(rtcp: Buffer): void {
    const nowMs = performance.now();
    if (!asksForKeyFrame(rtcp) || nowMs - this.#answeredAtMs < MIN_KEY_FRAME_INTERVAL_MS) return;
    this.#answeredAtMs = nowMs;
    this.sendRtp(this.createPacket(REQUESTED_BYTES).packet);
  }

  /** Receives an RTP packet. */
  receiveRtp(packet: Buffer): void {
    const first = packet[0] as number;
    this.#highestReceived = packet.readUInt16BE(2);
    const extensionOffset = RTP_HEADER_BYTES + (first & 0x0f) * 4;
    const hasExtension = (first & 0x10) !== 0;
    this.#onRtp?.(
      packet,
      hasExtension ? extensionOffset + 4 + packet.readUInt16BE(extensionOffset + 2) * 4 : extensionOffset,
    );
  }
}

/** Whether a packet is RTCP (RFC 5761). */
export function isRtcp(packet: Buffer): boolean {
  const type = packet[1] as number;
  return type >= 192 && type <= 223;
}

const rtpTimestamp = (): number => Math.floor(performance.now() * TICKS_PER_MS) >>> 0;
