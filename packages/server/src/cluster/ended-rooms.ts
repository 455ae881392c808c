/**
 * Gives up rooms that have ended, so that their next login may be at any node, and what the database has of them does not grow.
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Ownership } from './ownership.ts';

const SWEEP_MS = 5000;
/** A room is given up when so many sweeps have not found it: commands and journal rows that need its term are done by then. */
const SWEEPS_WITHOUT_ROOM = 3;
/** Maximum number of rooms that one sweep gives up. */
const MAX_PER_SWEEP = 500;

/** Dependencies of `EndedRooms`. */
export interface EndedRoomsDeps {
  readonly clock: Clock;
  /** Returns the rooms that belong to this node in the database. */
  readonly ownedRooms: () => readonly RoomKey[];
  readonly rooms: { has(key: RoomKey): boolean };
  readonly ownership: Pick<Ownership, 'release'>;
  /** Reports an error that no caller can receive; the room is given up later. */
  readonly report: (error: unknown) => void;
}

/** Sweeps the rooms of this node. */
export class EndedRooms {
  readonly #deps: EndedRoomsDeps;
  /** By room: the number of sweeps that have not found it. */
  #missing = new Map<string, number>();
  #isSweeping = false;
  #stop: (() => void) | undefined;

  constructor(deps: EndedRoomsDeps) {
    this.#deps = deps;
  }

  /** Begins to sweep. */
  start(): void {
    const { clock, report } = this.#deps;
    this.#stop ??= clock.every(SWEEP_MS, () => void this.#sweep().catch(report));
  }

  /** Sweeps no more. */
  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      for (const key of this.#findEnded().slice(0, MAX_PER_SWEEP)) await this.#deps.ownership.release(key);
    } finally {
      this.#isSweeping = false;
    }
  }

  #findEnded(): readonly RoomKey[] {
    const { ownedRooms, rooms } = this.#deps;
    const missing = new Map<string, number>();
    const ended: RoomKey[] = [];
    for (const key of ownedRooms()) {
      if (rooms.has(key)) continue;
      const text = roomKeyText(key);
      const sweeps = (this.#missing.get(text) ?? 0) + 1;
      missing.set(text, sweeps);
      if (sweeps >= SWEEPS_WITHOUT_ROOM) ended.push(key);
    }
    this.#missing = missing;
    return ended;
  }
}
