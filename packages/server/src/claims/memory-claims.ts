/**
 * Claims in memory, for rooms that are all in one process. They are answered at once.
 *
 * @module
 */

import type { AppId, MemberId, RoomId, StreamId, UserId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import type {
  ClaimedPlays,
  Claims,
  PlayClaims,
  RoomClaims,
  RoomVerdict,
  StreamClaims,
  StreamVerdict,
} from './claims.ts';
import type { LoginClaims, LoginHolder } from './login-claims.ts';

/** Claims of logins in memory. */
export class MemoryLoginClaims implements LoginClaims {
  /** By user; the holders in the order of their claims. */
  readonly #holders = new Map<string, readonly LoginHolder[]>();

  claim(scope: AppScope, userId: UserId, holder: LoginHolder): readonly LoginHolder[] {
    const text = idText(scope, userId);
    const others = (this.#holders.get(text) ?? []).filter(({ memberId }) => memberId !== holder.memberId);
    // Unlike a spread, concat reserves no room for more elements. There is a list for each user.
    this.#holders.set(text, others.concat(holder));
    return others;
  }

  release(scope: AppScope, userId: UserId, memberId: MemberId): void {
    const text = idText(scope, userId);
    const others = (this.#holders.get(text) ?? []).filter((holder) => holder.memberId !== memberId);
    if (others.length > 0) this.#holders.set(text, others);
    else this.#holders.delete(text);
  }
}

/** Claims of stream ids in memory. */
export class MemoryStreamClaims implements StreamClaims {
  readonly #rooms = new Map<string, RoomId>();
  readonly #counts = new Map<AppId, number>();

  claim(scope: AppScope, streamId: StreamId, roomId: RoomId, maxPerApp: number): StreamVerdict {
    const text = idText(scope, streamId);
    const holder = this.#rooms.get(text);
    if (holder !== undefined) return holder === roomId ? 'granted' : 'taken';
    const count = this.#counts.get(scope.appId) ?? 0;
    if (maxPerApp > 0 && count >= maxPerApp) return 'too-many';
    this.#rooms.set(text, roomId);
    this.#counts.set(scope.appId, count + 1);
    return 'granted';
  }

  release(scope: AppScope, streamId: StreamId, roomId: RoomId): void {
    const text = idText(scope, streamId);
    if (this.#rooms.get(text) !== roomId) return;
    this.#rooms.delete(text);
    const count = (this.#counts.get(scope.appId) ?? 0) - 1;
    if (count > 0) this.#counts.set(scope.appId, count);
    else this.#counts.delete(scope.appId);
  }
}

/** Claims of rooms in memory. */
export class MemoryRoomClaims implements RoomClaims {
  readonly #rooms = new Map<string, Set<RoomId>>();

  claim(scope: AppScope, roomId: RoomId, maxRooms: number): RoomVerdict {
    const text = scopeText(scope);
    const rooms = this.#rooms.get(text) ?? new Set();
    if (rooms.has(roomId)) return 'granted';
    if (rooms.size >= maxRooms) return 'too-many';
    this.#rooms.set(text, rooms.add(roomId));
    return 'granted';
  }

  release(scope: AppScope, roomId: RoomId): void {
    const text = scopeText(scope);
    const rooms = this.#rooms.get(text);
    rooms?.delete(roomId);
    if (rooms?.size === 0) this.#rooms.delete(text);
  }
}

/** The owner of plays in a process that is no part of a cluster. */
const LOCAL_OWNER = 'local';

/** Claims of plays in memory, by the owners of rooms: media does not outlive the owner of its room. */
export class MemoryPlayClaims implements PlayClaims {
  readonly #plays = new Map<AppId, Map<string, Set<string>>>();

  /** @param owner the owner of the room */
  claim(
    { appId }: AppScope,
    { playIds, ending }: ClaimedPlays,
    maxPerApp: number,
    owner: string = LOCAL_OWNER,
  ): readonly boolean[] {
    const ofApp = this.#plays.get(appId) ?? new Map<string, Set<string>>();
    const ofOwner = ofApp.get(owner) ?? new Set();
    const leaving = new Set(ending.filter((id) => ofOwner.has(id)));
    let count = [...ofApp.values()].reduce((sum, { size }) => sum + size, 0) - leaving.size;
    const granted = playIds.map((id) => {
      if (ofOwner.has(id)) return true;
      if (maxPerApp > 0 && count >= maxPerApp) return false;
      ofOwner.add(id);
      count += 1;
      return true;
    });
    if (ofOwner.size > 0) this.#plays.set(appId, ofApp.set(owner, ofOwner));
    return granted;
  }

  release({ appId }: AppScope, playIds: readonly string[], owner: string = LOCAL_OWNER): void {
    const ofApp = this.#plays.get(appId);
    const ofOwner = ofApp?.get(owner);
    if (!ofApp || !ofOwner) return;
    for (const id of playIds) ofOwner.delete(id);
    if (ofOwner.size === 0) ofApp.delete(owner);
    if (ofApp.size === 0) this.#plays.delete(appId);
  }

  /** Forgets the plays of owners that are gone. */
  keepOwners(isLive: (owner: string) => boolean): void {
    for (const [appId, ofApp] of this.#plays) {
      for (const owner of ofApp.keys()) if (!isLive(owner)) ofApp.delete(owner);
      if (ofApp.size === 0) this.#plays.delete(appId);
    }
  }
}

/** All claims in memory. */
export class MemoryClaims implements Claims {
  readonly logins = new MemoryLoginClaims();
  readonly streams = new MemoryStreamClaims();
  readonly rooms = new MemoryRoomClaims();
  readonly plays = new MemoryPlayClaims();
}

const idText = (scope: AppScope, id: string): string => `${scopeText(scope)}/${id}`;
