/**
 * The sections and codecs of an offer that the fake media engine accepts.
 *
 * @module
 */

import {
  type ItemResult,
  MediaError,
  type MediaKind,
  type PublishItem,
  type SectionMids,
  type SubscribeItem,
} from '@gavel/media';
import type { OfferSection, ReadOffer, SectionDirection } from './offers.ts';

/** The result of an accepted item. */
export type AcceptedItem = Exclude<ItemResult, { readonly error: unknown }>;

/** The codec of each kind of a stream. */
export type FakeCodecs = { readonly [K in MediaKind]?: string };

const KINDS: readonly MediaKind[] = ['audio', 'video'];
const FORWARDED: ReadonlySet<string> = new Set(['opus', 'vp8', 'h264']);

/** The sections of an offer that no item uses yet. */
export class SectionClaims {
  readonly #free: Map<string, Required<OfferSection>>;

  constructor({ sections }: ReadOffer) {
    this.#free = new Map(sections.map((section) => [section.mid, section]));
  }

  /**
   * Returns the sections of an item; other items cannot use them.
   *
   * @throws MediaError `bad-offer` if the item has no section, or one that is unknown, in use, or of another kind or
   *   direction
   */
  claim(mids: SectionMids, direction: SectionDirection): readonly Required<OfferSection>[] {
    const claimed = KINDS.flatMap((kind) => {
      const mid = mids[kind];
      if (mid === undefined) return [];
      const section = this.#free.get(mid);
      const isRight = section?.kind === kind && (section.direction === direction || section.direction === 'sendrecv');
      if (!isRight) throw new MediaError('bad-offer', `the section ${mid} cannot be used`);
      return [section];
    });
    if (claimed.length === 0) throw new MediaError('bad-offer', 'the item names no section');
    for (const { mid } of claimed) this.#free.delete(mid);
    return claimed;
  }
}

/** Chooses the codecs of a published stream. @throws MediaError `bad-offer` if no kind can be published */
export function matchPublish(
  claims: SectionClaims,
  { mids, allowed }: PublishItem,
): { readonly codecs: FakeCodecs; readonly result: AcceptedItem } {
  const offered = claims.claim(mids, 'sendonly').filter(({ kind }) => allowed[kind]);
  const agreed = offered.flatMap(({ kind, codecs }) => {
    const codec = codecs.map((name) => name.toLowerCase()).find((name) => FORWARDED.has(name));
    return codec === undefined ? [] : [[kind, codec] as const];
  });
  const codecs: FakeCodecs = Object.fromEntries(agreed);
  const kinds = offered.map(({ kind }) => kind);
  return { codecs, result: toResult(kinds, codecs) };
}

/** Matches the sections of a subscription to a stream. @throws MediaError `bad-offer` if no kind can be played */
export function matchSubscribe(claims: SectionClaims, { mids }: SubscribeItem, stream: FakeCodecs): AcceptedItem {
  const offered = claims.claim(mids, 'recvonly').filter(({ kind }) => stream[kind] !== undefined);
  const agreed = offered.flatMap(({ kind, codecs }) => {
    const codec = codecs.map((name) => name.toLowerCase()).find((name) => name === stream[kind]);
    return codec === undefined ? [] : [[kind, codec] as const];
  });
  const kinds = offered.map(({ kind }) => kind);
  return toResult(kinds, Object.fromEntries(agreed));
}

function toResult(offered: readonly MediaKind[], agreed: FakeCodecs): AcceptedItem {
  const kinds = { audio: agreed.audio !== undefined, video: agreed.video !== undefined };
  const unsupported = offered.filter((kind) => !kinds[kind]);
  if (!kinds.audio && !kinds.video) {
    throw new MediaError('bad-offer', 'no section of the item can be accepted', unsupported);
  }
  return unsupported.length > 0 ? { kinds, unsupported } : { kinds };
}
