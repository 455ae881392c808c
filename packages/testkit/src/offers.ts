/**
 * Short SDP offers for tests without media, and a reader for them. The reader also reads the offers of browsers.
 *
 * @module
 */

import type { MediaKind } from '@gavel/media';

/** A direction of a section. */
export type SectionDirection = 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';

/** One section of an offer. */
export interface OfferSection {
  readonly mid: string;
  readonly kind: MediaKind;
  readonly direction: SectionDirection;
  /** Codec names, such as `VP8`; by default the codecs of the kind that the engine forwards. */
  readonly codecs?: readonly string[];
}

/** The parts of an offer that the fake engine uses. */
export interface ReadOffer {
  /** Identifies the client's peer connection. */
  readonly fingerprint: string;
  readonly sections: readonly Required<OfferSection>[];
}

const DEFAULT_CODECS: Readonly<Record<MediaKind, readonly string[]>> = { audio: ['opus'], video: ['VP8', 'H264'] };

/** Writes an offer. Offers with another fingerprint are those of another peer connection. */
export function createOffer(sections: readonly OfferSection[], fingerprint = '00:11'): string {
  const lines = sections.flatMap(({ mid, kind, direction, codecs = DEFAULT_CODECS[kind] }) => [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${codecs.map((_, index) => 96 + index).join(' ')}`,
    `a=mid:${mid}`,
    `a=${direction}`,
    ...codecs.map((codec, index) => `a=rtpmap:${96 + index} ${codec}/${kind === 'audio' ? '48000/2' : '90000'}`),
  ]);
  return `${['v=0', `a=fingerprint:sha-256 ${fingerprint}`, ...lines].join('\r\n')}\r\n`;
}

/** Writes an answer that fits an offer: sections of other mids than those that carry a stream are inactive. */
export function createAnswer(offer: string, carrying: ReadonlySet<string>): string {
  const answers = { sendonly: 'recvonly', recvonly: 'sendonly', sendrecv: 'sendrecv', inactive: 'inactive' } as const;
  const sections = offer
    .split(/^(?=m=)/m)
    .slice(1)
    .flatMap((text) => {
      const section = readSection(text.slice(2))[0];
      const head = text.split('\r\n')[0] ?? '';
      const direction = section && carrying.has(section.mid) ? answers[section.direction] : 'inactive';
      return [head, `a=mid:${section?.mid ?? ''}`, `a=${direction}`];
    });
  return `${['v=0', 'a=fingerprint:sha-256 fake', ...sections].join('\r\n')}\r\n`;
}

/** Reads an offer; undefined if it is not SDP, has no section of media, or names a section twice. */
export function readOffer(offer: string): ReadOffer | undefined {
  const fingerprint = /^a=fingerprint:\S+ (\S+)/m.exec(offer)?.[1];
  const sections = offer.split(/^m=/m).slice(1).flatMap(readSection);
  const mids = new Set(sections.map(({ mid }) => mid));
  const isValid = offer.startsWith('v=0') && sections.length > 0 && mids.size === sections.length;
  return isValid && fingerprint !== undefined ? { fingerprint, sections } : undefined;
}

/** Returns nothing for a section that is not audio or video, such as a data channel. */
function readSection(text: string): Required<OfferSection>[] {
  const kind = /^(audio|video) /.exec(text)?.[1] as MediaKind | undefined;
  if (kind === undefined) return [];
  const mid = /^a=mid:(\S+)/m.exec(text)?.[1] ?? '';
  const direction = (/^a=(sendonly|recvonly|inactive)\s*$/m.exec(text)?.[1] ?? 'sendrecv') as SectionDirection;
  const codecs = [...text.matchAll(/^a=rtpmap:\d+ ([^/\s]+)/gm)].map(([, codec = '']) => codec);
  return [{ mid, kind, direction, codecs }];
}
