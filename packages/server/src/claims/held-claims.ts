/**
 * What rooms have claimed, as one owner of rooms says it to the node that stores the claims of an App. It is JSON.
 *
 * @module
 */

import type { MemberId, RoomId, StreamId, UserId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Claims } from './claims.ts';
import type { LoginHolder } from './login-claims.ts';

/** A claim of a login. */
export interface HeldLogin {
  readonly scope: AppScope;
  readonly userId: UserId;
  readonly holder: LoginHolder;
}

/** A claim of a stream id. */
export interface HeldStream {
  readonly scope: AppScope;
  readonly streamId: StreamId;
  readonly roomId: RoomId;
}

/** A claim of a place for a room. */
export interface HeldRoom {
  readonly scope: AppScope;
  readonly roomId: RoomId;
}

/** A claim of a play. */
export interface HeldPlay {
  readonly scope: AppScope;
  readonly playId: string;
}

/** Claims of rooms. */
export interface HeldClaims {
  readonly logins: readonly HeldLogin[];
  readonly streams: readonly HeldStream[];
  readonly rooms: readonly HeldRoom[];
  /** Only of the rooms of the node that says it. */
  readonly plays?: readonly HeldPlay[];
}

/** Names a claim of a login to end it. */
export interface EndedLogin extends Omit<HeldLogin, 'holder'> {
  readonly memberId: MemberId;
}

/** Combines the claims of several rooms or nodes. */
export const mergeHeld = (parts: readonly HeldClaims[]): HeldClaims => ({
  logins: parts.flatMap(({ logins }) => logins),
  streams: parts.flatMap(({ streams }) => streams),
  rooms: parts.flatMap(({ rooms }) => rooms),
  plays: parts.flatMap(({ plays = [] }) => plays),
});

/** Makes claims that were granted before: no limit refuses them. Returns what follows. */
export function makeHeld(claims: Claims, { logins, streams, rooms }: HeldClaims): readonly unknown[] {
  return [
    ...rooms.map(({ scope, roomId }) => claims.rooms.claim(scope, roomId, Number.MAX_SAFE_INTEGER)),
    ...streams.map(({ scope, streamId, roomId }) => claims.streams.claim(scope, streamId, roomId, 0)),
    ...logins.map(({ scope, userId, holder }) => claims.logins.claim(scope, userId, holder)),
  ];
}
