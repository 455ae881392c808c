/**
 * The negotiator: the use case that turns a member's offer into commands and a call of the media engine.
 *
 * A refused stream does not affect the others (CONN-2). Calls for one member must be made one after another.
 *
 * @module
 */

import type { ItemResult, MediaEngine, MediaKind, NegotiateAnswer, SubscriptionPreferences } from '@gavel/media';
import { GavelError, type MemberId, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Notifier } from '../bus/bus.ts';
import type { NegotiatedKinds, PlayOrder } from '../bus/media-commands.ts';
import type { Rooms } from '../owner/rooms.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import { NOTHING_BLOCKED } from '../rooms/stream-rules.ts';
import type { Announcer } from './announcer.ts';
import type { PlayName } from './app-plays.ts';
import { fromMediaError, toGavelError } from './media-errors.ts';
import type { MediaMember, MediaState } from './media-state.ts';
import { type Caller, type NegotiateOrder, type NegotiateResult, unsupportedOf, withoutErrors } from './negotiation.ts';
import type { Play } from './play-table.ts';
import { type Reservation, Reservations } from './reservations.ts';
import { readMediaAddresses, type UnconnectedReports } from './unconnected-media.ts';

/** Dependencies of the negotiator. */
export interface NegotiatorDeps {
  readonly engine: MediaEngine;
  readonly rooms: Rooms;
  readonly state: MediaState;
  readonly announcer: Announcer;
  readonly unconnected: UnconnectedReports;
  readonly clock: Clock;
  readonly notifier: Notifier;
}

/** A stream that the member may play. */
interface Found {
  readonly order: PlayOrder;
  readonly stream: StreamInfo;
}

/** A play in the offer. */
interface OpenPlay {
  readonly order: PlayOrder;
  readonly play: Play;
}

/** Negotiates media for members. */
export class Negotiator {
  readonly #deps: NegotiatorDeps;
  readonly #reservations: Reservations;

  constructor(deps: NegotiatorDeps) {
    this.#deps = deps;
    this.#reservations = new Reservations(deps);
  }

