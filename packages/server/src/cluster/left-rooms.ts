/**
 * Rooms and sessions that nobody can go on with: their node is gone, and no other has a replica, or had time to take them over.
 * One node ends them, with the callbacks that say so (ROOM-10, CLUS-7).
 *
 * @module
 */

import type { RoomKey } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { OwnedRoom } from '../store/journal.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import type { OpenSession } from '../store/sessions.ts';
import type { Peers } from './peers.ts';
import type { Takeover } from './takeover.ts';

/** Interval of the searches. A takeover has begun before: it needs a second. */
const SEARCH_MS = 10_000;

/** Dependencies of `LeftRooms`. */
export interface LeftRoomsDeps {
  readonly clock: Clock;
  readonly peers: Pick<Peers, 'nodes' | 'self'>;
  readonly takeover: Pick<Takeover, 'claimLeft'>;
  /** Return what was changed last by a node that is not among these. */
  readonly findRooms: (liveNodes: readonly string[]) => Promise<readonly LiveRoom[]>;
  readonly findSessions: (liveNodes: readonly string[]) => Promise<readonly OpenSession[]>;
  readonly roomOf: (session: OpenSession) => RoomKey;
  readonly endRoom: (room: LiveRoom, owned: OwnedRoom) => Promise<void>;
  readonly endSession: (session: OpenSession, owned: OwnedRoom) => Promise<void>;
  /** Reports an error that no caller can receive; the next search tries again. */
  readonly report: (error: unknown) => void;
}

/** Searches for them at intervals, and ends those that this node can claim. */
export class LeftRooms {
  readonly #deps: LeftRoomsDeps;
  #searching: Promise<void> | undefined;
  #stop: (() => void) | undefined;

  constructor(deps: LeftRoomsDeps) {
    this.#deps = deps;
  }

  /** Begins to search. The first search also finds what an earlier process of this node has left. */
  start(): void {
    const { clock, peers } = this.#deps;
    const others = peers.nodes().filter((node) => node !== peers.self);
    this.#search(others);
    this.#stop ??= clock.every(SEARCH_MS, () => this.#search(peers.nodes()));
  }

  /** Searches no more; resolves when a running search has ended. */
  async close(): Promise<void> {
    this.#stop?.();
    await this.#searching;
  }

  #search(liveNodes: readonly string[]): void {
    this.#searching ??= this.#endAll(liveNodes)
      .catch(this.#deps.report)
      .finally(() => {
        this.#searching = undefined;
      });
  }

  async #endAll(liveNodes: readonly string[]): Promise<void> {
    const { takeover, findRooms, findSessions, roomOf, endRoom, endSession } = this.#deps;
    for (const room of await findRooms(liveNodes)) {
      await takeover.claimLeft(room.key, (owned) => endRoom(room, owned));
    }
    for (const open of await findSessions(liveNodes)) {
      await takeover.claimLeft(roomOf(open), (owned) => endSession(open, owned));
    }
  }
}
