/**
 * Finds rooms by the users and by the stream ids in them.
 *
 * @module
 */

import { type RoomKey, roomKeyText, type StreamId, type UserId } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { RoomEvent } from '../rooms/events.ts';
import type { MemberInfo } from '../rooms/member.ts';

const scopeOf = (key: AppScope, id: string): string => `${key.appId}/${key.environment}/${id}`;

/** A room that a user is in, with the number of its logins there. */
interface RoomCount {
  readonly key: RoomKey;
  /** The text of the key. */
  readonly room: string;
  count: number;
}

/** By a user, the rooms that it is in: usually one. */
type RoomCounts = Map<string, readonly RoomCount[]>;

/** What is indexed of a room. */
export interface IndexedRoom {
  readonly key: RoomKey;
  readonly members: readonly Pick<MemberInfo, 'user' | 'externalId'>[];
  /** Live and reserved ones. */
  readonly streams: readonly { readonly streamId: StreamId }[];
}

/** Indexes that are updated by the events of all rooms. */
export class Directory {
  /** For each user, the rooms that it is in, with the number of its logins there. */
  readonly #roomsOfUser: RoomCounts = new Map();
  /** For each id of a user in the customer's own system, the rooms that it is in. */
  readonly #roomsOfExternalId: RoomCounts = new Map();
  readonly #roomOfStream = new Map<string, RoomKey>();

  /** Returns the rooms that a user is in. */
  roomsOf(scope: AppScope, userId: UserId): RoomKey[] {
    return (this.#roomsOfUser.get(scopeOf(scope, userId)) ?? []).map(({ key }) => key);
  }

  /** Returns whether a user is in a room who has this id, or has it in the customer's own system. */
  isIn(key: RoomKey, id: UserId): boolean {
    const text = scopeOf(key, id);
    const ofRoom = roomKeyText(key);
    return [this.#roomsOfUser, this.#roomsOfExternalId].some((counts) =>
      counts.get(text)?.some(({ room }) => room === ofRoom),
    );
  }

  /** Returns the room with a live or reserved stream of this id. */
  roomOfStream(scope: AppScope, streamId: StreamId): RoomKey | undefined {
    return this.#roomOfStream.get(scopeOf(scope, streamId));
  }

  /** Adds a room that came from another owner. */
  add({ key, members, streams }: IndexedRoom): void {
    for (const member of members) this.#countMember(key, member, 1);
    for (const { streamId } of streams) this.#roomOfStream.set(scopeOf(key, streamId), key);
  }

  /** Removes a room that another owner goes on with. */
  remove({ key, members, streams }: IndexedRoom): void {
    for (const member of members) this.#countMember(key, member, -1);
    for (const { streamId } of streams) this.#roomOfStream.delete(scopeOf(key, streamId));
  }

  /** Updates the indexes. */
  follow(key: RoomKey, events: readonly RoomEvent[]): void {
    for (const event of events) {
      switch (event.type) {
        case 'memberJoined':
          this.#countMember(key, event.member, 1);
          break;
        case 'memberLeft':
          this.#countMember(key, event.member, -1);
          break;
        case 'streamReserved':
        case 'streamAdded':
          this.#roomOfStream.set(scopeOf(key, event.stream.streamId), key);
          break;
        case 'streamReleased':
        case 'streamRemoved':
          this.#roomOfStream.delete(scopeOf(key, event.stream.streamId));
          break;
      }
    }
  }

  #countMember(key: RoomKey, { user, externalId }: IndexedRoom['members'][number], change: 1 | -1): void {
    count(this.#roomsOfUser, key, user.id, change);
    if (externalId !== undefined) count(this.#roomsOfExternalId, key, externalId, change);
  }
}

function count(counts: RoomCounts, key: RoomKey, userId: UserId, change: 1 | -1): void {
  const scope = scopeOf(key, userId);
  const room = roomKeyText(key);
  const rooms = counts.get(scope) ?? [];
  const known = rooms.find((each) => each.room === room) ?? { key, room, count: 0 };
  known.count += change;
  const others = rooms.filter((each) => each !== known);
  // Unlike a spread, concat reserves no room for more elements. There is a list for each user.
  const left = known.count > 0 ? others.concat(known) : others;
  if (left.length > 0) counts.set(scope, left);
  else counts.delete(scope);
}
