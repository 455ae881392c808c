/**
 * Publishers and players without a browser: the binding as a client, with hand-made packets.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import type { MediaAnswer, MediaEngine } from '../src/index.ts';
import { isRtcp } from '../src/rtp/rtp-packet.ts';
import { TRANSPORT_CC_URI } from '../src/sdp/codecs.ts';
import { createRtpPacket, type RtpPacketFields } from './rtp-builder.ts';

/** The header extension id with which synthetic publishers offer transport-wide sequence numbers. */
export const TRANSPORT_CC_ID = 5;

/** A client peer of one video section. */
export class SyntheticPeer {
  /** RTP packets received, in order. */
  readonly rtp: Buffer[] = [];
  /** RTCP packets received, in order. */
  readonly rtcp: Buffer[] = [];

  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #ssrc: number;
  readonly #payloadType: number;
  #transportSequence = 0;

  private constructor(role: 'publish' | 'play', ssrc: number, payloadType: number) {
    this.#ssrc = ssrc;
    this.#payloadType = payloadType;
    this.#connection = new PeerConnection('client', { iceServers: [], disableAutoNegotiation: true });
    const video = new Video('v', role === 'publish' ? 'SendOnly' : 'RecvOnly');
    video.addVP8Codec(payloadType);
    if (role === 'publish') video.addSSRC(ssrc, 'client', 'client', 'client');
    this.#track = this.#connection.addTrack(video);
    this.#track.onClosed(() => undefined);
    this.#track.onMessage((packet) => {
      (isRtcp(packet) ? this.rtcp : this.rtp).push(packet);
    });
    this.#connection.setLocalDescription('offer');
  }

  /** Publishes a stream. */
  static async publish(engine: MediaEngine, stream: string, ssrc = 1_000, payloadType = 96): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer('publish', ssrc, payloadType);
    const allowed = { audio: true, video: true };
    peer.#accept(await engine.publish({ group: 'room', stream, offer: peer.offer, allowed }));
    await peer.#opened();
    return peer;
  }

  /** Plays a stream. */
  static async play(engine: MediaEngine, stream: string, player: string, payloadType = 96): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer('play', 1, payloadType);
    peer.#accept(await engine.play({ stream, player, offer: peer.offer }));
    await peer.#opened();
    return peer;
  }

  /** Creates an offer that is never sent. */
  static createOffer(role: 'publish' | 'play'): string {
    const peer = new SyntheticPeer(role, 1, 96);
    const { offer } = peer;
    peer.close();
    return offer;
  }

  get offer(): string {
    // Unlike a browser, the binding announces neither codec feedback nor header extensions as a client.
    // It repeats a lost handshake message only after a second, so it lets the engine start the handshake.
    const sdp = (this.#connection.localDescription()?.sdp ?? '').replace('a=setup:actpass', 'a=setup:passive');
    return sdp.replace(
      /(a=rtpmap:(\d+) .*\r\n)/,
      `$1a=rtcp-fb:$2 transport-cc\r\na=rtcp-fb:$2 nack\r\na=rtcp-fb:$2 nack pli\r\na=extmap:${TRANSPORT_CC_ID} ${TRANSPORT_CC_URI}\r\n`,
    );
  }

  /** Sends one RTP packet with the peer's own SSRC and payload type by default; never throws. */
  sendRtp(fields: RtpPacketFields): boolean {
    const value = Buffer.alloc(2);
    value.writeUInt16BE(this.#transportSequence++ & 0xffff);
    return this.send(
      createRtpPacket({
        ssrc: this.#ssrc,
        payloadType: this.#payloadType,
        payload: Buffer.from(`payload ${fields.sequence}`),
        extensions: [[TRANSPORT_CC_ID, value]],
        ...fields,
      }),
    );
  }

  /** Sends any bytes through SRTP; never throws. */
  send(packet: Buffer): boolean {
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      return false;
    }
  }

  close(): void {
    this.#connection.close();
    this.#track.close();
  }

  #accept({ answer }: MediaAnswer): void {
    this.#connection.setRemoteDescription(answer.replace('a=end-of-candidates\r\n', ''), 'answer');
  }

  async #opened(): Promise<void> {
    await waitFor(() => this.#track.isOpen());
  }
}

/** Polls every `intervalMs` until a condition holds. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 5_000,
  intervalMs = 5,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited ${timeoutMs} ms in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
