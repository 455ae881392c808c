/**
 * People: the members of rooms and those who wait for them, as far as a ban or a kick is concerned.
 *
 * @module
 */

import { type MemberId, type RoomId, type RoomKey, roomKeyText, type UserId } from '@gavel/protocol';
import { type AppScope, scopeText } from '../base/app-scope.ts';
import type { Identity } from '../rooms/bans.ts';
import type { KickTarget } from '../rooms/commands.ts';
import type { MemberInfo, User } from '../rooms/member.ts';
import type { Directory } from './directory.ts';
import type { OwnedRoom } from './owned-room.ts';

/** A member of a room, or a user who waits for it. */
export interface Person extends Identity {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly user: User;
  readonly isWaiting: boolean;
}

/** Which people are asked for; without a field, those of the whole App and environment. */
export interface PersonFilter {
  readonly roomId?: RoomId;
  /** Only users with this id, or with this id in the customer's own system. */
  readonly userId?: UserId;
}

/** Where people are found. */
export interface PeopleDeps {
  /** By the text of its key. */
  readonly owned: ReadonlyMap<string, OwnedRoom>;
  readonly directory: Directory;
}

/** Finds people in all rooms and waiting rooms. */
export class People {
  readonly #deps: PeopleDeps;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  /** Returns members, then waiting users. With a room, the cost is its size; else, that of the App. */
  find(scope: AppScope, { roomId, userId }: PersonFilter): Person[] {
    const owned = this.#ownedOf(scope, roomId);
    const members = owned.flatMap(({ key, room }) => {
      const isMeant = userId === undefined || this.#deps.directory.isIn(key, userId);
      return isMeant && room ? room.snapshot().members.map((member) => personOf(key, member)) : [];
    });
    return [...members, ...owned.flatMap(waitingIn)].filter(
      ({ user, externalId }) => userId === undefined || userId === user.id || userId === externalId,
    );
  }

  /** Returns the people of a room that match a target. */
  named(key: RoomKey, target: KickTarget): Person[] {
    const owned = this.#deps.owned.get(roomKeyText(key));
    if (!owned) return [];
    const waiting = new Set(owned.waitingRoom?.named(target).map(({ memberId }) => memberId));
    return [
      ...(owned.room?.membersOf(target) ?? []).map((member) => personOf(key, member)),
      ...waitingIn(owned).filter(({ memberId }) => waiting.has(memberId)),
    ];
  }

  #ownedOf(scope: AppScope, roomId: RoomId | undefined): readonly OwnedRoom[] {
    const { owned } = this.#deps;
    if (roomId !== undefined) return [owned.get(roomKeyText({ ...scope, roomId })) ?? []].flat();
    const text = scopeText(scope);
    return [...owned.values()].filter(({ key }) => scopeText(key) === text);
  }
}

const waitingIn = ({ key, waitingRoom }: OwnedRoom): Person[] =>
  (waitingRoom?.logins() ?? []).map(({ waiting: { memberId, user }, login: { address, externalId } }) => ({
    ...{ key, memberId, user, address, isWaiting: true },
    ...(externalId !== undefined && { externalId }),
  }));

function personOf(key: RoomKey, { memberId, user, address, externalId }: MemberInfo): Person {
  return { key, memberId, user, address, ...(externalId !== undefined && { externalId }), isWaiting: false };
}
