/**
 * The codecs that Gavel forwards (CONN-1), and the matching of codecs between offers.
 *
 * @module
 */

import type { MediaKind } from '../engine.ts';
import { listAttributes, type SdpSection } from './session-description.ts';

export type { MediaKind };

/** Every kind. */
export const MEDIA_KINDS: readonly MediaKind[] = ['audio', 'video'];

/** Names of the codecs that are forwarded, as SDP spells them. */
export type CodecName = 'opus' | 'VP8' | 'H264' | 'VP9' | 'AV1';

/** One codec as one side offered it. */
export interface Codec {
  readonly name: CodecName;
  readonly payloadType: number;
  /** Ticks per second of the RTP timestamp. */
  readonly clockRate: number;
  /** The `fmtp` parameters as offered; empty for none. */
  readonly parameters: string;
}

/** A stream's codec, independent of payload types. The parent process stores it across a worker's death. */
export type CodecShape = Omit<Codec, 'payloadType'>;

const supported: Record<MediaKind, readonly { name: CodecName; encoding: RegExp; clockRate: number }[]> = {
  audio: [{ name: 'opus', encoding: /^opus\/48000\/2$/i, clockRate: 48_000 }],
  video: [
    { name: 'VP8', encoding: /^VP8\/90000$/i, clockRate: 90_000 },
    { name: 'H264', encoding: /^H264\/90000$/i, clockRate: 90_000 },
    { name: 'VP9', encoding: /^VP9\/90000$/i, clockRate: 90_000 },
    { name: 'AV1', encoding: /^AV1\/90000$/i, clockRate: 90_000 },
  ],
};

/** Lists a section's supported codecs in the section's own order of preference. */
export function listCodecs(kind: MediaKind, section: SdpSection): Codec[] {
  const encodings = new Map(listAttributes(section.attributes, 'rtpmap').map(splitPayload));
  const parameters = new Map(listAttributes(section.attributes, 'fmtp').map(splitPayload));
  const codecs: Codec[] = [];
  for (const format of section.formats) {
    const payloadType = Number(format);
    if (!/^\d{1,3}$/.test(format) || !isDynamicPayloadType(payloadType)) continue;
    const encoding = encodings.get(format) ?? '';
    const found = supported[kind].find((entry) => entry.encoding.test(encoding));
    if (found === undefined) continue;
    const codec = {
      name: found.name,
      payloadType,
      clockRate: found.clockRate,
      parameters: parameters.get(format) ?? '',
    };
    codecs.push(codec);
  }
  return codecs;
}

/** 64 to 95 are excluded, because they conflict with RTCP packet types if RTP and RTCP share a port (RFC 5761). */
function isDynamicPayloadType(payloadType: number): boolean {
  return payloadType <= 127 && (payloadType < 64 || payloadType > 95);
}

function splitPayload(value: string): [string, string] {
  const space = value.indexOf(' ');
  return space < 0 ? [value, ''] : [value.slice(0, space), value.slice(space + 1).trim()];
}

/** Finds a codec's `fmtp` parameter, in lower case; undefined when it is not given. */
export function findParameter(parameters: string, name: string): string | undefined {
  for (const parameter of parameters.split(';')) {
    const [key = '', value = ''] = parameter.trim().split('=');
    if (key.toLowerCase() === name) return value.toLowerCase();
  }
  return undefined;
}

/**
 * Finds the subscriber's codec that decodes a stream's codec; undefined when it has none.
 *
 * For H.264 the same profile-level-id is preferred, then the same profile, then Constrained Baseline, then any, each with
 * packetization mode 1 first, which can receive both modes (RFC 6184, 8.1): decoders often support more than they offer,
 * and a wrong choice is visible at once as frames that are not decoded. The other codecs need the same profile.
 */
export function matchCodec(offered: readonly Codec[], wanted: CodecShape): Codec | undefined {
  const named = offered.filter((codec) => codec.name === wanted.name);
  if (wanted.name !== 'H264') return named.find((codec) => findProfile(codec) === findProfile(wanted));
  const isMode1 = (codec: Codec): boolean => findParameter(codec.parameters, 'packetization-mode') === '1';
  const candidates = named.toSorted((a, b) => Number(isMode1(b)) - Number(isMode1(a)));
  const profileOf = (codec: CodecShape): string => findParameter(codec.parameters, 'profile-level-id') ?? '42e01f';
  const profile = profileOf(wanted);
  return (
    candidates.find((codec) => profileOf(codec) === profile) ??
    candidates.find((codec) => profileOf(codec).slice(0, 4) === profile.slice(0, 4)) ??
    candidates.find((codec) => profileOf(codec).startsWith('42e0')) ??
    candidates[0]
  );
}

