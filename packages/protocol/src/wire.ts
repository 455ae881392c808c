/**
 * The objects of a room as clients receive them: members, streams, infos, messages and permissions.
 *
 * @module
 */

import type { WirePoll } from './polls.ts';
import type { WireStore } from './stores.ts';

/** A user as others see it. */
export interface WireUser {
  readonly id: string;
  readonly name: string;
}

/** Data about a member in its own dialect. */
export type WireProfile = Readonly<Record<string, string | number | boolean | null>>;

/** A member as others see it. */
export interface WireMember {
  readonly memberId: string;
  readonly user: WireUser;
  /** Milliseconds since the Unix epoch. */
  readonly joinedAtMs: number;
  readonly profile?: WireProfile;
  /** True if it is pinned for everybody; absent otherwise. */
  readonly pinned?: true;
  /**
   * Where it is, if its permissions have a stage; absent otherwise. `requested` and `accepted` are shown to the member itself
   * and to those who may answer requests; for the others the member is `off`.
   */
  readonly stage?: StageState;
}

/** On the stage, off it, or on the way. */
export type StageState = 'off' | 'requested' | 'accepted' | 'on';

/** A user in the waiting room, as members who may admit users see it. */
export interface WireWaiting {
  /** The member id that it will have once it is admitted. */
  readonly memberId: string;
  readonly user: WireUser;
  /** The time of its login request: milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly profile?: WireProfile;
}

/** The source of a stream, as its publisher declares it: camera and microphone, or a screen with its sound. */
export type StreamSource = 'camera' | 'screen';

/** A stream as others see it. */
export interface WireStream {
  readonly streamId: string;
  /** Absent if a backend announced the stream for a user who is not in the room. */
  readonly memberId?: string;
  readonly user: WireUser;
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly audio: boolean;
  readonly video: boolean;
  readonly createdAtMs: number;
  /** The kinds that a host muted, which the publisher must stop sending; absent if there are none. */
  readonly muted?: readonly ('audio' | 'video')[];
}

/** What the viewers of a stream take of its video. */
export interface WireDemand {
  /** The highest layer that any viewer gets or wants, from 0; -1: nobody takes video. */
  readonly highestLayer: number;
  /** The most that the only viewer can take, in bit/s; absent: no maximum. */
  readonly maxBps?: number;
}

/** How loud a stream is. */
export interface WireSoundLevel {
  readonly streamId: string;
  /** In -dBov, as in RFC 6464: 0 is the loudest, 127 is silence. */
  readonly level: number;
}

/** The latest value of one info of a room. */
export interface WireRoomInfo {
  readonly key: string;
  readonly value: string;
  readonly user: WireUser;
  readonly atMs: number;
}

/** The whole state of a room as one client may see it. */
export interface WireSnapshot {
  /** The `seq` of the last event that this state includes. */
  readonly seq: number;
  readonly userSeq: number;
  readonly streamSeq: number;
  readonly memberCount: number;
  /** The permissions of this client's own member. */
  readonly permissions: WirePermissions;
  /** The place of this client's own member; absent if its permissions have no stage. */
  readonly stage?: StageState;
  /** Empty unless the login had `members: true`. */
  readonly members: readonly WireMember[];
  readonly streams: readonly WireStream[];
  readonly infos: readonly WireRoomInfo[];
  /** Oldest first; absent if this member may not see polls. */
  readonly polls?: readonly WirePoll[];
  /** The stores that this member has opened; absent if there are none. */
  readonly stores?: readonly WireStore[];
}

/** The permissions of a member. */
export interface WirePermissions {
  readonly publishAudio: boolean;
  readonly publishVideo: boolean;
  /** Screen sharing; absent: the same permissions as for its other streams. */
  readonly screen?: {
    readonly publish: boolean;
    /** It may not start sharing while this many screens are shared in the room; absent: no limit. */
    readonly maxInRoom?: number;
  };
  /** Permissions over other members; an absent field is false. */
  readonly moderation?: {
    readonly kick?: boolean;
    readonly muteAudio?: boolean;
    readonly muteVideo?: boolean;
    /** May end others' screen sharing. */
    readonly muteScreen?: boolean;
    readonly changePermissions?: boolean;
    readonly pin?: boolean;
    /** May admit and reject users in the waiting room. */
    readonly acceptWaiting?: boolean;
    /** May grant and deny access to the stage, and take others off it. */
    readonly acceptStage?: boolean;
  };
  /** Its access to the stage; absent: it publishes without one. Off the stage, what it may publish is false. */
  readonly stage?: { readonly access: 'allowed' | 'on-request' | 'none' };
  /** May change its own name; absent is false. */
  readonly rename?: boolean;
  /** Chat permissions; absent: all of them. */
  readonly chat?: {
    readonly sendPublic: boolean;
    readonly sendPrivate: boolean;
    readonly receivePrivate: boolean;
    /** What it may send, where it may send; absent is true. */
    readonly publicText?: boolean;
    readonly privateText?: boolean;
    readonly publicFiles?: boolean;
    readonly privateFiles?: boolean;
  };
  /** Poll permissions; absent: none of them. */
  readonly polls?: { readonly create: boolean; readonly vote: boolean; readonly view: boolean };
}

/** A file of a chat message; it is downloaded from `/files/<fileId>` below the server's address. */
export interface WireFile {
  /** Cannot be guessed: whoever knows it can download the file. */
  readonly fileId: string;
  readonly name: string;
  /** As the server found it in the file's first bytes; `application/octet-stream` if it recognised none. */
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

/** The content of a chat message besides its text. */
export type WireContent =
  | { readonly type: 'image' | 'file'; readonly file: WireFile }
  | {
      readonly type: 'custom';
      readonly payload: Readonly<Record<string, unknown>>;
      readonly files?: readonly WireFile[];
    };

/** A chat message. */
export interface WireChatMessage {
  readonly messageId: number;
  readonly from: WireUser;
  readonly text: string;
  /** Absent: the message is its text. */
  readonly content?: WireContent;
  /** The recipients besides the sender; absent: everybody. */
  readonly to?: readonly string[];
  readonly sentAtMs: number;
  /** The time of its last edit; absent if it was never edited. */
  readonly editedAtMs?: number;
  /** True if it is pinned; absent otherwise. */
  readonly pinned?: true;
}

/** A STUN or TURN server, with the members of the browser's `RTCIceServer`. */
export interface WireIceServer {
  readonly urls: readonly string[];
  /** With TURN addresses. */
  readonly username?: string;
  /** With TURN addresses. Secret: it must not be logged. */
  readonly credential?: string;
}

/** The ICE servers of one login. */
export interface WireIce {
  readonly servers: readonly WireIceServer[];
  /** How long the credentials open new TURN allocations, in milliseconds from now; absent if there are no credentials. */
  readonly validForMs?: number;
}
