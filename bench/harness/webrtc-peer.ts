/**
 * A WebRTC peer without a browser: it publishes or plays one video track, and makes its packets by hand.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';

const PAYLOAD_TYPE = 96;
const TRANSPORT_CC_ID = 5;
const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
const RTP_HEADER_BYTES = 12;
/** The fixed header, and an extension block of one transport-wide sequence number. */
const HEADER_BYTES = RTP_HEADER_BYTES + 8;
const SENDER_REPORT_BYTES = 28;
const RECEIVER_REPORT_BYTES = 32;
const OPEN_TIMEOUT_MS = 20_000;
const NTP_EPOCH_OFFSET_S = 2_208_988_800;
/** Ticks of video's RTP clock in a millisecond. */
const TICKS_PER_MS = 90;

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

  private constructor(ssrc: number) {
    this.#ssrc = ssrc;
  }

  /** Makes a peer whose offer is `describe()`. @param ssrc names the source of what it sends; any but 0 */
  static offering(role: 'publish' | 'play', ssrc: number): WebRtcPeer {
    const peer = new WebRtcPeer(ssrc);
    const video = new Video('0', role === 'publish' ? 'SendOnly' : 'RecvOnly');
    video.addVP8Codec(PAYLOAD_TYPE);
    if (role === 'publish') video.addSSRC(ssrc, 'bench', 'bench', 'bench');
    peer.#adopt(peer.#connection.addTrack(video));
    peer.#connection.setLocalDescription('offer');
    return peer;
  }

  /** Makes a peer that plays what is offered; its answer is `describe()`. */
  static answering(offer: string, ssrc: number): WebRtcPeer {
    const peer = new WebRtcPeer(ssrc);
    peer.#connection.onTrack((track) => peer.#adopt(track));
    peer.#accept(offer.replace('a=setup:actpass', 'a=setup:active'), 'offer');
    peer.#connection.setLocalDescription('answer');
    return peer;
  }

  /**
   * Called with each RTP packet: the packet, and where its payload begins. Until it is set for the first time packets
   * are received, decrypted and thrown away without a word to JavaScript, which would cost more than all the rest.
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
    // The binding announces neither the feedback nor the extension that a browser does. And it repeats a lost message of
    // the handshake only after a second, so it leaves the beginning to the server.
    return sdp
      .replace('a=setup:actpass', 'a=setup:passive')
      .replace(
        /(a=rtpmap:(\d+) .*\r\n)/,
        `$1a=rtcp-fb:$2 transport-cc\r\na=rtcp-fb:$2 nack\r\na=rtcp-fb:$2 nack pli\r\na=extmap:${TRANSPORT_CC_ID} ${TRANSPORT_CC_URI}\r\n`,
      );
  }

  /** Takes the server's answer. */
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

  /** Gives an RTP packet to be filled from `payloadOffset` on and handed to `sendRtp`, again and again. */
  createPacket(payloadBytes: number): { readonly packet: Buffer; readonly payloadOffset: number } {
    const packet = Buffer.alloc(HEADER_BYTES + payloadBytes);
    packet.writeUInt16BE(0x9000 | PAYLOAD_TYPE, 0);
    packet.writeUInt32BE(this.#ssrc, 8);
    packet.writeUInt32BE(0xbede_0001, RTP_HEADER_BYTES);
    packet[RTP_HEADER_BYTES + 4] = (TRANSPORT_CC_ID << 4) | 1;
    return { packet, payloadOffset: HEADER_BYTES };
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

  /** Sends what a sender owes every second. */
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

  /** Sends what a receiver owes every second: here that nothing was lost up to a sequence number. */
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
    // Without it the binding never forgets the track.
    track.onClosed(() => undefined);
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
 * Keeps IPv4 alone, so that no server has a longer way through the kernel than another, and drops the line that the
 * binding throws at under load.
 */
const plain = (sdp: string): string =>
  sdp.replaceAll('a=end-of-candidates\r\n', '').replaceAll(/a=candidate:(?:\S+ ){4}\S*:.*\r\n/g, '');

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + OPEN_TIMEOUT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not come up in ${OPEN_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
