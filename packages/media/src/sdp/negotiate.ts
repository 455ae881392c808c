/**
 * Decides which sections of an offer are accepted, and with which codecs.
 *
 * @module
 */

import { MediaError, type MediaKinds } from '../engine.ts';
import type { AcceptedSection, AnswerSource } from './answer.ts';
import {
  type Codec,
  type CodecShape,
  findDirection,
  findExtensionId,
  listCodecs,
  listFeedback,
  listSsrcs,
  type MediaKind,
  matchCodec,
  TRANSPORT_CC_URI,
} from './codecs.ts';
import type { Offer } from './offer.ts';

/** The codecs of a stream, by kind. */
export interface StreamShape {
  readonly audio?: CodecShape | undefined;
  readonly video?: CodecShape | undefined;
}

/** The negotiated parameters of one kind of a publisher. */
export interface PublishedKind {
  readonly codec: Codec;
  /** The only SSRC that is accepted; undefined if the offer has none: then the first received SSRC is used. */
  readonly ssrc: number | undefined;
  /** The id of the transport-wide sequence number extension; undefined if it was not offered. */
  readonly transportCcId: number | undefined;
  /** Whether NACKs may be sent for lost packets. */
  readonly nack: boolean;
}

/** The result of a publisher's offer. */
export interface PublishPlan {
  readonly accepted: ReadonlyMap<number, AcceptedSection>;
  readonly published: ReadonlyMap<MediaKind, PublishedKind>;
  /** Kinds that may be sent and were offered, but without a supported codec. */
  readonly unsupported: readonly MediaKind[];
}

const publisherFeedback: Record<MediaKind, readonly string[]> = {
  audio: ['transport-cc'],
  video: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
};
const playerFeedback: Record<MediaKind, readonly string[]> = { audio: [], video: ['nack', 'nack pli', 'ccm fir'] };

/**
 * Chooses one audio and one video section of a publisher's offer, with the first supported codec of each (MED-1).
 *
 * @throws MediaError `bad-offer` when nothing can be accepted
 */
export function planPublish(offer: Offer, allowed: MediaKinds): PublishPlan {
  const accepted = new Map<number, AcceptedSection>();
  const published = new Map<MediaKind, PublishedKind>();
  const payloadTypes = new Set<number>();
  const offered = new Set<MediaKind>();
  for (const { index, kind, raw } of offer.sections) {
    if (kind === undefined || !allowed[kind] || published.has(kind)) continue;
    const direction = findDirection(raw);
    if (direction !== 'sendonly' && direction !== 'sendrecv') continue;
    offered.add(kind);
    // On a common transport, the kinds are distinguished by payload type.
    const codec = listCodecs(kind, raw).find((entry) => !payloadTypes.has(entry.payloadType));
    if (codec === undefined) continue;
    payloadTypes.add(codec.payloadType);
    const offeredFeedback = listFeedback(raw, codec.payloadType);
    const feedback = publisherFeedback[kind].filter((entry) => offeredFeedback.includes(entry));
    const transportCcId = findExtensionId(raw, TRANSPORT_CC_URI);
    const extensions = new Map<number, string>();
    if (transportCcId !== undefined && feedback.includes('transport-cc'))
      extensions.set(transportCcId, TRANSPORT_CC_URI);
    accepted.set(index, { direction: 'recvonly', codec, feedback, extensions });
    published.set(kind, {
      codec,
      ssrc: listSsrcs(raw)[0],
      transportCcId: extensions.size > 0 ? transportCcId : undefined,
      nack: feedback.includes('nack'),
    });
  }
  if (published.size === 0) throw new MediaError('bad-offer', 'The offer has no section that can be published');
  return { accepted, published, unsupported: [...offered].filter((kind) => !published.has(kind)) };
}

/** The result of a player's offer. */
export interface PlayPlan {
  readonly accepted: ReadonlyMap<number, AcceptedSection>;
  /** The player's payload type for each kind. */
  readonly payloadTypes: ReadonlyMap<MediaKind, number>;
  /** Kinds that the stream has and the offer contains, but without the stream's codec. */
  readonly unsupported: readonly MediaKind[];
}

/**
 * Chooses the sections of a player's offer for the stream's codecs.
 *
 * @throws MediaError `bad-offer` if no kind of the stream can be played
 */
export function planPlay(
  offer: Offer,
  shape: StreamShape,
  sources: Readonly<Record<MediaKind, AnswerSource>>,
): PlayPlan {
  const accepted = new Map<number, AcceptedSection>();
  const payloadTypes = new Map<MediaKind, number>();
  const offered = new Set<MediaKind>();
  for (const { index, kind, raw } of offer.sections) {
    const wanted = kind === undefined ? undefined : shape[kind];
    if (kind === undefined || wanted === undefined || payloadTypes.has(kind)) continue;
    const direction = findDirection(raw);
    if (direction !== 'recvonly' && direction !== 'sendrecv') continue;
    offered.add(kind);
    const codec = matchCodec(listCodecs(kind, raw), wanted);
    if (codec === undefined) continue;
    const offeredFeedback = listFeedback(raw, codec.payloadType);
    const feedback = playerFeedback[kind].filter((entry) => offeredFeedback.includes(entry));
    accepted.set(index, { direction: 'sendonly', codec, feedback, extensions: new Map(), source: sources[kind] });
    payloadTypes.set(kind, codec.payloadType);
  }
  if (payloadTypes.size === 0) throw new MediaError('bad-offer', 'The offer supports none of the codecs of the stream');
  return { accepted, payloadTypes, unsupported: [...offered].filter((kind) => !payloadTypes.has(kind)) };
}
