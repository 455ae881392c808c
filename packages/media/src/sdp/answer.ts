/**
 * Writes answers. Only the transport parameters come from the binding's own answer; all sections are written here.
 *
 * @module
 */

import type { Codec } from './codecs.ts';
import type { Offer, OfferSection } from './offer.ts';
import { listAttributes } from './session-description.ts';

/** ICE and DTLS parameters of the server. */
export interface LocalTransport {
  /** Whether the server only answers connectivity checks (RFC 8445, 2.5). */
  readonly isIceLite: boolean;
  readonly iceUfrag: string;
  readonly icePwd: string;
  readonly fingerprint: string;
  readonly setup: string;
  /** Values of `candidate` attributes; complete. */
  readonly candidates: readonly string[];
}

/** The media source in a section that is sent to the client. */
export interface AnswerSource {
  readonly ssrc: number;
  /** Of retransmissions (RFC 4588); undefined if they are not negotiated. */
  readonly rtxSsrc?: number | undefined;
  readonly cname: string;
  /** The MediaStream id; the same for audio and video of a stream, so that the browser synchronises them. */
  readonly msid: string;
  readonly trackId: string;
}

/** How a section is accepted. */
export interface AcceptedSection {
  /** From the server's point of view. */
  readonly direction: 'sendonly' | 'recvonly';
  readonly codec: Codec;
  /** The payload type of retransmissions (RFC 4588); undefined if they are not negotiated. */
  readonly rtxPayloadType?: number | undefined;
  /** The payload type of the codec with redundancy (RFC 2198), preferred to that without; undefined if it is not negotiated. */
  readonly redPayloadType?: number | undefined;
  /** Values of `rtcp-fb` without the payload type. */
  readonly feedback: readonly string[];
  /** Header extensions by id. */
  readonly extensions: ReadonlyMap<number, string>;
  readonly source?: AnswerSource;
  /** The rids of the layers that are received; absent or empty without simulcast. */
  readonly rids?: readonly string[];
}

/**
 * Writes an answer to an offer.
 *
 * Audio and video sections that are not accepted are answered `inactive` rather than with port 0 as long as they are
 * on the common transport: rejecting the section that carries the BUNDLE group's transport takes the transport with it.
 *
 * @param accepted by section index
 * @param version of the session description, which increases with every answer of a peer (RFC 3264, 8)
 */
export function writeAnswer(
  offer: Offer,
  accepted: ReadonlyMap<number, AcceptedSection>,
  transport: LocalTransport,
  version = 1,
): string {
  const kept = offer.sections.filter((section) => section.kind !== undefined);
  const lines = ['v=0', `o=gavel 1 ${version} IN IP4 127.0.0.1`, 's=-', 't=0 0'];
  if (offer.bundled) lines.push(`a=group:BUNDLE ${kept.map((section) => section.mid).join(' ')}`);
  if (transport.isIceLite) lines.push('a=ice-lite');
  lines.push('a=msid-semantic: WMS *');
  for (const section of offer.sections) {
    if (section.kind === undefined) {
      writeRejected(lines, section);
      continue;
    }
    const acceptance = accepted.get(section.index);
    if (acceptance === undefined) writeInactive(lines, section);
    else writeAccepted(lines, section, acceptance);
    writeTransport(lines, transport, section === kept[0]);
  }
  return `${lines.join('\r\n')}\r\n`;
}

function writeRejected(lines: string[], section: OfferSection): void {
  const { kind, protocol, formats } = section.raw;
  lines.push(`m=${kind} 0 ${protocol} ${formats.slice(0, 1).join(' ')}`, 'c=IN IP4 0.0.0.0', `a=mid:${section.mid}`);
  lines.push('a=inactive');
}

function writeInactive(lines: string[], section: OfferSection): void {
  const { kind, protocol, formats, attributes } = section.raw;
  const format = formats[0] ?? '0';
  lines.push(`m=${kind} 9 ${protocol} ${format}`, 'c=IN IP4 0.0.0.0', `a=mid:${section.mid}`, 'a=inactive');
  for (const name of ['rtpmap', 'fmtp']) {
    const value = listAttributes(attributes, name).find((entry) => entry.startsWith(`${format} `));
    if (value !== undefined) lines.push(`a=${name}:${value}`);
  }
}

function writeAccepted(lines: string[], section: OfferSection, acceptance: AcceptedSection): void {
  const { codec, rtxPayloadType, redPayloadType, source } = acceptance;
  const { payloadType } = codec;
  const formats = [redPayloadType, payloadType, rtxPayloadType].filter((format) => format !== undefined).join(' ');
  const channels = codec.name === 'opus' ? '/2' : '';
  lines.push(
    `m=${section.raw.kind} 9 ${section.raw.protocol} ${formats}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${section.mid}`,
    `a=${acceptance.direction}`,
    'a=rtcp-rsize',
    `a=rtpmap:${payloadType} ${codec.name}/${codec.clockRate}${channels}`,
  );
  for (const feedback of acceptance.feedback) lines.push(`a=rtcp-fb:${payloadType} ${feedback}`);
  if (codec.parameters !== '') lines.push(`a=fmtp:${payloadType} ${codec.parameters}`);
  if (rtxPayloadType !== undefined) {
    lines.push(`a=rtpmap:${rtxPayloadType} rtx/${codec.clockRate}`, `a=fmtp:${rtxPayloadType} apt=${payloadType}`);
  }
  if (redPayloadType !== undefined) {
    lines.push(`a=rtpmap:${redPayloadType} red/48000/2`, `a=fmtp:${redPayloadType} ${payloadType}/${payloadType}`);
  }
  for (const [id, uri] of acceptance.extensions) lines.push(`a=extmap:${id} ${uri}`);
  const { rids = [] } = acceptance;
  for (const rid of rids) lines.push(`a=rid:${rid} recv`);
  if (rids.length > 0) lines.push(`a=simulcast:recv ${rids.join(';')}`);
  if (source === undefined) return;
  const { ssrc, rtxSsrc, cname, msid, trackId } = source;
  lines.push(`a=msid:${msid} ${trackId}`);
  if (rtxSsrc !== undefined) lines.push(`a=ssrc-group:FID ${ssrc} ${rtxSsrc}`);
  for (const id of rtxSsrc === undefined ? [ssrc] : [ssrc, rtxSsrc]) {
    lines.push(`a=ssrc:${id} cname:${cname}`, `a=ssrc:${id} msid:${msid} ${trackId}`);
  }
}

function writeTransport(lines: string[], transport: LocalTransport, withCandidates: boolean): void {
  lines.push(
    'a=rtcp-mux',
    `a=ice-ufrag:${transport.iceUfrag}`,
    `a=ice-pwd:${transport.icePwd}`,
    `a=fingerprint:${transport.fingerprint}`,
    `a=setup:${transport.setup}`,
  );
  if (!withCandidates) return;
  for (const candidate of transport.candidates) lines.push(`a=candidate:${candidate}`);
  lines.push('a=end-of-candidates');
}
