/**
 * What clients are told of the things in a room: members, streams, infos, messages, and what they may do.
 *
 * @module
 */

import type { WirePoll } from './polls.ts';

/** A user as others see it. */
export interface WireUser {
  readonly id: string;
  readonly name: string;
}

/** Facts about a member that only its own door's clients understand. */
export type WireProfile = Readonly<Record<string, string | number | boolean | null>>;

/** A member as others see it. */
export interface WireMember {
  readonly memberId: string;
  readonly user: WireUser;
  /** Milliseconds since the Unix epoch. */
  readonly joinedAtMs: number;
  readonly profile?: WireProfile;
  /** Whether it is pinned for everybody; absent is no. */
  readonly pinned?: true;
}

/** Somebody who waits to be let in, as those see it who may do so. */
export interface WireWaiting {
  /** The id that its member will have, once it is in. */
  readonly memberId: string;
  readonly user: WireUser;
  /** When it asked: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly profile?: WireProfile;
}

/** What a stream shows, as its publisher says: cameras and microphones, or a screen with its sound. */
export type StreamSource = 'camera' | 'screen';

/** A stream as others see it. */
export interface WireStream {
  readonly streamId: string;
  /** Absent where a server announced the stream for nobody in the room. */
  readonly memberId?: string;
  readonly user: WireUser;
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly audio: boolean;
  readonly video: boolean;
  readonly createdAtMs: number;
  /** The kinds that a host switched off; absent where there are none. Its publisher is to stop them. */
  readonly muted?: readonly ('audio' | 'video')[];
}

/** One info of a room, as it was set last. */
export interface WireRoomInfo {
  readonly key: string;
  readonly value: string;
  readonly user: WireUser;
  readonly atMs: number;
}

/** The whole state of a room as a client may see it. */
export interface WireSnapshot {
  /** The `seq` of the last event this state includes. */
  readonly seq: number;
  readonly userSeq: number;
  readonly streamSeq: number;
  readonly memberCount: number;
  /** What this client's own member may do. */
  readonly permissions: WirePermissions;
  /** Empty unless the login asked for members. */
  readonly members: readonly WireMember[];
  readonly streams: readonly WireStream[];
  readonly infos: readonly WireRoomInfo[];
  /** Oldest first; absent where there are none, or none that this member may see. */
  readonly polls?: readonly WirePoll[];
}

/** What a member may do. */
export interface WirePermissions {
  readonly publishAudio: boolean;
  readonly publishVideo: boolean;
  /** Sharing its screen; absent is as its other streams are judged. */
  readonly screen?: {
    readonly publish: boolean;
    /** While so many screens are shared in the room, it may not begin to; absent is any number. */
    readonly maxInRoom?: number;
  };
  /** What it may do to others; what is absent it may not. */
  readonly moderation?: {
    readonly kick?: boolean;
    readonly muteAudio?: boolean;
    readonly muteVideo?: boolean;
    /** End others' screen sharing. */
    readonly muteScreen?: boolean;
    readonly changePermissions?: boolean;
    readonly pin?: boolean;
    /** Let in who waits, or turn it away. */
    readonly acceptWaiting?: boolean;
  };
  /** Change its own name; absent is no. */
  readonly rename?: boolean;
  /** What it may tell others, and be told; absent is everything. */
  readonly chat?: { readonly sendPublic: boolean; readonly sendPrivate: boolean; readonly receivePrivate: boolean };
  /** What it may do with polls; absent is nothing. */
  readonly polls?: { readonly create: boolean; readonly vote: boolean; readonly view: boolean };
}

/** Something that was said in a room. */
export interface WireChatMessage {
  readonly messageId: number;
  readonly from: WireUser;
  readonly text: string;
  /** The users who were told, besides the sender; absent is everybody. */
  readonly to?: readonly string[];
  readonly sentAtMs: number;
  /** When its text was changed last; absent where never. */
  readonly editedAtMs?: number;
  /** Absent where it is not. */
  readonly pinned?: true;
}
