/**
 * A client without a browser: the native binding as its transport, hand-written offers, and hand-made packets.
 *
 * @module
 */

import { PeerConnection, type Track, Video } from 'node-datachannel';
import type {
  MediaEngine,
  NegotiateAnswer,
  PublishItem,
  SectionMids,
  SubscribeItem,
  SubscriptionPreferences,
} from '../src/index.ts';
import { writePli } from '../src/rtp/rtcp.ts';
import { isRtcp } from '../src/rtp/rtp-packet.ts';
import { type OfferTransportFields, type SectionFields, TRANSPORT_CC_ID, writeOffer } from './offer-builder.ts';
import { createRtpPacket, type RtpPacketFields } from './rtp-builder.ts';

/** The options of a published or subscribed stream. */
export interface SyntheticStream {
  readonly stream: string;
  /** Default: a VP8 section. */
  readonly sections?: readonly SectionFields[];
  readonly preferences?: SubscriptionPreferences;
  readonly allowed?: PublishItem['allowed'];
}

/** The source of the stream that a test publishes by default. */
export const DEFAULT_SSRC = 1_000;

/** A client with one connection, whose native side has one section for ever. */
export class SyntheticPeer {
  readonly name: string;
  readonly group: string;
  /** RTP packets received, in order. */
  readonly rtp: Buffer[] = [];
  /** Handles an RTP packet when it arrives; by default it is added to `rtp`. */
  receiveRtp = (packet: Buffer): void => void this.rtp.push(packet);
  /** RTCP packets received, in order. */
  readonly rtcp: Buffer[] = [];
  /** The last answer. */
  answer = '';

  readonly #engine: MediaEngine;
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #published = new Map<string, SyntheticStream>();
  readonly #subscribed = new Map<string, SyntheticStream>();
  /** Sections are never removed from an offer; those of stopped streams are inactive. */
  readonly #sections = new Map<string, SectionFields>();
  #isConnected = false;
  #transportSequence = 0;
  #iceSuffix = '';

