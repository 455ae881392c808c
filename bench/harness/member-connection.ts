/**
 * One peer connection for all that a member publishes and plays. Its native side has one section for ever, because the
 * transport knows nothing of sections; the offers are written here.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import { toPlainSdp, until } from './native-connection.ts';
import { isRtcp, PAYLOAD_TYPE, RtpStream, TRANSPORT_CC_ID, TRANSPORT_CC_URI } from './rtp-stream.ts';

interface Section {
  readonly mid: string;
  readonly direction: 'sendonly' | 'recvonly';
  /** Undefined for the section that keeps the connection before anything is published or played. */
  readonly stream?: RtpStream;
}

/** A peer connection with any number of streams. */
export class MemberConnection {
  readonly #connection = new PeerConnection('bench', { iceServers: [], disableAutoNegotiation: true });
  readonly #track: Track;
  readonly #sections: Section[] = [{ mid: '0', direction: 'recvonly' }];
  readonly #published: RtpStream[] = [];
  /** By the source that the server has announced. */
  readonly #played = new Map<number, RtpStream>();
  #isListening = false;
  #isAccepted = false;
  #transportSequence = 0;

  constructor() {
    const video = new Video('0', 'SendRecv');
    video.addVP8Codec(PAYLOAD_TYPE);
    this.#track = this.#connection.addTrack(video);
    // Without a handler the binding never frees the track.
    this.#track.onClosed(() => undefined);
    this.#connection.setLocalDescription('offer');
  }

  /** Adds a section for a stream to the next offers. Returns its stream and its `mid`. */
  add(role: 'publish' | 'play'): { readonly stream: RtpStream; readonly mid: string } {
    const stream = new MemberStream(this);
    const mid = String(this.#sections.length);
    this.#sections.push({ mid, direction: role === 'publish' ? 'sendonly' : 'recvonly', stream });
    if (role === 'publish') this.#published.push(stream);
    return { stream, mid };
  }

  /** Passes packets to the streams from now on. */
  listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#track.onMessage((packet) => {
      if (!isRtcp(packet)) this.#played.get(packet.readUInt32BE(8))?.receiveRtp(packet);
      else for (const stream of this.#published) stream.receiveRtcp(packet);
    });
  }

  /** Sends a packet of a stream. */
  send(packet: Buffer): void {
    this.#track.sendMessageBinary(packet);
  }

  /** Numbers the packets of all streams. */
  nextTransportSequence(): number {
    return this.#transportSequence++;
  }

  /** The offer of all sections. */
  async describe(): Promise<string> {
    await until(() => this.#connection.localDescription() !== null, 'an offer');
    const sdp = this.#connection.localDescription()?.sdp ?? '';
    const transport = ['ice-ufrag', 'ice-pwd', 'fingerprint'].map(
      (name) => new RegExp(`^a=${name}:.*$`, 'm').exec(sdp)?.[0].trim() ?? '',
    );
    const mids = this.#sections.map(({ mid }) => mid).join(' ');
    const head = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mids}`];
    const lines = [...head, ...this.#sections.flatMap((section) => describeSection(section, transport))];
    return `${lines.join('\r\n')}\r\n`;
  }

  /** Applies the server's answer. Only the first one changes the native side. */
  accept(answer: string): void {
    for (const text of answer.split('\r\nm=').slice(1)) {
      const mid = /^a=mid:(\S+)/m.exec(text)?.[1];
      const ssrc = /^a=ssrc:(\d+)/m.exec(text)?.[1];
      const section = this.#sections.find((one) => one.mid === mid);
      if (ssrc === undefined || section?.stream === undefined || section.direction === 'sendonly') continue;
      section.stream.remoteSsrc = Number(ssrc);
      this.#played.set(Number(ssrc), section.stream);
    }
    if (this.#isAccepted) return;
    this.#isAccepted = true;
    this.#connection.setRemoteDescription(toNativeAnswer(answer), 'answer');
  }

  /** Resolves when packets can go: ICE and DTLS are done. */
  async opened(): Promise<void> {
    await until(() => this.#track.isOpen(), 'a peer connection');
  }

  close(): void {
    this.#track.close();
    this.#connection.close();
  }
}

/** A stream of such a connection. */
class MemberStream extends RtpStream {
  readonly #connection: MemberConnection;

  constructor(connection: MemberConnection) {
    super();
    this.#connection = connection;
  }

  protected send(packet: Buffer): void {
    this.#connection.send(packet);
  }

  protected nextTransportSequence(): number {
    return this.#connection.nextTransportSequence();
  }

  protected listen(): void {
    this.#connection.listen();
  }
}

function describeSection({ mid, direction, stream }: Section, transport: readonly string[]): string[] {
  return [
    `m=video 9 UDP/TLS/RTP/SAVPF ${PAYLOAD_TYPE}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    ...transport,
    // The binding repeats a lost message of the handshake only after a second, so the server begins the handshake.
    'a=setup:passive',
    'a=rtcp-mux',
    `a=extmap:${TRANSPORT_CC_ID} ${TRANSPORT_CC_URI}`,
    `a=rtpmap:${PAYLOAD_TYPE} VP8/90000`,
    ...['transport-cc', 'nack', 'nack pli', 'ccm fir'].map((feedback) => `a=rtcp-fb:${PAYLOAD_TYPE} ${feedback}`),
    ...(direction === 'sendonly' && stream ? [`a=ssrc:${stream.ssrc} cname:bench`] : []),
  ];
}

/** The answer as the native side gets it: one section with the parameters of the transport. */
function toNativeAnswer(answer: string): string {
  const find = (name: string): string[] => answer.match(new RegExp(`^a=${name}:.*$`, 'gm')) ?? [];
  const lines = [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0'],
    ...[`m=video 9 UDP/TLS/RTP/SAVPF ${PAYLOAD_TYPE}`, 'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sendrecv', 'a=rtcp-mux'],
    `a=rtpmap:${PAYLOAD_TYPE} VP8/90000`,
    ...['ice-ufrag', 'ice-pwd', 'fingerprint', 'setup'].flatMap((name) => find(name).slice(0, 1)),
    ...find('candidate'),
  ];
  return toPlainSdp(`${lines.map((line) => line.trim()).join('\r\n')}\r\n`);
}
