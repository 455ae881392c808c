/**
 * A validated offer, reduced to the data that the answer needs.
 *
 * @module
 */

import { isIP } from 'node:net';
import { MediaError } from '../engine.ts';
import type { MediaKind } from './codecs.ts';
import {
  findAttribute,
  listAttributes,
  parseSessionDescription,
  type SdpSection,
  type SessionDescription,
} from './session-description.ts';

/** ICE and DTLS parameters of the offering side, strictly validated. */
export interface OfferTransport {
  readonly iceUfrag: string;
  readonly icePwd: string;
  /** `<algorithm> <hex pairs>` */
  readonly fingerprint: string;
  readonly setup: 'actpass' | 'active' | 'passive';
  /** UDP candidates with literal addresses, as `candidate` attribute values; mDNS names and TCP are left out. */
  readonly candidates: readonly string[];
}

/** The direction of a section, from the client's point of view. */
export type SectionDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** One m-section of an offer. */
export interface OfferSection {
  readonly index: number;
  readonly mid: string;
  /** Undefined for anything that is neither audio nor video over DTLS-SRTP, or is not on the common transport. */
  readonly kind: MediaKind | undefined;
  readonly direction: SectionDirection;
  readonly raw: SdpSection;
}

/** A validated offer. */
export interface Offer {
  readonly transport: OfferTransport;
  readonly sections: readonly OfferSection[];
  /** The same sections, by mid. */
  readonly sectionByMid: ReadonlyMap<string, OfferSection>;
  /** Whether the offer has a BUNDLE group; without one only the first usable section has a kind. */
  readonly bundled: boolean;
}

const MAX_CANDIDATES = 16;

/**
 * Parses and validates an offer.
 *
 * @throws MediaError `bad-offer`
 */
export function parseOffer(sdp: unknown): Offer {
  const description = parseSessionDescription(sdp);
  const group = listAttributes(description.attributes, 'group')
    .map((value) => value.split(' '))
    .find(([semantics]) => semantics === 'BUNDLE');
  const bundle = group === undefined ? undefined : new Set(group.slice(1));

  const sections: OfferSection[] = [];
  const sectionByMid = new Map<string, OfferSection>();
  let first: SdpSection | undefined;
  for (const [index, raw] of description.sections.entries()) {
    const mid = findAttribute(raw.attributes, 'mid') ?? `gavel-${index}`;
    if (!/^[\x21\x23-\x27\x2a\x2b\x2d\x2e0-9A-Z\x5e-\x7e]{1,32}$/.test(mid) || sectionByMid.has(mid)) {
      throw new MediaError('bad-offer', `Media section ${index} has a malformed or repeated mid`);
    }
    const onTransport = bundle === undefined ? first === undefined : bundle.has(mid);
    const kind = onTransport ? findKind(raw, bundle !== undefined) : undefined;
    if (kind !== undefined) first ??= raw;
    const section = { index, mid, kind, direction: findDirection(raw), raw };
    sections.push(section);
    sectionByMid.set(mid, section);
  }
  if (first === undefined) throw new MediaError('bad-offer', 'The offer has no audio or video section over DTLS-SRTP');
  return { transport: parseTransport(description, first), sections, sectionByMid, bundled: bundle !== undefined };
}

/** `sendrecv` when the section names none. */
function findDirection(section: SdpSection): SectionDirection {
  for (const direction of ['sendonly', 'recvonly', 'inactive'] as const) {
    if (findAttribute(section.attributes, direction) !== undefined) return direction;
  }
  return 'sendrecv';
}

function findKind(section: SdpSection, bundled: boolean): MediaKind | undefined {
  if (section.kind !== 'audio' && section.kind !== 'video') return undefined;
  if (section.protocol !== 'UDP/TLS/RTP/SAVPF' && section.protocol !== 'RTP/SAVPF') return undefined;
  // A port of 0 is a stopped section, unless it is `bundle-only`.
  const isBundleOnly = bundled && findAttribute(section.attributes, 'bundle-only') !== undefined;
  return section.port === 0 && !isBundleOnly ? undefined : section.kind;
}

function parseTransport(description: SessionDescription, section: SdpSection): OfferTransport {
  const find = (name: string): string =>
    findAttribute(section.attributes, name) ?? findAttribute(description.attributes, name) ?? '';
  const iceUfrag = find('ice-ufrag');
  const icePwd = find('ice-pwd');
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(iceUfrag) || !/^[A-Za-z0-9+/]{22,256}$/.test(icePwd)) {
    throw new MediaError('bad-offer', 'The offer has no well-formed ICE credentials');
  }
  const fingerprints = [
    ...listAttributes(section.attributes, 'fingerprint'),
    ...listAttributes(description.attributes, 'fingerprint'),
  ].map(normaliseFingerprint);
  const fingerprint = fingerprints.find((value) => value?.startsWith('sha-256 ')) ?? fingerprints.find(Boolean);
  if (fingerprint === undefined) throw new MediaError('bad-offer', 'The offer has no SHA-2 fingerprint');
  const setup = find('setup') || 'actpass';
  if (setup !== 'actpass' && setup !== 'active' && setup !== 'passive') {
    throw new MediaError('bad-offer', 'The offer has no usable setup attribute');
  }
  const candidates = listAttributes(section.attributes, 'candidate')
    .map(normaliseCandidate)
    .filter((candidate) => candidate !== undefined)
    .slice(0, MAX_CANDIDATES);
  return { iceUfrag, icePwd, fingerprint, setup, candidates };
}

const fingerprintLengths: Record<string, number> = { 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 };

function normaliseFingerprint(value: string): string | undefined {
  const [algorithm = '', hex = ''] = value.split(' ');
  const bytes = fingerprintLengths[algorithm.toLowerCase()];
  if (bytes === undefined || hex.length !== bytes * 3 - 1 || !/^[0-9A-F]{2}(?::[0-9A-F]{2})*$/i.test(hex))
    return undefined;
  return `${algorithm.toLowerCase()} ${hex.toUpperCase()}`;
}

function normaliseCandidate(value: string): string | undefined {
  const match = /^[A-Za-z0-9+/]{1,32} 1 udp \d{1,10} (\S+) [1-9]\d{0,4} typ (?:host|srflx|prflx|relay)\b/i.exec(value);
  return match?.[1] !== undefined && isIP(match[1]) !== 0 ? match[0] : undefined;
}
