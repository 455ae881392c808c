/**
 * What the page knows of a room, as plain values.
 *
 * @module
 */

import type { PlainError } from './errors.ts';

/** A user. */
export interface User {
  readonly userId: string;
  readonly userName: string;
}

/** Why this page is out of the room. */
export type EndingKind = 'removed' | 'closed' | 'replaced' | 'token-expired' | 'lost';

/** How this page's time in the room ended. */
export interface Ending {
  readonly kind: EndingKind;
  readonly code: number;
  /** What the moderator wrote; may be empty. */
  readonly reason: string;
}

/** Where this page stands towards the room. */
export type Phase =
  | { readonly kind: 'outside'; readonly error: PlainError | undefined }
  | { readonly kind: 'joining' }
  | { readonly kind: 'inside' }
  /** The connection is lost since then (milliseconds since the Unix epoch), and is tried to be regained. */
  | { readonly kind: 'reconnecting'; readonly sinceMs: number }
  | { readonly kind: 'ended'; readonly ending: Ending };

/** A stream's quality, as a badge shows it. */
export interface Quality {
  readonly codec: string;
  readonly kbps: number;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
}

/** Where the playing of a stream stands. */
export type PlayState =
  | { readonly kind: 'requesting' }
  | { readonly kind: 'playing' }
  | { readonly kind: 'stopped'; readonly error: PlainError | undefined };

/** A stream of somebody else. */
export interface RemoteStream {
  readonly streamId: string;
  readonly user: User;
  readonly media: MediaStream | undefined;
  readonly play: PlayState;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  readonly quality: Quality | undefined;
}

/** Where this page's own stream stands. */
export type OwnStream =
  | { readonly kind: 'none' }
  /** The camera is asked for. */
  | { readonly kind: 'opening' }
  | {
      readonly kind: 'requesting' | 'live';
      readonly streamId: string;
      readonly media: MediaStream;
      /** Whether it is a camera: people expect to see themselves as in a mirror. */
      readonly isCamera: boolean;
      readonly micOn: boolean;
      readonly cameraOn: boolean;
      readonly quality: Quality | undefined;
    }
  /** Deleted by the server while this user stays. */
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

/** Everything the page knows of a room. */
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

/** Returns whether this page is in the room, be the connection up or not. */
export function isInRoom(phase: Phase): boolean {
  return phase.kind === 'inside' || phase.kind === 'reconnecting';
}

/** Returns whether what this page sends reaches the room now. */
export function isConnected(phase: Phase): boolean {
  return phase.kind === 'inside';
}
