/**
 * Finds the bans that cover a user, in a time that does not depend on their number.
 *
 * @module
 */

import type { RoomId } from '@gavel/protocol';
import type { BanPrivilege, Identity } from '../rooms/bans.ts';
import { isInRange } from './address-range.ts';
import { type Ban, isInForce } from './rule.ts';

/** Returns whether a ban is about a user, whatever the room. */
export function covers({ subject }: Ban, { user, externalId, address }: Identity): boolean {
  const { userId, addresses } = subject;
  if (userId === undefined && addresses === undefined) return true;
  if (userId !== undefined && (userId === user.id || userId === externalId)) return true;
  return addresses !== undefined && isInRange(address, addresses);
}

/** The bans of one scope, by user, address and room. */
export class BanIndex {
  readonly #byKey = new Map<string, Set<Ban>>();
  readonly #ranges = new Set<Ban>();

  add(ban: Ban): void {
    if (isOfRange(ban)) this.#ranges.add(ban);
    for (const key of keysOf(ban)) {
      const bans = this.#byKey.get(key) ?? new Set();
      bans.add(ban);
      this.#byKey.set(key, bans);
    }
  }

  delete(ban: Ban): void {
    this.#ranges.delete(ban);
    for (const key of keysOf(ban)) {
      const bans = this.#byKey.get(key);
      bans?.delete(ban);
      if (bans?.size === 0) this.#byKey.delete(key);
    }
  }

  /** Returns the ban in force that revokes a privilege of a user in a room for the longest time (BAN-2). */
  find(roomId: RoomId, identity: Identity, privilege: BanPrivilege, nowMs: number): Ban | undefined {
    let longest: Ban | undefined;
    const look = (bans: Iterable<Ban>): void => {
      for (const ban of bans) {
        if (!ban.privileges.includes(privilege) || !isInForce(ban, nowMs)) continue;
        if (longest === undefined || endOf(ban) > endOf(longest)) longest = ban;
      }
    };
    if (this.#byKey.size > 0) {
      const { user, externalId, address } = identity;
      for (const place of ['', roomId]) {
        look(this.#byKey.get(userKey(place, user.id)) ?? []);
        if (externalId !== undefined) look(this.#byKey.get(userKey(place, externalId)) ?? []);
        look(this.#byKey.get(addressKey(place, address)) ?? []);
      }
      look(this.#byKey.get(roomId) ?? []);
    }
    for (const ban of this.#ranges) {
      const isHere = ban.roomId === undefined || ban.roomId === roomId;
      if (isHere && covers(ban, identity)) look([ban]);
    }
    return longest;
  }
}

// A room id cannot contain a line break.
const userKey = (place: string, userId: string): string => `${place}\nuser\n${userId}`;
const addressKey = (place: string, address: string): string => `${place}\naddress\n${address}`;
const endOf = ({ untilMs }: Ban): number => untilMs ?? Number.POSITIVE_INFINITY;
const isOfRange = ({ subject }: Ban): boolean => subject.addresses?.includes('/') ?? false;

function keysOf(ban: Ban): string[] {
  const { subject, roomId: place = '' } = ban;
  const { userId, addresses } = subject;
  if (userId === undefined && addresses === undefined) return [place];
  return [
    ...(userId === undefined ? [] : [userKey(place, userId)]),
    ...(addresses === undefined || isOfRange(ban) ? [] : [addressKey(place, addresses)]),
  ];
}
