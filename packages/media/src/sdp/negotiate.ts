/**
 * Decides which sections of an offer carry which streams, and with which codecs.
 *
 * @module
 */

import { MediaError, type PublishItem, type SectionMids, type SubscribeItem } from '../engine.ts';
import type { ExtensionIds } from '../rtp/outgoing-packet.ts';
import type { AcceptedSection } from './answer.ts';
import {
  type AnnouncedSource,
  AUDIO_LEVEL_URI,
  type Codec,
  type CodecShape,
  findExtensionId,
  findRedPayloadType,
  findRtxPayloadType,
  listCodecs,
  listFeedback,
  listSources,
  MEDIA_KINDS,
  type MediaKind,
  MID_URI,
  matchCodec,
  TRANSPORT_CC_URI,
} from './codecs.ts';
import type { Offer, OfferSection } from './offer.ts';
import { listSendRids, REPAIRED_RID_URI, RID_URI } from './simulcast.ts';

/** The codecs of a stream, by kind. */
export interface StreamShape {
  readonly audio?: CodecShape | undefined;
  readonly video?: CodecShape | undefined;
  /** The number of layers of the video; absent: one. */
  readonly layers?: number;
  /** What a worker needs to know to read the publisher's audio packets, if they are piped to it. */
  readonly redPayloadType?: number | undefined;
  readonly audioLevelId?: number | undefined;
}

/** A section of the offer that carries a kind of a stream, and how it is answered. */
export interface PlannedKind {
  readonly mid: string;
  /** Of the section. */
  readonly index: number;
  readonly section: AcceptedSection;
  readonly codec: Codec;
}

/** The negotiated parameters of one kind that a client sends. */
export interface ReceivedKind extends PlannedKind {
  /** The payload type of retransmissions; undefined if they are not negotiated. */
  readonly rtxPayloadType: number | undefined;
  /** The only SSRCs that are accepted; undefined if the offer has none: then they are learnt from the first packets. */
  readonly source: AnnouncedSource | undefined;
  /** The id of the transport-wide sequence number extension; undefined if it was not offered. */
  readonly transportCcId: number | undefined;
  /** The id of the extension with the mid; undefined if it was not offered. */
  readonly midId: number | undefined;
  /** The rids of the layers, from the lowest; empty without simulcast. */
  readonly rids: readonly string[];
  /** The ids of the extensions with the rid, and with that of a retransmission; undefined if they were not offered. */
  readonly ridId: number | undefined;
  readonly repairedRidId: number | undefined;
  /** The payload type of audio with redundancy; undefined if it is not negotiated. */
  readonly redPayloadType: number | undefined;
  /** The id of the extension with the level of the sound; undefined if it was not offered. */
  readonly audioLevelId: number | undefined;
  /** Whether NACKs may be sent for lost packets. */
  readonly nack: boolean;
}

/** The parameters of a kind that comes from another worker: nothing was negotiated, and the SSRC is of no meaning. */
export function createPipedKind(codec: CodecShape, { redPayloadType, audioLevelId }: StreamShape): ReceivedKind {
  const piped = { ...codec, payloadType: 0 };
  const section: AcceptedSection = { direction: 'recvonly', codec: piped, feedback: [], extensions: new Map() };
  const ids = { transportCcId: undefined, midId: undefined, ridId: undefined, repairedRidId: undefined };
  const types = { rtxPayloadType: undefined, redPayloadType, audioLevelId };
  return { mid: '', index: 0, section, codec: piped, source: { ssrc: 0 }, rids: [], ...ids, ...types, nack: false };
}

/** The negotiated parameters of one kind that is sent to a client. */
export interface SentKind extends PlannedKind {
  /** Whether the client may request lost packets. */
  readonly nack: boolean;
  /** The payload type of retransmissions; undefined if they are not negotiated. */
  readonly rtxPayloadType: number | undefined;
  /** The payload type of audio with redundancy; undefined if the client takes none. */
  readonly redPayloadType: number | undefined;
  readonly extensions: ExtensionIds;
}

/** The result of a planned item. */
export interface Plan<T extends PlannedKind> {
  readonly kinds: ReadonlyMap<MediaKind, T>;
  /** Kinds of the item that are refused because there is no common codec (MED-8). */
  readonly unsupported: readonly MediaKind[];
}

/** The highest id in the one-byte form of header extensions (RFC 8285). */
const MAX_ONE_BYTE_ID = 14;

const publishFeedback: Record<MediaKind, readonly string[]> = {
  audio: ['nack', 'transport-cc'],
  video: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
};
const subscribeFeedback: Record<MediaKind, readonly string[]> = {
  audio: ['nack', 'transport-cc'],
  video: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
};

/**
 * Plans the items of one offer. A section carries one item at most, and an SSRC belongs to one section at most: the first
 * one that names it has it.
 */
export class Planner {
  readonly #offer: Offer;
  readonly #usedMids = new Set<string>();
  readonly #usedSsrcs = new Set<number>();

  constructor(offer: Offer) {
    this.#offer = offer;
  }

