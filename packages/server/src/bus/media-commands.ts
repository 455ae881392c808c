/**
 * What members want of media. These commands go to the owner of the room, where its media is (design: one media address
 * per room and member, whatever node has the member's connection).
 *
 * @module
 */

import type { MediaKind, SectionMids, SubscriptionPreferences } from '@gavel/media';
import type { MemberId, StreamId, StreamSource, WireError } from '@gavel/protocol';

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

/** An item that was refused; the others are not affected (CONN-2). */
export interface Refused {
  readonly error: WireError;
}

/** The agreed kinds of one stream. */
export interface NegotiatedKinds {
  /** Whether audio was negotiated, and is on. */
  readonly audio: boolean;
  readonly video: boolean;
  /** Kinds that were requested and refused because the two sides have no common codec (MED-8). */
  readonly unsupported?: readonly MediaKind[];
}

/** A command about the media of a member, executed at the owner of its room. */
export type MediaCommand =
  /**
   * Sets what a member publishes and plays (CONN-1). The lists of the reply are in the order of the command.
   *
   * @throws `media.bad-offer`, `media.unavailable`, `room.member-not-found`
   */
  | {
      readonly type: 'negotiate';
      readonly memberId: MemberId;
      /** The SDP offer. Untrusted. */
      readonly offer: string;
      /** An item that the door has refused gets its error back. */
      readonly publish: readonly (PublishOrder | Refused)[];
      readonly play: readonly (PlayOrder | Refused)[];
    }
  /** Ends a stream of the member, announced or not. Does nothing if the member does not publish it. */
  | { readonly type: 'unpublish'; readonly memberId: MemberId; readonly streamId: StreamId }
  /** Stops playing a stream. Does nothing if the member does not play it. */
  | { readonly type: 'stopPlaying'; readonly memberId: MemberId; readonly streamId: StreamId }
  /** Replaces what the member wants of the video of a stream (SIM-1). @throws `stream.not-found` if it does not play it */
  | {
      readonly type: 'preferVideo';
      readonly memberId: MemberId;
      readonly streamId: StreamId;
      readonly preferences: SubscriptionPreferences;
    }
  /** Reports sound levels to the member at most once per interval, in milliseconds; without one, no longer (SPK-2). */
  | { readonly type: 'watchSoundLevels'; readonly memberId: MemberId; readonly intervalMs?: number };

/** The reply of a negotiation. */
export interface Negotiated {
  readonly answer: string;
  readonly publish: readonly (NegotiatedKinds | Refused)[];
  readonly play: readonly (NegotiatedKinds | Refused)[];
}

/** The reply of a media command; those that are not about an offer have an empty one. */
export type MediaReplyOf<C extends MediaCommand> = C extends { readonly type: 'negotiate' }
  ? Negotiated
  : Readonly<Record<string, never>>;

const MEDIA_COMMANDS: ReadonlySet<string> = new Set<MediaCommand['type']>([
  'negotiate',
  'unpublish',
  'stopPlaying',
  'preferVideo',
  'watchSoundLevels',
]);

/** Returns whether a command is about media. */
export function isMediaCommand(command: { readonly type: string }): command is MediaCommand {
  return MEDIA_COMMANDS.has(command.type);
}