  /**
   * Sets what a member publishes and plays (CONN-1). What it published and played before and is not listed ends, also if
   * the offer is refused then. A new stream is announced to the other members when the engine reports that its media is
   * connected (MED-6).
   *
   * Items are refused with `stream.taken`, `stream.not-allowed`, `stream.too-many`, `stream.not-found`, `stream.banned`
   * (FORB-4), `media.bad-offer` and the errors of `reserveStream`.
   *
   * @throws GavelError `media.bad-offer`, `media.unavailable`, `room.member-not-found`
   */
  async negotiate(caller: Caller, order: NegotiateOrder): Promise<NegotiateResult> {
    const { memberId } = caller.member;
    const reserved = await this.#reservations.replace(caller, order.publish);
    const found = await Promise.all(order.play.map((item) => this.#find(caller.key, item)));
    const claimed = await this.#claimPlaces(caller, found);
    // There is no await between here and the engine call: if the member is removed later, the event closes its peer.
    if (!this.#deps.state.openMember(caller.key, memberId)) {
      this.#releaseUnused(claimed);
      throw new GavelError('room.member-not-found');
    }
    const reservations = reserved.map((item) => this.#reservations.recheck(item));
    const dropped = this.#dropUnlisted(memberId, found);
    const plays = found.map((item) => this.#openPlay(caller, item));
    this.#releaseUnused(claimed);
    let answer: NegotiateAnswer;
    try {
      answer = await this.#callEngine(caller, order.offer, reservations, plays);
    } catch (error) {
      await this.#undo(caller, reservations, plays, dropped);
      throw fromMediaError(error);
    }
    return this.#settle(caller, answer, reservations, plays);
  }

  /** Ends a stream of the member, announced or not. Does nothing if the member does not publish this stream. */
  async unpublish({ key, member, origin }: Caller, streamId: StreamId): Promise<void> {
    const { rooms } = this.#deps;
    const { stream } = rooms.answer(key, { type: 'ownStream', memberId: member.memberId, streamId });
    if (stream) await rooms.execute(key, { type: 'endStream', streamId, publishId: stream.publishId }, origin);
  }

  /** Stops playing a stream. Does nothing if the member does not play it. */
  async stop({ member }: Caller, streamId: StreamId): Promise<void> {
    const play = this.#findPlay(member.memberId, streamId);
    if (!play) return;
    this.#removePlay(play);
    await this.#deps.engine.unsubscribe(play.memberId, play.publishId);
  }

  /**
   * Replaces what the member wants of the video of a stream that it plays (SIM-1).
   *
   * @throws GavelError `stream.not-found` if the member does not play it
   */
  async preferVideo({ member }: Caller, streamId: StreamId, preferences: SubscriptionPreferences): Promise<void> {
    const play = this.#findPlay(member.memberId, streamId);
    if (!play) throw new GavelError('stream.not-found');
    await this.#deps.engine.preferVideo(play.memberId, play.publishId, preferences);
  }

  async #find(key: RoomKey, order: PlayOrder | GavelError): Promise<Found | GavelError> {
    if (order instanceof GavelError) return order;
    const { rooms } = this.#deps;
    const { streamId } = order;
    const { stream, isForbidden } = rooms.answer(key, { type: 'stream', streamId });
    return stream ? { order, stream } : new GavelError(isForbidden ? 'stream.banned' : 'stream.not-found');
  }

  /** Claims the places of the plays of an offer where an App is limited. Returns the plays whose places are claimed. */
  async #claimPlaces(
    { key, member: { memberId } }: Caller,
    found: readonly (Found | GavelError)[],
  ): Promise<PlayName[]> {
    const { appPlays, plays } = this.#deps.state;
    if (!appPlays) return [];
    const claimed = withoutErrors(found).map(({ stream: { publishId } }) => ({ key, memberId, publishId }));
    const listed = new Set(claimed.map(({ publishId }) => publishId));
    const ending = plays.ofMember(memberId).filter(({ publishId }) => !listed.has(publishId));
    await appPlays.claim(claimed, ending);
    return claimed;
  }

  /** Gives up the places of plays that were not opened. */
  #releaseUnused(claimed: readonly PlayName[]): void {
    const { appPlays, plays } = this.#deps.state;
    for (const play of claimed) if (!plays.find(play.memberId, play.publishId)) appPlays?.release(play);
  }

  /** Removes the plays that are not listed, and returns them: the engine closes them with the offer. */
  #dropUnlisted(memberId: MemberId, found: readonly (Found | GavelError)[]): readonly Play[] {
    const listed = new Set(found.flatMap((item) => (item instanceof GavelError ? [] : item.stream.publishId)));
    const dropped = this.#deps.state.plays.ofMember(memberId).filter(({ publishId }) => !listed.has(publishId));
    for (const play of dropped) this.#removePlay(play);
    return dropped;
  }

