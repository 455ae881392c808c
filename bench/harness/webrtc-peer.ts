/**
 * A WebRTC peer without a browser: it publishes or plays one video track, and writes its RTP packets itself. Each packet
 * is a VP8 key frame, so that a server that waits for one before it forwards can be measured too.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import { asksForKeyFrame, KEY_FRAME_HEADER_BYTES, writeKeyFrameHeader } from './vp8.ts';

const PAYLOAD_TYPE = 96;
const TRANSPORT_CC_ID = 5;
const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
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
const OPEN_TIMEOUT_MS = 20_000;
const NTP_EPOCH_OFFSET_S = 2_208_988_800;
/** Ticks of video's RTP clock in a millisecond. */
const TICKS_PER_MS = 90;

/** No two sources of this process have the same SSRC. */
let lastSsrc = 0;

/** One side of a peer connection. */
export class WebRtcPeer {
  #onRtp: ((packet: Buffer, payloadOffset: number) => void) | undefined;
  readonly #connection = new PeerConnection('bench', { iceServers: [], disableAutoNegotiation: true });
  readonly #ssrc: number;
  #track: Track | undefined;
  #sequence = 0;
  #octets = 0;
  #highestReceived = 0;
  #remoteSsrc = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;

  private constructor() {
    lastSsrc += 1;
    this.#ssrc = lastSsrc;
  }

  /** Makes a peer whose offer is `describe()`. */
  static offering(role: 'publish' | 'play'): WebRtcPeer {
    const peer = new WebRtcPeer();
    const video = new Video('0', role === 'publish' ? 'SendOnly' : 'RecvOnly');
    video.addVP8Codec(PAYLOAD_TYPE);
    if (role === 'publish') video.addSSRC(peer.#ssrc, 'bench', 'bench', 'bench');
    const track = peer.#connection.addTrack(video);
    peer.#adopt(track);
    if (role === 'publish') track.onMessage((rtcp) => peer.#answer(rtcp));
    peer.#connection.setLocalDescription('offer');
    return peer;
  }

  /** Makes a peer that plays what is offered; its answer is `describe()`. */
  static answering(offer: string): WebRtcPeer {
    const peer = new WebRtcPeer();
    peer.#connection.onTrack((track) => peer.#adopt(track));
    peer.#accept(offer.replace('a=setup:actpass', 'a=setup:active'), 'offer');
    peer.#connection.setLocalDescription('answer');
    return peer;
  }

  /**
   * Called with each RTP packet that a player receives: the packet, and where its payload begins. Until it is set for the
   * first time packets are received, decrypted and dropped in native code: a call into JavaScript costs more than that.
   */
  set onRtp(handler: (packet: Buffer, payloadOffset: number) => void) {
    if (this.#onRtp === undefined) this.#track?.onMessage((packet) => this.#receive(packet));
    this.#onRtp = handler;
  }

  /** Its own description, all candidates gathered. */
  async describe(): Promise<string> {
    await until(() => this.#connection.gatheringState() === 'complete', 'candidates');
    const { sdp, type } = this.#connection.localDescription() ?? { sdp: '', type: '' };
    if (type !== 'offer') return sdp;
    // The binding does not offer the feedback and the extension that a browser does. It repeats a lost message of the
    // handshake only after a second, so the server begins the handshake.
    return sdp
      .replace('a=setup:actpass', 'a=setup:passive')
      .replace(
        /(a=rtpmap:(\d+) .*\r\n)/,
        `$1a=rtcp-fb:$2 transport-cc\r\na=rtcp-fb:$2 nack\r\na=rtcp-fb:$2 nack pli\r\na=rtcp-fb:$2 ccm fir\r\na=extmap:${TRANSPORT_CC_ID} ${TRANSPORT_CC_URI}\r\n`,
      );
  }

  /** Applies the server's answer. */
  accept(answer: string): void {
    this.#accept(answer, 'answer');
  }

  #accept(description: string, type: 'offer' | 'answer'): void {
    this.#remoteSsrc = Number(/a=ssrc:(\d+)/.exec(description)?.[1] ?? 0);
    this.#connection.setRemoteDescription(plain(description), type);
  }

  /** Resolves when packets can go: ICE and DTLS are done. */
  async opened(): Promise<void> {
    await until(() => this.#track?.isOpen() === true, 'a peer connection');
  }

  /**
   * Makes an RTP packet with the header of a VP8 key frame, which `sendRtp` can send any number of times. The caller may
   * write from `dataOffset` to the end.
   */
  createPacket(payloadBytes: number): { readonly packet: Buffer; readonly dataOffset: number } {
    const packet = Buffer.alloc(HEADER_BYTES + payloadBytes);
    packet.writeUInt16BE(FIRST_BYTES | PAYLOAD_TYPE, 0);
    packet.writeUInt32BE(this.#ssrc, 8);
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
    packet.writeUInt16BE(sequence, RTP_HEADER_BYTES + 5);
    this.#track?.sendMessageBinary(packet);
  }

  /** Sends the sender report that is due every second. */
  sendSenderReport(): void {
    const nowMs = Date.now();
    const report = Buffer.alloc(SENDER_REPORT_BYTES);
    report.writeUInt32BE(0x80c8_0006, 0);
    report.writeUInt32BE(this.#ssrc, 4);
    report.writeUInt32BE(Math.floor(nowMs / 1000) + NTP_EPOCH_OFFSET_S, 8);
    report.writeUInt32BE(Math.floor(((nowMs % 1000) / 1000) * 2 ** 32), 12);
    report.writeUInt32BE(rtpTimestamp(), 16);
    report.writeUInt32BE(this.#sequence, 20);
    report.writeUInt32BE(this.#octets >>> 0, 24);
    this.#track?.sendMessageBinary(report);
  }

  /** The highest sequence number received so far. */
  get highestReceived(): number {
    return this.#highestReceived;
  }

  /** Sends the receiver report that is due every second: nothing was lost up to a sequence number. */
  sendReceiverReport(highestReceived: number): void {
    const report = Buffer.alloc(RECEIVER_REPORT_BYTES);
    report.writeUInt32BE(0x81c9_0007, 0);
    report.writeUInt32BE(this.#ssrc, 4);
    report.writeUInt32BE(this.#remoteSsrc, 8);
    report.writeUInt32BE(highestReceived, 16);
    this.#track?.sendMessageBinary(report);
  }

  close(): void {
    this.#track?.close();
    this.#connection.close();
  }

  #adopt(track: Track): void {
    this.#track = track;
    // Without a handler the binding never frees the track.
    track.onClosed(() => undefined);
  }

  /** Answers a request for a key frame with one, also while the load sends nothing. */
  #answer(rtcp: Buffer): void {
    const nowMs = performance.now();
    if (!asksForKeyFrame(rtcp) || nowMs - this.#answeredAtMs < MIN_KEY_FRAME_INTERVAL_MS) return;
    this.#answeredAtMs = nowMs;
    this.sendRtp(this.createPacket(REQUESTED_BYTES).packet);
  }

  #receive(packet: Buffer): void {
    const type = packet[1] as number;
    if (type >= 192 && type <= 223) return;
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

const rtpTimestamp = (): number => Math.floor(performance.now() * TICKS_PER_MS) >>> 0;

/**
 * Keeps only IPv4 candidates, so that all servers have the same way through the kernel, and removes a line at which the
 * binding throws under load.
 */
const plain = (sdp: string): string =>
  sdp.replaceAll('a=end-of-candidates\r\n', '').replaceAll(/a=candidate:(?:\S+ ){4}\S*:.*\r\n/g, '');

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + OPEN_TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not connect within ${OPEN_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
