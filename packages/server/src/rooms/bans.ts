/**
 * Bans: which users may not log in or publish, and until when (BAN).
 *
 * @module
 */

import type { RoomId, RoomKey, UserId } from '@gavel/protocol';
import { type Rule, RuleBook, type RuleBookDeps } from './rule-book.ts';
import type { World } from './rule-keeper.ts';

/** The scope of a ban. */
export type BanScope =
  /** Every client of an IP address, in every room. */
  | { readonly type: 'address'; readonly address: string }
  /** Everybody, in one room. */
  | { readonly type: 'room'; readonly roomId: RoomId }
  /** One user, in every room. */
  | { readonly type: 'user'; readonly userId: UserId }
  /** One user, in one room. */
  | { readonly type: 'room-user'; readonly roomId: RoomId; readonly userId: UserId };

/** A privilege that a ban revokes. */
export type BanPrivilege = 'login' | 'publish';

/** A ban. */
export interface Ban extends Rule {
  readonly scope: BanScope;
  readonly privileges: readonly BanPrivilege[];
}

/** Maximum number of bans in force in one world, by scope (BAN-5). */
export const MAX_BANS: Readonly<Record<BanScope['type'], number>> = {
  address: 100,
  room: 200,
  user: 200,
  'room-user': 200,
};

/** How long an ended ban is still listed, in milliseconds: one day (BAN-2). */
export const ENDED_BAN_LISTED_MS = 86_400_000;

const TYPES = ['address', 'room', 'user', 'room-user'] as const;

function subjectOf(scope: BanScope): string {
  switch (scope.type) {
    case 'address':
      return scope.address;
    case 'room':
      return scope.roomId;
    case 'user':
      return scope.userId;
    case 'room-user':
      // A JSON array, so that two different pairs never have the same text.
      return JSON.stringify([scope.roomId, scope.userId]);
  }
}

/** The bans of all worlds. */
export class Bans {
  readonly #books: Readonly<Record<BanScope['type'], RuleBook<Ban>>>;

  constructor(deps: RuleBookDeps) {
    const bookOf = (type: BanScope['type']) =>
      new RuleBook<Ban>(deps, {
        kind: `ban-${type}`,
        max: MAX_BANS[type],
        listedAfterEndMs: ENDED_BAN_LISTED_MS,
        subjectOf: (ban) => subjectOf(ban.scope),
        write: ({ scope, privileges }) => ({ scope, privileges }),
        read: (definition, { createdAtMs, untilMs }) => ({
          ...(definition as unknown as Pick<Ban, 'scope' | 'privileges'>),
          createdAtMs,
          untilMs,
        }),
      });
    this.#books = {
      address: bookOf('address'),
      room: bookOf('room'),
      user: bookOf('user'),
      'room-user': bookOf('room-user'),
    };
  }

  /** Loads the stored bans. */
  async load(): Promise<void> {
    for (const type of TYPES) await this.#books[type].load();
  }

  /** Adds a ban, or replaces the ban of the same scope; returns false if there are too many (BAN-5). */
  set(world: World, ban: Ban): Promise<boolean> {
    return this.#books[ban.scope.type].set(world, [ban]);
  }

  /** Ends a ban; returns false if none is in force. */
  async delete(world: World, scope: BanScope): Promise<boolean> {
    return (await this.#books[scope.type].delete(world, [subjectOf(scope)])).length > 0;
  }

  /** Returns the bans of one scope type that are in force or ended within the last day, in the order they were set. */
  list(world: World, type: BanScope['type']): readonly Ban[] {
    return this.#books[type].list(world);
  }

  /** Returns until when a user lacks a privilege in a room; undefined if it has it. The longest ban counts. */
  findEnd(key: RoomKey, user: { id: UserId; address: string }, privilege: BanPrivilege): number | undefined {
    const { roomId } = key;
    const scopes: readonly BanScope[] = [
      { type: 'address', address: user.address },
      { type: 'room', roomId },
      { type: 'user', userId: user.id },
      { type: 'room-user', roomId, userId: user.id },
    ];
    let untilMs: number | undefined;
    for (const scope of scopes) {
      const ban = this.#books[scope.type].find(key, subjectOf(scope));
      if (ban?.privileges.includes(privilege)) untilMs = Math.max(untilMs ?? 0, ban.untilMs);
    }
    return untilMs;
  }
}