  constructor(engine: MediaEngine, name: string, group = 'room') {
    this.#engine = engine;
    this.name = name;
    this.group = group;
    this.#connection = new PeerConnection('client', { iceServers: [], disableAutoNegotiation: true });
    const video = new Video('0', 'SendRecv');
    video.addVP8Codec(96);
    this.#track = this.#connection.addTrack(video);
    this.#track.onClosed(() => undefined);
    this.#track.onMessage((packet) => {
      if (isRtcp(packet)) this.rtcp.push(packet);
      else this.receiveRtp(packet);
    });
    this.#connection.setLocalDescription('offer');
  }

  /** Publishes one stream on a new connection, and waits until it is connected. */
  static async publish(
    engine: MediaEngine,
    stream: string,
    options: { name?: string; ssrc?: number; payloadType?: number } = {},
  ): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer(engine, options.name ?? `publisher of ${stream}`);
    const { ssrc = DEFAULT_SSRC, payloadType = 96 } = options;
    peer.addPublication({ stream, sections: [createVideoSection('sendonly', { ssrcs: [ssrc], payloadType })] });
    await peer.negotiate();
    await peer.opened();
    return peer;
  }

  /** Subscribes to one stream on a new connection, and waits until it is connected. */
  static async subscribe(
    engine: MediaEngine,
    stream: string,
    name: string,
    options: { payloadType?: number } = {},
  ): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer(engine, name);
    peer.addSubscription({ stream, sections: [createVideoSection('recvonly', options)] });
    await peer.negotiate();
    await peer.opened();
    return peer;
  }

  /** Includes a published stream in the next offer. */
  addPublication(publication: SyntheticStream): void {
    this.#published.set(publication.stream, publication);
    this.#addSections(publication);
  }

  /** Includes a subscription in the next offer. */
  addSubscription(subscription: SyntheticStream): void {
    this.#subscribed.set(subscription.stream, subscription);
    this.#addSections(subscription);
  }

  /** Leaves a stream out of the next offer. */
  remove(stream: string): void {
    for (const streams of [this.#published, this.#subscribed]) {
      for (const section of streams.get(stream)?.sections ?? []) {
        this.#sections.set(section.mid, { ...section, direction: 'inactive' });
      }
      streams.delete(stream);
    }
  }

  /** The next offer has other ICE credentials. The native client cannot change its own, so it must stay connected. */
  restartIce(): void {
    this.#iceSuffix += 'x';
  }

  /** The next offer. */
  get offer(): string {
    return writeOffer([...this.#sections.values()], this.transport);
  }

  /** The client's ICE and DTLS parameters. */
  get transport(): OfferTransportFields {
    const sdp = this.#connection.localDescription()?.sdp ?? '';
    const find = (name: string): string => new RegExp(`^a=${name}:(.*)$`, 'm').exec(sdp)?.[1]?.trim() ?? '';
    return {
      iceUfrag: find('ice-ufrag') + this.#iceSuffix,
      icePwd: find('ice-pwd'),
      fingerprint: find('fingerprint'),
      // The binding repeats a lost handshake message only after a second, so it lets the engine start the handshake.
      setup: 'passive',
    };
  }

  /** Sends an offer of everything that was added, and accepts the answer. */
  async negotiate(): Promise<NegotiateAnswer> {
    const publish = [...this.#published.values()].map(
      ({ stream, sections, allowed = { audio: true, video: true } }): PublishItem => ({
        stream,
        mids: toMids(sections),
        allowed,
      }),
    );
    const subscribe = [...this.#subscribed.values()].map(
      ({ stream, sections, preferences }): SubscribeItem => ({
        stream,
        mids: toMids(sections),
        ...(preferences && { preferences }),
      }),
    );
    const { name, group, offer } = this;
    const answer = await this.#engine.negotiate({ group, peer: name, offer, publish, subscribe });
    this.accept(answer.answer);
    return answer;
  }

  /** Connects with the first answer; later ones change nothing natively. */
  accept(answer: string): void {
    this.answer = answer;
    if (this.#isConnected) return;
    this.#isConnected = true;
    this.#connection.setRemoteDescription(toNativeAnswer(answer), 'answer');
  }

  /** Waits until packets can be sent. */
  async opened(): Promise<void> {
    await waitFor(() => this.#track.isOpen());
  }

  /** Sends one RTP packet with the default SSRC and payload type; never throws. */
  sendRtp(fields: RtpPacketFields): boolean {
    const value = Buffer.alloc(2);
    value.writeUInt16BE(this.#transportSequence++ & 0xffff);
    const payload = createVp8Payload(fields.sequence);
    const extensions = [[TRANSPORT_CC_ID, value], ...(fields.extensions ?? [])] as const;
    return this.send(createRtpPacket({ ssrc: DEFAULT_SSRC, payloadType: 96, payload, ...fields, extensions }));
  }

  /** Sends any bytes through SRTP; never throws. */
  send(packet: Buffer): boolean {
    try {
      return this.#track.sendMessageBinary(packet);
    } catch {
      return false;
    }
  }

  /** Requests a keyframe of a source of the engine. */
  requestKeyframe(ssrc: number): void {
    this.send(writePli(1, ssrc));
  }

  /** The mids of its sections, in the order of the offer. */
  get mids(): string[] {
    return [...this.#sections.keys()];
  }

  /** The SSRCs that the last answer announces for a section: the media's, and that of its retransmissions. */
  ssrcsOf(mid: string): number[] {
    const section = this.answer.split('\r\nm=').find((text) => text.includes(`a=mid:${mid}\r\n`)) ?? '';
    return [...new Set([...section.matchAll(/a=ssrc:(\d+)/g)].map(([, ssrc]) => Number(ssrc)))];
  }

  close(): void {
    this.#connection.close();
    this.#track.close();
  }

  #addSections({ sections = [] }: SyntheticStream): void {
    for (const section of sections) this.#sections.set(section.mid, section);
  }
}

let nextMid = 0;

/** A VP8 section with a mid of its own. */
export function createVideoSection(
  direction: SectionFields['direction'],
  fields: Partial<SectionFields> = {},
): SectionFields {
  return { mid: `v${nextMid++}`, kind: 'video', direction, ...fields };
}

/** An Opus section with a mid of its own. */
export function createAudioSection(
  direction: SectionFields['direction'],
  fields: Partial<SectionFields> = {},
): SectionFields {
  return { mid: `a${nextMid++}`, kind: 'audio', direction, ...fields };
}

/** The payload of a whole VP8 frame; every one is a keyframe. */
export function createVp8Payload(sequence: number): Buffer {
  return Buffer.concat([Buffer.from([0x10, 0]), Buffer.from(`payload ${sequence}`)]);
}

/** The text after the descriptor of `createVp8Payload`. */
export function readVp8Text(payload: Buffer): string {
  return payload.subarray(2).toString();
}

function toMids(sections: readonly SectionFields[] = []): SectionMids {
  return Object.fromEntries(sections.map(({ kind, mid }) => [kind, mid]));
}

/** The engine's answer as the native side gets it: one section with the transport's parameters. */
function toNativeAnswer(answer: string): string {
  const find = (name: string): string[] => answer.match(new RegExp(`^a=${name}:.*$`, 'gm')) ?? [];
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=mid:0',
    'a=sendrecv',
    'a=rtcp-mux',
    'a=rtpmap:96 VP8/90000',
    ...['ice-ufrag', 'ice-pwd', 'fingerprint', 'setup'].flatMap((name) => find(name).slice(0, 1)),
    ...find('candidate'),
  ];
  return `${lines.map((line) => line.trim()).join('\r\n')}\r\n`;
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
