/**
 * The media requests of a `RawClient`, without media.
 *
 * @module
 */

import type { MediaKind } from '@gavel/media';
import type {
  NegotiatedItem,
  NegotiateParams,
  NegotiateResult,
  PlayParams,
  PublishParams,
  WireError,
} from '@gavel/protocol';
import { createOffer, type OfferSection } from './offers.ts';
import type { RawAnswer } from './raw-client.ts';

/** Differences of an item from the default: both kinds, with codecs that the engine forwards. */
export interface RawItemOptions {
  /** The kind, or kinds, whose section has no codec that the engine forwards. */
  readonly lacks?: MediaKind | 'both';
  /** Sent instead of the offer that fits the lists. */
  readonly offer?: string;
}

/** The result of one item: its part of the answer to `negotiate`, or why it or the whole request was refused. */
export type RawItemAnswer = {
  readonly result?: { readonly answer: string; readonly audio: boolean; readonly video: boolean };
  readonly error?: WireError;
};

type Lists = { publish: readonly PublishParams[]; play: readonly PlayParams[] };
type Send = (method: string, params: unknown) => Promise<RawAnswer>;

/**
 * Remembers what a client publishes and plays, because the lists of `negotiate` are complete. A refused item is removed.
 *
 * @example
 * await client.media.publish('cam');
 * await client.media.play('screen');
 */
export class RawMedia {
  /** Identifies the peer connection; a new value makes a new one. */
  fingerprint = '00:11';
  readonly #send: Send;
  readonly #publish = new Map<string, PublishParams & RawItemOptions>();
  readonly #play = new Map<string, PlayParams & RawItemOptions>();
  #lastMid = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Publishes a stream besides the others, or re-negotiates it. */
  async publish(streamId: string, item: Partial<PublishParams> & RawItemOptions = {}): Promise<RawItemAnswer> {
    const mids = this.#publish.get(streamId)?.mids ?? this.#nextMids();
    const params = { streamId, mids, ...item };
    this.#publish.set(streamId, params);
    const answer = answerOf(streamId, 'publish', await this.negotiate(offerOf(item)));
    if (answer.error) this.#publish.delete(streamId);
    else if (this.#publish.get(streamId) === params) this.#publish.set(streamId, { ...params, ongoing: true });
    return answer;
  }

  /** Plays a stream besides the others, or re-negotiates it. */
  async play(streamId: string, item: Partial<PlayParams> & RawItemOptions = {}): Promise<RawItemAnswer> {
    const mids = this.#play.get(streamId)?.mids ?? this.#nextMids();
    this.#play.set(streamId, { streamId, mids, ...item });
    const answer = answerOf(streamId, 'play', await this.negotiate(offerOf(item)));
    if (answer.error) this.#play.delete(streamId);
    return answer;
  }

  /** Ends a stream without an offer. */
  unpublish(streamId: string): Promise<RawAnswer> {
    this.#publish.delete(streamId);
    return this.#send('unpublish', { streamId });
  }

  /** Stops playing a stream without an offer. */
  stop(streamId: string): Promise<RawAnswer> {
    this.#play.delete(streamId);
    return this.#send('stop', { streamId });
  }

  /** Removes items from the lists without a request: the next offer does not list them. */
  drop(...streamIds: readonly string[]): void {
    for (const streamId of streamIds) {
      this.#publish.delete(streamId);
      this.#play.delete(streamId);
    }
  }

  /** Sends the current lists, with changes, such as an offer that is not SDP. */
  negotiate(changes: Partial<NegotiateParams> = {}): Promise<RawAnswer> {
    const sections = [
      ...[...this.#publish.values()].flatMap((item) => sectionsOf(item, 'sendonly')),
      ...[...this.#play.values()].flatMap((item) => sectionsOf(item, 'recvonly')),
    ];
    // A client without items keeps its connection by a section of its own.
    const reserve: OfferSection = { mid: 'reserve', kind: 'audio', direction: 'recvonly' };
    const lists: Lists = {
      publish: [...this.#publish.values()].map(withoutOptions),
      play: [...this.#play.values()].map(withoutOptions),
    };
    return this.#send('negotiate', {
      offer: createOffer([reserve, ...sections], this.fingerprint),
      ...lists,
      ...changes,
    });
  }

  #nextMids() {
    this.#lastMid += 1;
    return { audio: `a${this.#lastMid}`, video: `v${this.#lastMid}` };
  }
}

function sectionsOf(
  { mids, lacks }: (PublishParams | PlayParams) & RawItemOptions,
  direction: OfferSection['direction'],
): OfferSection[] {
  return (['audio', 'video'] as const).flatMap((kind) => {
    const mid = mids[kind];
    if (mid === undefined) return [];
    return [{ mid, kind, direction, ...((lacks === kind || lacks === 'both') && { codecs: ['unknown'] }) }];
  });
}

function withoutOptions<Item extends RawItemOptions>({ lacks: _lacks, offer: _offer, ...item }: Item) {
  return item;
}

const offerOf = ({ offer }: RawItemOptions) => (offer === undefined ? {} : { offer });

function answerOf(streamId: string, list: 'publish' | 'play', { result, error }: RawAnswer): RawItemAnswer {
  if (error) return { error };
  const { answer, ...items } = result as NegotiateResult;
  const item = items[list].find((one: NegotiatedItem) => one.streamId === streamId);
  if (!item) throw new Error(`the answer has no item ${streamId}`);
  if ('error' in item) return { error: item.error };
  const { streamId: _streamId, ...agreed } = item;
  return { result: { answer, ...agreed } };
}
