/**
 * A Stream: one publish in one room.
 *
 * @module
 */

import type { MemberId, PublishId, StreamId, StreamSource } from '@gavel/protocol';
import type { Permissions, User } from './member.ts';
import type { BlockedKinds } from './stream-rules.ts';

/** A Stream as others see it; a change makes a new object. */
export interface StreamInfo {
  readonly streamId: StreamId;
  /** Names this publish; the media engine knows the stream by it. */
  readonly publishId: PublishId;
  /** The Member that publishes; undefined where a server announced the stream for nobody in the room. */
  readonly memberId?: MemberId;
  readonly user: User;
  /** What it shows, as its publisher says; it never changes. */
  readonly source: StreamSource;
  readonly extraInfo: string;
  readonly title: string;
  /** Whether its publisher has audio and video on. */
  readonly audio: boolean;
  readonly video: boolean;
  /** The kinds that a rule holds back from everybody; whether they are on counts again when it ends (RULE-1). */
  readonly blocked: BlockedKinds;
  /** The kinds that a host or a backend switched off, and that are held back until the publisher switches them on. */
  readonly muted: BlockedKinds;
  readonly createdAtMs: number;
  /** Counts the streams of this life of the room, from 1. */
  readonly number: number;
}

/** The kinds of a stream that nobody is to get. */
export function heldBackKinds({ blocked, muted }: StreamInfo): BlockedKinds {
  return { audio: blocked.audio || muted.audio, video: blocked.video || muted.video };
}

/**
 * The kinds that a Member may send in a stream of a source (SCRN-2).
 *
 * Sound needs the right to sound, from whatever source: a server cannot tell a microphone from a screen's sound.
 */
export function allowedKinds({ publishAudio, publishVideo, screen }: Permissions, source: StreamSource): BlockedKinds {
  if (source === 'camera' || !screen) return { audio: publishAudio, video: publishVideo };
  return { audio: publishAudio && screen.publish, video: screen.publish };
}

/** The kinds of a stream that a mute of its publisher is about: a mute of video is one of cameras. */
export function mutedIn(kinds: BlockedKinds, source: StreamSource): BlockedKinds {
  return source === 'camera' ? { audio: kinds.audio, video: kinds.video } : { audio: kinds.audio, video: false };
}

/** A Stream inside its Room: `reserved` holds the id until media is up, and nobody is told of it yet. */
export interface StreamSlot {
  readonly state: 'reserved' | 'live';
  readonly info: StreamInfo;
}

/** One info of a room, as it was set last. */
export interface RoomInfo {
  readonly key: string;
  readonly value: string;
  readonly user: User;
  readonly atMs: number;
}
