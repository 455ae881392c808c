/**
 * A peer connection for one video, which it publishes or plays.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import { toPlainSdp, until } from './native-connection.ts';
import { isRtcp, PAYLOAD_TYPE, RtpStream, TRANSPORT_CC_ID, TRANSPORT_CC_URI } from './rtp-stream.ts';

/** One side of a peer connection. */
export class WebRtcPeer extends RtpStream {
  readonly #connection = new PeerConnection('bench', { iceServers: [], disableAutoNegotiation: true });
  #track: Track | undefined;
  #transportSequence = 0;

  private constructor() {
    super();
  }

  /** Makes a peer whose offer is `describe()`. */
  static offering(role: 'publish' | 'play'): WebRtcPeer {
    const peer = new WebRtcPeer();
    const video = new Video('0', role === 'publish' ? 'SendOnly' : 'RecvOnly');
    video.addVP8Codec(PAYLOAD_TYPE);
    if (role === 'publish') video.addSSRC(peer.ssrc, 'bench', 'bench', 'bench');
    const track = peer.#connection.addTrack(video);
    peer.#adopt(track);
    if (role === 'publish') track.onMessage((rtcp) => peer.receiveRtcp(rtcp));
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

  /** Resolves when packets can go: ICE and DTLS are done. */
  async opened(): Promise<void> {
    await until(() => this.#track?.isOpen() === true, 'a peer connection');
  }

  close(): void {
    this.#track?.close();
    this.#connection.close();
  }

  protected send(packet: Buffer): void {
    this.#track?.sendMessageBinary(packet);
  }

  protected nextTransportSequence(): number {
    return this.#transportSequence++;
  }

  protected listen(): void {
    this.#track?.onMessage((packet) => {
      if (!isRtcp(packet)) this.receiveRtp(packet);
    });
  }

  #accept(description: string, type: 'offer' | 'answer'): void {
    this.remoteSsrc = Number(/a=ssrc:(\d+)/.exec(description)?.[1] ?? 0);
    this.#connection.setRemoteDescription(toPlainSdp(description), type);
  }

  #adopt(track: Track): void {
    this.#track = track;
    // Without a handler the binding never frees the track.
    track.onClosed(() => undefined);
  }
}
