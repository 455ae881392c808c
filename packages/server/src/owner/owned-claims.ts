/**
 * The claims of stream ids and rooms that the owner of rooms makes for them. A claim lasts as long as its room uses it, or a
 * command that may use it is not decided: of two commands of one room that claim the same, the end of one does not end
 * the claim of the other.
 *
 * @module
 */

import { type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Claims, Eventually, RoomVerdict, StreamVerdict } from '../claims/claims.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { ENVIRONMENT_LIMITS } from './room-limits.ts';

/** A claim for a command that is not decided yet. */
export interface PendingClaim<Verdict> {
  readonly verdict: Eventually<Verdict>;
  /** Must be called when the command is decided: ends the claim if the room does not use it. */
  settle(): void;
}

/** Dependencies of `OwnedClaims`. */
export interface OwnedClaimsDeps {
  readonly claims: Pick<Claims, 'streams' | 'rooms'>;
  /** Maximum number of live and reserved streams per App, in both environments; 0 means no limit (LIM-7). */
  readonly maxStreamsPerApp: number;
  /** Returns whether a room of this owner has a live or reserved stream of this id. */
  readonly hasStream: (key: RoomKey, streamId: StreamId) => boolean;
  /** Returns whether a room of this owner has members. */
  readonly hasRoom: (key: RoomKey) => boolean;
  /** Reports that a claim could not be ended. */
  readonly report: (error: unknown) => void;
}

/** Makes and ends the claims of an owner's rooms. */
export class OwnedClaims {
  readonly #deps: OwnedClaimsDeps;
  /** Number of commands that are not decided, by what they claim. */
  readonly #pending = new Map<string, number>();

  constructor(deps: OwnedClaimsDeps) {
    this.#deps = deps;
  }

  /** Claims a stream id for a room (STRM-6); undefined if the room has it. */
  claimStream(key: RoomKey, streamId: StreamId): PendingClaim<StreamVerdict> | undefined {
    const { claims, maxStreamsPerApp, hasStream } = this.#deps;
    if (hasStream(key, streamId)) return undefined;
    return this.#claim(
      streamText(key, streamId),
      () => claims.streams.claim(key, streamId, key.roomId, maxStreamsPerApp),
      () => this.#releaseStream(key, streamId),
    );
  }

  /** Claims a place for a room (TEST-2); undefined if the room exists, or the number of rooms is not limited. */
  claimRoom(key: RoomKey): PendingClaim<RoomVerdict> | undefined {
    const { claims, hasRoom } = this.#deps;
    const { maxRooms } = ENVIRONMENT_LIMITS[key.environment];
    if (!Number.isFinite(maxRooms) || hasRoom(key)) return undefined;
    return this.#claim(
      roomKeyText(key),
      () => claims.rooms.claim(key, key.roomId, maxRooms),
      () => this.#releaseRoom(key),
    );
  }

  /** Ends the claims of streams and rooms that have ended. */
  follow(key: RoomKey, events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type === 'streamRemoved' || event.type === 'streamReleased') {
        this.#releaseStream(key, event.stream.streamId);
      } else if (event.type === 'roomClosed') this.#releaseRoom(key);
    }
  }

  #claim<Verdict>(text: string, claim: () => Eventually<Verdict>, release: () => void): PendingClaim<Verdict> {
    const pending = this.#pending;
    pending.set(text, (pending.get(text) ?? 0) + 1);
    const settle = (): void => {
      const count = (pending.get(text) ?? 0) - 1;
      if (count > 0) pending.set(text, count);
      else pending.delete(text);
      release();
    };
    try {
      return { verdict: claim(), settle };
    } catch (error) {
      settle();
      throw error;
    }
  }

  #releaseStream(key: RoomKey, streamId: StreamId): void {
    if (this.#pending.has(streamText(key, streamId)) || this.#deps.hasStream(key, streamId)) return;
    this.#end(this.#deps.claims.streams.release(key, streamId, key.roomId));
  }

  #releaseRoom(key: RoomKey): void {
    if (!Number.isFinite(ENVIRONMENT_LIMITS[key.environment].maxRooms)) return;
    if (this.#pending.has(roomKeyText(key)) || this.#deps.hasRoom(key)) return;
    this.#end(this.#deps.claims.rooms.release(key, key.roomId));
  }

  #end(released: Eventually<void>): void {
    if (released instanceof Promise) released.catch(this.#deps.report);
  }
}

const streamText = (key: RoomKey, streamId: StreamId): string => `${roomKeyText(key)}\n${streamId}`;