  /**
   * Chooses the codecs of a published stream: of each kind, the first supported one of its section (CONN-1).
   *
   * @throws MediaError `bad-offer` when no kind can be accepted
   */
  planPublish({ stream, mids, allowed }: Pick<PublishItem, 'stream' | 'mids' | 'allowed'>): Plan<ReceivedKind> {
    const kinds = new Map<MediaKind, ReceivedKind>();
    const unsupported: MediaKind[] = [];
    for (const kind of MEDIA_KINDS) {
      const section = allowed[kind] ? this.#findSection(mids, kind, 'sendonly') : undefined;
      if (section === undefined) continue;
      const codec = listCodecs(kind, section.raw)[0];
      if (codec === undefined) {
        unsupported.push(kind);
        continue;
      }
      kinds.set(kind, this.#receive(kind, section, codec));
      this.#usedMids.add(section.mid);
    }
    if (kinds.size > 0) return { kinds, unsupported };
    const message = `No section of the offer can be accepted for the published stream ${stream}`;
    throw new MediaError('bad-offer', message, unsupported);
  }

  /**
   * Chooses the sections of a subscription for the codecs of its stream.
   *
   * @throws MediaError `bad-offer` if no kind of the stream can be sent
   */
  planSubscribe({ stream, mids }: Pick<SubscribeItem, 'stream' | 'mids'>, shape: StreamShape): Plan<SentKind> {
    const kinds = new Map<MediaKind, SentKind>();
    const unsupported: MediaKind[] = [];
    for (const kind of MEDIA_KINDS) {
      const wanted = shape[kind];
      const section = wanted && this.#findSection(mids, kind, 'recvonly');
      if (section === undefined) continue;
      const codec = matchCodec(listCodecs(kind, section.raw), wanted as CodecShape);
      if (codec === undefined) {
        unsupported.push(kind);
        continue;
      }
      kinds.set(kind, this.#send(kind, section, codec));
      this.#usedMids.add(section.mid);
    }
    if (kinds.size > 0) return { kinds, unsupported };
    const message = `No section of the offer can be accepted for the subscription to ${stream}`;
    throw new MediaError('bad-offer', message, unsupported);
  }

  #findSection(mids: SectionMids, kind: MediaKind, direction: 'sendonly' | 'recvonly'): OfferSection | undefined {
    const mid = mids[kind];
    if (mid === undefined || this.#usedMids.has(mid)) return undefined;
    const section = this.#offer.sectionByMid.get(mid);
    if (section?.kind !== kind) return undefined;
    return section.direction === direction || section.direction === 'sendrecv' ? section : undefined;
  }

  #send(kind: MediaKind, section: OfferSection, codec: Codec): SentKind {
    const feedback = chooseFeedback(section, codec, subscribeFeedback[kind]);
    const nack = feedback.includes('nack');
    const rtxPayloadType = nack && kind === 'video' ? findRtxPayloadType(section.raw, codec) : undefined;
    const redPayloadType = kind === 'audio' ? findRedPayloadType(section.raw, codec) : undefined;
    const answeredExtensions = new Map<number, string>();
    const accept = (uri: string): number => {
      const id = findExtensionId(section.raw, uri) ?? 0;
      // The fixed block of extensions has the one-byte form.
      if (id === 0 || id > MAX_ONE_BYTE_ID) return 0;
      answeredExtensions.set(id, uri);
      return id;
    };
    const transportSequence = feedback.includes('transport-cc') ? accept(TRANSPORT_CC_URI) : 0;
    const extensions = { transportSequence, audioLevel: kind === 'audio' ? accept(AUDIO_LEVEL_URI) : 0 };
    const { mid, index } = section;
    const types = { rtxPayloadType, redPayloadType };
    const direction = 'sendonly';
    const answered: AcceptedSection = { direction, codec, ...types, feedback, extensions: answeredExtensions };
    return { mid, index, section: answered, codec, nack, ...types, extensions };
  }

  #receive(kind: MediaKind, section: OfferSection, codec: Codec): ReceivedKind {
    const feedback = chooseFeedback(section, codec, publishFeedback[kind]);
    const nack = feedback.includes('nack');
    const rtxPayloadType = nack ? findRtxPayloadType(section.raw, codec) : undefined;
    const extensions = new Map<number, string>();
    const accept = (uri: string): number | undefined => {
      const id = findExtensionId(section.raw, uri);
      if (id !== undefined) extensions.set(id, uri);
      return id;
    };
    const transportCcId = feedback.includes('transport-cc') ? accept(TRANSPORT_CC_URI) : undefined;
    const midId = accept(MID_URI);
    const redPayloadType = kind === 'audio' ? findRedPayloadType(section.raw, codec) : undefined;
    const audioLevelId = kind === 'audio' ? accept(AUDIO_LEVEL_URI) : undefined;
    const hasRids = findExtensionId(section.raw, RID_URI) !== undefined && midId !== undefined;
    const rids = hasRids && kind === 'video' ? listSendRids(section.raw) : [];
    const ridId = rids.length > 0 ? accept(RID_URI) : undefined;
    const repairedRidId = rids.length > 0 ? accept(REPAIRED_RID_URI) : undefined;
    const { mid, index } = section;
    const types = { rtxPayloadType, redPayloadType };
    const answered: AcceptedSection = { direction: 'recvonly', codec, ...types, feedback, extensions, rids };
    // The sources of layers are learnt by their rids, because an offer does not say which is which.
    const source = rids.length > 0 ? undefined : this.#claimSource(section);
    const ids = { transportCcId, midId, ridId, repairedRidId, audioLevelId };
    return { mid, index, section: answered, codec, ...types, source, rids, ...ids, nack };
  }

  #claimSource({ raw }: OfferSection): AnnouncedSource | undefined {
    const [source] = listSources(raw);
    if (source === undefined || this.#usedSsrcs.has(source.ssrc)) return undefined;
    this.#usedSsrcs.add(source.ssrc);
    const { ssrc, rtxSsrc } = source;
    if (rtxSsrc === undefined || this.#usedSsrcs.has(rtxSsrc)) return { ssrc };
    this.#usedSsrcs.add(rtxSsrc);
    return source;
  }
}

function chooseFeedback({ raw }: OfferSection, codec: Codec, wanted: readonly string[]): string[] {
  const offered = listFeedback(raw, codec.payloadType);
  return wanted.filter((feedback) => offered.includes(feedback));
}