/** Returns the profile that a decoder needs: VP9 and AV1 have several, and the first is the default. */
function findProfile({ name, parameters }: CodecShape): string {
  if (name === 'VP9') return findParameter(parameters, 'profile-id') ?? '0';
  return name === 'AV1' ? (findParameter(parameters, 'profile') ?? '0') : '';
}

/** Finds the payload type under which a section offers an audio codec with redundancy (RFC 2198); undefined for none. */
export function findRedPayloadType(section: SdpSection, codec: Codec): number | undefined {
  const encodings = new Map(listAttributes(section.attributes, 'rtpmap').map(splitPayload));
  for (const [format, parameters] of listAttributes(section.attributes, 'fmtp').map(splitPayload)) {
    if (encodings.get(format)?.toLowerCase() !== 'red/48000/2') continue;
    if (!/^(\d{1,3})(?:\/\1)+$/.test(parameters) || parameters.split('/')[0] !== String(codec.payloadType)) continue;
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : Number.NaN;
    const isListed = section.formats.includes(format);
    if (isListed && isDynamicPayloadType(payloadType) && payloadType !== codec.payloadType) return payloadType;
  }
  return undefined;
}

/** Finds the payload type of the retransmissions (RFC 4588) of a payload type; undefined when the section offers none. */
export function findRtxPayloadType(section: SdpSection, codec: Codec): number | undefined {
  const encodings = new Map(listAttributes(section.attributes, 'rtpmap').map(splitPayload));
  for (const [format, parameters] of listAttributes(section.attributes, 'fmtp').map(splitPayload)) {
    if (findParameter(parameters, 'apt') !== String(codec.payloadType)) continue;
    if (encodings.get(format)?.toLowerCase() !== `rtx/${codec.clockRate}`) continue;
    const payloadType = /^\d{1,3}$/.test(format) ? Number(format) : Number.NaN;
    if (isDynamicPayloadType(payloadType) && payloadType !== codec.payloadType) return payloadType;
  }
  return undefined;
}

/** The `rtcp-fb` values that a section offers for a payload type. */
export function listFeedback(section: SdpSection, payloadType: number): string[] {
  return listAttributes(section.attributes, 'rtcp-fb')
    .map(splitPayload)
    .filter(([format]) => format === String(payloadType) || format === '*')
    .map(([, feedback]) => feedback);
}

/** The URI of the header extension with the level of the sound (RFC 6464). */
export const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';

/** The URI of the header extension that names the section of a packet (RFC 8843). */
export const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';

/** The URI of the transport-wide sequence number header extension. */
export const TRANSPORT_CC_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

/** Finds the id under which a section offers a header extension; undefined when it does not. */
export function findExtensionId(section: SdpSection, uri: string): number | undefined {
  for (const value of listAttributes(section.attributes, 'extmap')) {
    const match = /^(\d{1,3})(?:\/[a-z]+)? (\S+)/.exec(value);
    if (match?.[2] !== uri) continue;
    const id = Number(match[1]);
    // 15 is reserved in the one-byte form.
    if (id >= 1 && id <= 255 && id !== 15) return id;
  }
  return undefined;
}

/** The SSRCs of one encoding. */
export interface AnnouncedSource {
  readonly ssrc: number;
  /** Of its retransmissions (RFC 4588); undefined if none is announced. */
  readonly rtxSsrc?: number;
}

/** The sources that a section announces, in order, each with the SSRC of its retransmissions; those of FEC are left out. */
export function listSources(section: SdpSection): AnnouncedSource[] {
  const rtxSsrcs = new Map<number, number>();
  const secondary = new Set<number>();
  for (const value of listAttributes(section.attributes, 'ssrc-group')) {
    const [semantics, first = '', ...others] = value.split(' ');
    if (semantics !== 'FID' && semantics !== 'FEC-FR') continue;
    for (const other of others) secondary.add(parseSsrc(other));
    if (semantics === 'FID') rtxSsrcs.set(parseSsrc(first), parseSsrc(others[0]));
  }
  const ssrcs = new Set<number>();
  for (const value of listAttributes(section.attributes, 'ssrc')) {
    const ssrc = parseSsrc(value.split(' ', 1)[0]);
    if (!Number.isNaN(ssrc) && !secondary.has(ssrc)) ssrcs.add(ssrc);
  }
  return [...ssrcs].map((ssrc) => {
    const rtxSsrc = rtxSsrcs.get(ssrc);
    return rtxSsrc === undefined || Number.isNaN(rtxSsrc) ? { ssrc } : { ssrc, rtxSsrc };
  });
}

/** `NaN` for anything that is not an SSRC. */
function parseSsrc(text = ''): number {
  return /^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff ? Number(text) : Number.NaN;
}
