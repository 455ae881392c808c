/**
 * A Stream: one publish in one room.
 *
 * @module
 */

import type { MemberId, PublishId, StreamId, StreamSource } from '@gavel/protocol';
import type { Permissions, User } from './member.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** A Stream as others see it. Immutable: a change creates a new object. */
export interface StreamInfo {
  readonly streamId: StreamId;
  /** Identifies this publish; it is the stream's name in the media engine. */
  readonly publishId: PublishId;
  /** The Member that publishes; undefined if a backend announced the stream for a user that is not in the room. */
  readonly memberId?: MemberId;
  readonly user: User;
  /** The source that its publisher declared; it never changes. */
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly title: string;
  /** Whether its publisher has audio and video on. */
  readonly audio: boolean;
  readonly video: boolean;
  /** The kinds that a rule holds back from all players. `audio` and `video` stay and apply when it ends (RULE-1). */
  readonly blocked: BlockedKinds;
  /** The kinds that a host or a backend muted; they are held back until the publisher unmutes them. */
  readonly muted: BlockedKinds;
  readonly createdAtMs: number;
  /** The number of the stream in this life of the room, from 1. */
  readonly number: number;
}

/** Returns the kinds of a stream that are held back from all players. */
export function heldBackKinds({ blocked, muted }: StreamInfo): BlockedKinds {
  return { audio: blocked.audio || muted.audio, video: blocked.video || muted.video };
}

/**
 * Returns the kinds that a Member may send in a stream of a source (SCRN-2).
 *
 * Audio always requires the audio permission: a server cannot distinguish a microphone from the audio of a screen.
 */
export function allowedKinds({ publishAudio, publishVideo, screen }: Permissions, source: StreamSource): BlockedKinds {
  if (source === 'camera' || !screen) return { audio: publishAudio, video: publishVideo };
  return { audio: publishAudio && screen.publish, video: screen.publish };
}

/** Returns the kinds of a stream that a mute of its publisher applies to: a video mute applies only to cameras. */
export function mutedIn(kinds: BlockedKinds, source: StreamSource): BlockedKinds {
  return source === 'camera' ? { audio: kinds.audio, video: kinds.video } : { audio: kinds.audio, video: false };
}

/** A Stream inside its Room. `reserved`: its id is in use, but its media is not connected and it is not announced. */
export interface StreamSlot {
  readonly state: 'reserved' | 'live';
  readonly info: StreamInfo;
}

/** One info of a room, with its latest value. */
export interface RoomInfo {
  readonly key: string;
  readonly value: string;
  readonly user: User;
  readonly atMs: number;
}
