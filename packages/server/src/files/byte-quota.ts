/**
 * How many bytes of files each room and each App has. Bytes of uploads under way count from their beginning.
 *
 * @module
 */

import { GavelError, type RoomKey, roomKeyText } from '@gavel/protocol';

/** Maximum numbers of bytes. */
export interface ByteLimits {
  readonly perRoom: number;
  readonly perApp: number;
}

/** Counts bytes. */
export class ByteQuota {
  readonly #limits: ByteLimits;
  readonly #rooms = new Map<string, number>();
  readonly #apps = new Map<number, number>();

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  /** Counts bytes that the room has, or is about to have. @throws GavelError `file.no-space`, and counts nothing */
  reserve(key: RoomKey, bytes: number): void {
    const { room, app } = this.usageOf(key);
    if (room + bytes > this.#limits.perRoom || app + bytes > this.#limits.perApp) throw new GavelError('file.no-space');
    this.add(key, bytes);
  }

  /** Counts bytes that are there, whatever the limits are now; a negative number for bytes that are gone. */
  add(key: RoomKey, bytes: number): void {
    const { room, app } = this.usageOf(key);
    setOrDelete(this.#rooms, roomKeyText(key), room + bytes);
    setOrDelete(this.#apps, key.appId, app + bytes);
  }

  /** Forgets all counts. */
  clear(): void {
    this.#rooms.clear();
    this.#apps.clear();
  }

  /** Returns the bytes of a room, and of its App. */
  usageOf(key: RoomKey): { readonly room: number; readonly app: number } {
    return { room: this.#rooms.get(roomKeyText(key)) ?? 0, app: this.#apps.get(key.appId) ?? 0 };
  }
}

function setOrDelete<K>(map: Map<K, number>, key: K, bytes: number): void {
  if (bytes > 0) map.set(key, bytes);
  else map.delete(key);
}
