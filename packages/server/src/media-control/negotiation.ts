/**
 * What a member asks for with an offer, and what it gets.
 *
 * @module
 */

import type { MediaKind, SectionMids, SubscriptionPreferences } from '@gavel/media';
import type { GavelError, RoomKey, StreamId, StreamSource } from '@gavel/protocol';
import type { Origin } from '../rooms/commands.ts';
import type { MemberInfo } from '../rooms/member.ts';

/** Who negotiates. */
export interface Caller {
  readonly key: RoomKey;
  readonly member: MemberInfo;
  readonly origin: Origin;
}

/** A stream that a member wants to publish. */
export interface PublishOrder {
  readonly streamId: StreamId;
  readonly mids: SectionMids;
  /** Whether the client knows it as published: it is refused if it has ended meanwhile (STRM-3). */
  readonly isOngoing: boolean;
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly audio: boolean;
  readonly video: boolean;
}

/** A stream that a member wants to play. */
export interface PlayOrder {
  readonly streamId: StreamId;
  readonly mids: SectionMids;
  readonly preferences: SubscriptionPreferences;
}

/** Everything that a member wants to publish and play. An item that is an error was refused before. */
export interface NegotiateOrder {
  /** The SDP offer. Untrusted. */
  readonly offer: string;
  readonly publish: readonly (PublishOrder | GavelError)[];
  readonly play: readonly (PlayOrder | GavelError)[];
}

/** The agreed kinds of one stream. */
export interface NegotiatedKinds {
  /** Whether audio was negotiated, and is on. */
  readonly audio: boolean;
  readonly video: boolean;
  /** Kinds that were requested and refused because the two sides have no common codec (MED-8). */
  readonly unsupported?: readonly MediaKind[];
}

/** The result of a negotiation; the lists are in the order of the request. */
export interface Negotiated {
  readonly answer: string;
  readonly publish: readonly (NegotiatedKinds | GavelError)[];
  readonly play: readonly (NegotiatedKinds | GavelError)[];
}

/** Returns the items that were not refused. */
export function withoutErrors<Item>(items: readonly (Item | GavelError)[]): readonly Item[] {
  return items.filter((item): item is Item => !(item instanceof Error));
}

/** Returns the unsupported kinds of an engine's result, if there are any. */
export function unsupportedOf({
  unsupported,
}: {
  readonly unsupported?: readonly MediaKind[];
}): Pick<NegotiatedKinds, 'unsupported'> {
  return unsupported && unsupported.length > 0 ? { unsupported } : {};
}
