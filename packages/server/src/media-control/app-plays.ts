/**
 * The places of the plays of a limited App, where rooms are at several nodes: they are claimed before an offer is negotiated, and
 * end with the play (LIM-7, CLUS-8).
 *
 * @module
 */

import { type AppId, GavelError, type MemberId, type PublishId, type RoomKey } from '@gavel/protocol';
import type { AppScope } from '../base/app-scope.ts';
import type { Clock } from '../base/clock.ts';
import type { PlayClaims } from '../claims/claims.ts';
import type { HeldPlay } from '../claims/held-claims.ts';

/** Interval at which places are given up again where the node that counts cannot be reached. */
const RELEASE_AGAIN_MS = 1000;

/** What a play is known by. */
export interface PlayName {
  readonly key: RoomKey;
  readonly memberId: MemberId;
  readonly publishId: PublishId;
}

/** Dependencies of `AppPlays`. */
export interface AppPlaysDeps {
  readonly claims: PlayClaims;
  /** Maximum number of plays of an App; above 0. */
  readonly maxPlaysPerApp: number;
  readonly clock: Pick<Clock, 'after'>;
}

const idOf = ({ memberId, publishId }: PlayName): string => `${memberId} ${publishId}`;
const scopeOf = ({ appId, environment }: RoomKey): AppScope => ({ appId, environment });

/** The places that the rooms of this node have. */
export class AppPlays {
  readonly #deps: AppPlaysDeps;
  /** By the id of the play: also those whose offer is not answered yet. */
  readonly #held = new Map<string, HeldPlay>();

  constructor(deps: AppPlaysDeps) {
    this.#deps = deps;
  }

  /**
   * Claims the places of the plays of one offer of a member; `require` says whether a play has one.
   *
   * @param ending plays that the offer ends: their places are free for it
   * @throws GavelError `server.node-unavailable` if the node that counts is gone
   */
  async claim(plays: readonly PlayName[], ending: readonly PlayName[]): Promise<void> {
    const [first] = plays;
    if (!first) return;
    const { claims, maxPlaysPerApp } = this.#deps;
    const scope = scopeOf(first.key);
    const playIds = plays.map(idOf);
    const added = playIds.filter((playId) => !this.#held.has(playId));
    // A node that begins to count meanwhile asks for them.
    for (const playId of added) this.#held.set(playId, { scope, playId });
    try {
      const granted = await claims.claim(scope, { playIds, ending: ending.map(idOf) }, maxPlaysPerApp);
      for (const [index, playId] of playIds.entries()) if (granted[index] !== true) this.#held.delete(playId);
    } catch (error) {
      for (const play of plays) if (added.includes(idOf(play))) this.release(play);
      throw error;
    }
  }

  /** @throws GavelError `stream.too-many` if a play has no place */
  require(play: PlayName): void {
    if (this.#held.has(idOf(play))) return;
    const { maxPlaysPerApp } = this.#deps;
    throw new GavelError('stream.too-many', `An App can have at most ${maxPlaysPerApp} plays at a time.`);
  }

  /** Gives up the place of a play that has ended. Does nothing if it has none. */
  release(play: PlayName): void {
    const held = this.#held.get(idOf(play));
    if (!held) return;
    this.#held.delete(held.playId);
    this.#release(held);
  }

  /** Returns the places of an App that this node has. */
  heldOf(appId: AppId): readonly HeldPlay[] {
    return [...this.#held.values()].filter(({ scope }) => scope.appId === appId);
  }

  #release({ scope, playId }: HeldPlay): void {
    const { claims, clock } = this.#deps;
    const released = claims.release(scope, [playId]);
    if (!(released instanceof Promise)) return;
    released.catch(() =>
      clock.after(RELEASE_AGAIN_MS, () => {
        // Unless the member plays it again.
        if (!this.#held.has(playId)) this.#release({ scope, playId });
      }),
    );
  }
}
