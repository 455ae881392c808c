/**
 * The page's state of a room, as plain values.
 *
 * @module
 */

import type { PlainError } from './errors.ts';

/** A user. */
export interface User {
  readonly userId: string;
  readonly userName: string;
}

/** Why this page left the room. */
export type EndingKind = 'removed' | 'closed' | 'replaced' | 'token-expired' | 'lost';

/** How this page's visit to the room ended. */
export interface Ending {
  readonly kind: EndingKind;
  readonly code: number;
  /** The moderator's reason; may be empty. */
  readonly reason: string;
}

/** The phase of this page's visit. */
export type Phase =
  | { readonly kind: 'outside'; readonly error: PlainError | undefined }
  | { readonly kind: 'joining' }
  | { readonly kind: 'inside' }
  /** The connection has been lost since `sinceMs` (milliseconds since the Unix epoch), and the SDK is reconnecting. */
  | { readonly kind: 'reconnecting'; readonly sinceMs: number }
  | { readonly kind: 'ended'; readonly ending: Ending };

/** A stream's quality, as shown in a badge. */
export interface Quality {
  readonly codec: string;
  readonly kbps: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
}

/** The playback state of a stream. */
export type PlayState =
  | { readonly kind: 'requesting' }
  | { readonly kind: 'playing' }
  | { readonly kind: 'stopped'; readonly error: PlainError | undefined };

/** A stream of another user. */
export interface RemoteStream {
  readonly streamId: string;
  readonly user: User;
  readonly media: MediaStream | undefined;
  readonly play: PlayState;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  readonly quality: Quality | undefined;
}

/** The state of this page's own stream. */
export type OwnStream =
  | { readonly kind: 'none' }
  /** The camera is being opened. */
  | { readonly kind: 'opening' }
  | {
      readonly kind: 'requesting' | 'live';
      readonly streamId: string;
      readonly media: MediaStream;
      /** Whether the source is a camera; its preview is mirrored. */
      readonly isCamera: boolean;
      readonly micOn: boolean;
      readonly cameraOn: boolean;
      readonly quality: Quality | undefined;
    }
  /** The server deleted the stream; the user is still in the room. */
  | { readonly kind: 'removed'; readonly streamId: string }
  | { readonly kind: 'failed'; readonly error: PlainError };

/** A line of the room's chat. */
export interface ChatLine {
  readonly id: number;
  readonly from: User;
  readonly text: string;
  readonly atMs: number;
  readonly own: boolean;
}

/** The page's complete state of a room. */
export interface RoomState {
  readonly phase: Phase;
  readonly roomId: string;
  readonly self: User;
  /** The others in the room. */
  readonly members: readonly User[];
  readonly streams: readonly RemoteStream[];
  readonly own: OwnStream;
  readonly chat: readonly ChatLine[];
}

/** The state before the first join. */
export const OUTSIDE: RoomState = {
  phase: { kind: 'outside', error: undefined },
  roomId: '',
  self: { userId: '', userName: '' },
  members: [],
  streams: [],
  own: { kind: 'none' },
  chat: [],
};

/** Returns whether this page is in the room, connected or reconnecting. */
export function isInRoom(phase: Phase): boolean {
  return phase.kind === 'inside' || phase.kind === 'reconnecting';
}

/** Returns whether this page can send to the room now. */
export function isConnected(phase: Phase): boolean {
  return phase.kind === 'inside';
}