  #openPlay({ key, member, origin }: Caller, item: Found | GavelError): OpenPlay | GavelError {
    if (item instanceof GavelError) return item;
    const { state, clock } = this.#deps;
    const { order, stream } = item;
    if (state.hasEnded(stream.publishId)) return new GavelError('stream.not-found');
    try {
      return { order, play: state.plays.open(key, member, stream, origin, clock.monotonicMs()) };
    } catch (error) {
      if (error instanceof GavelError) return error;
      throw error;
    }
  }

  #callEngine(
    { key, member }: Caller,
    offer: string,
    reservations: readonly (Reservation | GavelError)[],
    plays: readonly (OpenPlay | GavelError)[],
  ): Promise<NegotiateAnswer> {
    const { engine, state } = this.#deps;
    const publishing = withoutErrors(reservations);
    const answer = engine.negotiate({
      group: roomKeyText(key),
      peer: member.memberId,
      offer,
      publish: publishing.map(({ order: { mids }, reserved: { stream, allowed } }) => ({
        stream: stream.publishId,
        mids,
        allowed,
      })),
      subscribe: withoutErrors(plays).map(({ order: { mids, preferences }, play }) => ({
        stream: play.publishId,
        mids,
        preferences,
      })),
    });
    // A stream that a backend announced is live without media, so the engine does not have its restrictions yet.
    const restricting = publishing.flatMap(({ reserved: { live, stream }, isNew }) => {
      const restricted = state.streams.get(stream.publishId)?.restricted ?? NOTHING_BLOCKED;
      const isDue = live && isNew && (restricted.audio || restricted.video);
      return isDue ? engine.restrict(stream.publishId, restricted) : [];
    });
    return restricting.length === 0 ? answer : Promise.all([answer, ...restricting]).then(([first]) => first);
  }

  /** Processes the engine's answer. @throws GavelError `room.member-not-found` if the member was removed meanwhile */
  async #settle(
    caller: Caller,
    { answer, publish, subscribe }: NegotiateAnswer,
    reservations: readonly (Reservation | GavelError)[],
    plays: readonly (OpenPlay | GavelError)[],
  ): Promise<NegotiateResult> {
    const member = this.#deps.state.members.get(caller.member.memberId);
    if (!member) throw new GavelError('room.member-not-found');
    const addresses = readMediaAddresses(answer);
    const publishResults = publish.values();
    const published: (NegotiatedKinds | GavelError)[] = [];
    for (const item of reservations) {
      if (item instanceof GavelError) published.push(item);
      else published.push(await this.#reservations.settle(caller, item, nextOf(publishResults), addresses));
    }
    const playResults = subscribe.values();
    const played = plays.map((item) =>
      item instanceof GavelError ? item : this.#settlePlay(member, item, nextOf(playResults), addresses),
    );
    return { answer, publish: published, play: played };
  }

  #settlePlay(
    { isConnected }: MediaMember,
    { play }: OpenPlay,
    result: ItemResult,
    addresses: readonly string[],
  ): NegotiatedKinds | GavelError {
    const isAnswered = !('error' in result);
    this.#deps.state.plays.settle(play, isAnswered);
    this.#reportUnsupported(play, result.unsupported ?? []);
    if (!isAnswered) return toGavelError(result.error, result.message);
    play.addresses = addresses;
    play.wasConnected ||= isConnected;
    return { ...result.kinds, ...unsupportedOf(result) };
  }

  /** Notifies the publisher of kinds that a viewer cannot decode, once for each (MED-8). */
  #reportUnsupported({ publishId }: Play, kinds: readonly MediaKind[]): void {
    const { state, notifier } = this.#deps;
    const published = state.streams.get(publishId);
    if (!published) return;
    const added = kinds.filter((kind) => !published.unsupported.has(kind));
    const { key } = published;
    const { memberId, streamId } = published.stream;
    if (added.length === 0 || memberId === undefined) return;
    for (const kind of added) published.unsupported.add(kind);
    notifier.notify({ key, to: [memberId], frame: { event: 'viewerUnsupported', streamId, kinds: added } });
  }

  /** Undoes what preceded a refused offer: the engine has changed nothing. */
  async #undo(
    caller: Caller,
    reservations: readonly (Reservation | GavelError)[],
    plays: readonly (OpenPlay | GavelError)[],
    dropped: readonly Play[],
  ): Promise<void> {
    const { engine, state } = this.#deps;
    for (const { play } of withoutErrors(plays)) state.plays.settle(play, false);
    await Promise.all(dropped.map(({ memberId, publishId }) => engine.unsubscribe(memberId, publishId)));
    for (const reservation of withoutErrors(reservations)) {
      if (reservation.isNew) await this.#reservations.abandon(caller, reservation);
    }
  }

  #findPlay(memberId: MemberId, streamId: StreamId): Play | undefined {
    return this.#deps.state.plays.ofMember(memberId).find((play) => play.streamId === streamId);
  }

  #removePlay(play: Play): void {
    this.#deps.state.plays.remove(play);
    this.#deps.unconnected.reportPlay(play);
  }
}

/** @throws Error if the engine's answer has fewer items than the request */
function nextOf(results: Iterator<ItemResult>): ItemResult {
  const { value, done } = results.next();
  if (done) throw new Error('the media engine answered too few items');
  return value;
}
