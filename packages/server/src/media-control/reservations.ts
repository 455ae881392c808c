/**
 * The published streams of an offer: their ids are reserved before the media engine is asked, and released when it refuses.
 *
 * @module
 */

import type { ItemResult } from '@gavel/media';
import { GavelError } from '@gavel/protocol';
import type { NegotiatedKinds, PublishOrder } from '../bus/media-commands.ts';
import type { Rooms } from '../owner/rooms.ts';
import type { ReservedStream } from '../rooms/replies.ts';
import type { StreamInfo } from '../rooms/stream.ts';
import { NOTHING_BLOCKED } from '../rooms/stream-rules.ts';
import type { Announcer } from './announcer.ts';
import { toGavelError } from './media-errors.ts';
import type { MediaState } from './media-state.ts';
import { type Caller, type NegotiateOrder, unsupportedOf } from './negotiation.ts';

/** A stream whose id is reserved for the member. */
export interface Reservation {
  readonly order: PublishOrder;
  readonly reserved: ReservedStream;
  /** Whether the member did not publish it before this offer. */
  readonly isNew: boolean;
}

/** Dependencies of the reservations. */
export interface ReservationsDeps {
  readonly rooms: Rooms;
  readonly state: MediaState;
  readonly announcer: Announcer;
}

/** Reserves, settles and ends the streams that members publish. */
export class Reservations {
  readonly #deps: ReservationsDeps;

  constructor(deps: ReservationsDeps) {
    this.#deps = deps;
  }

  /** Ends the streams that are not listed, then reserves the listed ones in order: the ended ones no longer count. */
  async replace(caller: Caller, orders: NegotiateOrder['publish']): Promise<readonly (Reservation | GavelError)[]> {
    const listed = new Set(orders.flatMap((item) => (item instanceof GavelError ? [] : item.streamId)));
    for (const { stream } of this.#deps.state.streamsOf(caller.member.memberId)) {
      if (!listed.has(stream.streamId)) await this.#end(caller, stream);
    }
    const reserved: (Reservation | GavelError)[] = [];
    for (const item of orders) {
      reserved.push(item instanceof GavelError ? item : await this.#reserve(caller, item));
    }
    return reserved;
  }

  async #reserve(caller: Caller, order: PublishOrder): Promise<Reservation | GavelError> {
    const { rooms, state, announcer } = this.#deps;
    const { key, member, origin } = caller;
    const { mids: _mids, isOngoing, ...stream } = order;
    const { memberId } = member;
    const known = state.streamsOf(memberId).find((one) => one.stream.streamId === order.streamId);
    if (isOngoing && !known && !state.isAdopted(memberId, order.streamId)) return new GavelError('stream.not-found');
    try {
      const reserved = await rooms.execute(key, { type: 'reserveStream', memberId, ...stream }, origin);
      const published = state.openStream(key, reserved.stream);
      if (!published) return new GavelError('stream.not-found');
      const isNew = !published.isNegotiated;
      published.isNegotiated = true;
      const { publishId } = reserved.stream;
      // This must precede the call to the engine: the media can connect before the engine's answer arrives here.
      if (!reserved.live) state.pending.begin(publishId, origin, () => void announcer.fail(publishId));
      return { order, reserved, isNew };
    } catch (error) {
      if (!(error instanceof GavelError)) throw error;
      // The engine closes a stream that is not in the offer, so one that may not be published again ends.
      if (known) await this.#end(caller, known.stream);
      return error;
    }
  }

  /** Returns the item, or an error if its stream was removed since it was reserved. */
  recheck(item: Reservation | GavelError): Reservation | GavelError {
    if (item instanceof GavelError) return item;
    const hasEnded = this.#deps.state.hasEnded(item.reserved.stream.publishId);
    return hasEnded ? new GavelError('stream.not-found') : item;
  }

  /** Processes the engine's result of an item. */
  async settle(
    caller: Caller,
    reservation: Reservation,
    result: ItemResult,
    addresses: readonly string[],
  ): Promise<NegotiatedKinds | GavelError> {
    const { state, announcer } = this.#deps;
    const { order, reserved } = reservation;
    const { publishId, muted: mutedNow } = reserved.stream;
    if ('error' in result) {
      await this.abandon(caller, reservation);
      return toGavelError(result.error, result.message);
    }
    const published = state.streams.get(publishId);
    if (!published) return new GavelError('stream.not-found');
    published.isCarried = true;
    const { kinds } = result;
    const connected = state.pending.agree(publishId, kinds, addresses);
    if (connected) void announcer.announce(connected);
    const muted = reserved.live ? NOTHING_BLOCKED : mutedNow;
    return {
      audio: order.audio && kinds.audio && !muted.audio,
      video: order.video && kinds.video && !muted.video,
      ...unsupportedOf(result),
    };
  }

  /** Ends a stream whose media was refused. A stream that a backend announced stays, without media. */
  async abandon(caller: Caller, { reserved: { stream, live }, isNew }: Reservation): Promise<void> {
    const published = this.#deps.state.streams.get(stream.publishId);
    if (!published) return;
    if (live && isNew) published.isNegotiated = false;
    else await this.#end(caller, stream);
  }

  async #end({ key, origin }: Caller, { streamId, publishId }: StreamInfo): Promise<void> {
    await this.#deps.rooms.execute(key, { type: 'endStream', streamId, publishId }, origin);
  }
}
