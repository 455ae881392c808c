/**
 * Logins that were refused while this node could not decide, so that their members are still in their rooms: they are removed when it
 * can (BUS-5, CLUS-2).
 *
 * @module
 */

import { isGavelError, type MemberId, type RoomKey } from '@gavel/protocol';

/** Dependencies of `RefusedLogins`. */
export interface RefusedLoginsDeps {
  /** Returns whether this node has a room. */
  readonly has: (key: RoomKey) => boolean;
  /** Returns whether this node may decide for a room. */
  readonly mayDecide: (key: RoomKey) => boolean;
  readonly logOut: (key: RoomKey, memberId: MemberId) => Promise<unknown>;
}

/** The members and waiting users of such logins. */
export class RefusedLogins {
  readonly #deps: RefusedLoginsDeps;
  readonly #left = new Map<MemberId, RoomKey>();

  constructor(deps: RefusedLoginsDeps) {
    this.#deps = deps;
  }

  /** Removes a member whose login was refused, now or when this node may decide. Never rejects. */
  async remove(key: RoomKey, memberId: MemberId): Promise<void> {
    try {
      await this.#deps.logOut(key, memberId);
    } catch (error) {
      if (isGavelError(error, 'server.node-unavailable')) this.#left.set(memberId, key);
    }
  }

  /** Removes those that are left in rooms for which this node may decide. Those in rooms of other nodes miss their heartbeats. */
  async sweep(): Promise<void> {
    const { has, mayDecide } = this.#deps;
    const due = [...this.#left].filter(([, key]) => !has(key) || mayDecide(key));
    for (const [memberId] of due) this.#left.delete(memberId);
    await Promise.all(due.map(([memberId, key]) => (has(key) ? this.remove(key, memberId) : undefined)));
  }
}
