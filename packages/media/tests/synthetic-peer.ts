/**
 * Publishers and players without a browser: the binding as a client, with packets made by hand.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import type { MediaAnswer, MediaEngine } from '../src/index.ts';
import { isRtcp } from '../src/rtp/rtp-packet.ts';
import { transportCcUri } from '../src/sdp/codecs.ts';
import { createRtpPacket, type RtpPacketFields } from './rtp-builder.ts';

/** The header extension id that synthetic publishers offer transport-wide sequence numbers under. */
export const transportCcId = 5;

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

  /** Makes an offer that is never sent. */
  static createOffer(role: 'publish' | 'play'): string {
    const peer = new SyntheticPeer(role, 1, 96);
    const { offer } = peer;
    peer.close();
    return offer;
  }

  get offer(): string {
    // The binding as a client announces neither codec feedback nor extensions that a browser does.
    // And it repeats a lost handshake message only after a second, so it leaves the beginning to the engine.
    const sdp = (this.#connection.localDescription()?.sdp ?? '').replace('a=setup:actpass', 'a=setup:passive');
    return sdp.replace(
      /(a=rtpmap:(\d+) .*\r\n)/,
      `$1a=rtcp-fb:$2 transport-cc\r\na=rtcp-fb:$2 nack\r\na=rtcp-fb:$2 nack pli\r\na=extmap:${transportCcId} ${transportCcUri}\r\n`,
    );
  }

  /** Sends one RTP packet under the peer's own SSRC and payload type unless told otherwise; never throws. */
  sendRtp(fields: RtpPacketFields): boolean {
    const value = Buffer.alloc(2);
    value.writeUInt16BE(this.#transportSequence++ & 0xffff);
    return this.send(
      createRtpPacket({
        ssrc: this.#ssrc,
        payloadType: this.#payloadType,
        payload: Buffer.from(`payload ${fields.sequence}`),
        extensions: [[transportCcId, value]],
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

/** Waits until a condition holds, by looking every `intervalMs`. */
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
