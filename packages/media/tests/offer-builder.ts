/**
 * Writes offers for tests.
 *
 * @module
 */

import type { MediaKind } from '../src/index.ts';
import { MID_URI, TRANSPORT_CC_URI } from '../src/sdp/codecs.ts';

/** The header extension ids that test offers use. */
export const TRANSPORT_CC_ID = 5;
export const MID_ID = 9;

/** One section of an offer; what is absent is what a browser would write. */
export interface SectionFields {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly direction: 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';
  /** Default: 111 for audio, 96 for video. */
  readonly payloadType?: number;
  /** Default: `opus/48000/2` for audio, `VP8/90000` for video. */
  readonly encoding?: string;
  readonly parameters?: string;
  /** The payload type of retransmissions; default none. */
  readonly rtxPayloadType?: number;
  /** Payload types that are preferred to that of the section; `lines` describe them. */
  readonly formats?: readonly number[];
  /** Announced sources: the media's, and that of its retransmissions. */
  readonly ssrcs?: readonly number[];
  readonly feedback?: readonly string[];
  /** More lines, without line ends. */
  readonly lines?: readonly string[];
  /** Default 9; 0 for a stopped section. */
  readonly port?: number;
}

/** The ICE and DTLS parameters of an offer. */
export interface OfferTransportFields {
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprint: string;
  /** Default `actpass`. */
  readonly setup?: string;
}

/** A client that never connects. */
export const STATIC_TRANSPORT: OfferTransportFields = createStaticTransport('AB');

/**
 * Creates the parameters of a client that never connects.
 *
 * @param pair two hexadecimal digits, of which the fingerprint is made
 */
export function createStaticTransport(pair: string): OfferTransportFields {
  return { iceUfrag: `ufrag${pair}`, icePwd: 'p'.repeat(24), fingerprint: `sha-256 ${Array(32).fill(pair).join(':')}` };
}

const audioFeedback = ['transport-cc', 'nack'];
const videoFeedback = ['transport-cc', 'ccm fir', 'nack', 'nack pli'];

/** Writes an offer in which every section is bundled. */
export function writeOffer(
  sections: readonly SectionFields[],
  transport: OfferTransportFields = STATIC_TRANSPORT,
): string {
  const bundled = sections.filter(({ port }) => port !== 0).map(({ mid }) => mid);
  const lines = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${bundled.join(' ')}`];
  for (const section of sections) lines.push(...writeSection(section, transport));
  return `${lines.join('\r\n')}\r\n`;
}

function writeSection(section: SectionFields, transport: OfferTransportFields): string[] {
  const { mid, kind, direction, rtxPayloadType, ssrcs = [], parameters, lines = [], port = 9 } = section;
  const isAudio = kind === 'audio';
  const payloadType = section.payloadType ?? (isAudio ? 111 : 96);
  const encoding = section.encoding ?? (isAudio ? 'opus/48000/2' : 'VP8/90000');
  const feedback = section.feedback ?? (isAudio ? audioFeedback : videoFeedback);
  const listed = [...(section.formats ?? []), payloadType, ...(rtxPayloadType === undefined ? [] : [rtxPayloadType])];
  const formats = listed.join(' ');
  return [
    `m=${kind} ${port} UDP/TLS/RTP/SAVPF ${formats}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    `a=${direction}`,
    `a=ice-ufrag:${transport.iceUfrag}`,
    `a=ice-pwd:${transport.icePwd}`,
    `a=fingerprint:${transport.fingerprint}`,
    `a=setup:${transport.setup ?? 'actpass'}`,
    'a=rtcp-mux',
    `a=extmap:${TRANSPORT_CC_ID} ${TRANSPORT_CC_URI}`,
    `a=extmap:${MID_ID} ${MID_URI}`,
    `a=rtpmap:${payloadType} ${encoding}`,
    ...feedback.map((value) => `a=rtcp-fb:${payloadType} ${value}`),
    ...(parameters === undefined ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
    ...(rtxPayloadType === undefined
      ? []
      : [`a=rtpmap:${rtxPayloadType} rtx/${isAudio ? 48_000 : 90_000}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`]),
    ...(ssrcs.length === 2 ? [`a=ssrc-group:FID ${ssrcs.join(' ')}`] : []),
    ...ssrcs.map((ssrc) => `a=ssrc:${ssrc} cname:client`),
    ...lines,
  ];
}
