/**
 * The claims of stream ids and rooms that the owner of rooms makes for them. A claim lasts as long as its room uses it, or a
 * command that may use it is not decided: of two commands of one room that claim the same, the end of one does not end
 * the claim of the other.
 *
 * @module
 */

import { type AppId, isGavelError, type RoomKey, roomKeyText, type StreamId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import type { Claims, Eventually, RoomVerdict, StreamVerdict } from '../claims/claims.ts';
import type { HeldClaims } from '../claims/held-claims.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { ENVIRONMENT_LIMITS, isLimited } from './room-limits.ts';

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
  /** Whether this node may decide for a room; only then it ends claims later that it could not end at once. */
  readonly mayDecide: (key: RoomKey) => boolean;
  /** Times what is ended later. */
  readonly clock: Pick<Clock, 'after'>;
  /** Reports that a claim could not be ended. */
  readonly report: (error: unknown) => void;
}

/** What is claimed for commands: a stream id, or a place for the room. */
interface Claimed {
  readonly key: RoomKey;
  readonly streamId?: StreamId;
}

interface PendingCommands extends Claimed {
  readonly count: number;
}

/** A claim is ended later where the node that stores it cannot be reached. */
const RELEASE_AGAIN_MS = 1000;

/** Makes and ends the claims of an owner's rooms. */
export class OwnedClaims {
  readonly #deps: OwnedClaimsDeps;
  /** The commands that are not decided, by what they claim. */
  readonly #pending = new Map<string, PendingCommands>();

  constructor(deps: OwnedClaimsDeps) {
    this.#deps = deps;
  }

  /** Claims a stream id for a room (STRM-6); undefined if the room has it. */
  claimStream(key: RoomKey, streamId: StreamId): PendingClaim<StreamVerdict> | undefined {
    const { claims, maxStreamsPerApp, hasStream } = this.#deps;
    if (hasStream(key, streamId)) return undefined;
    return this.#claim(
      streamText(key, streamId),
      { key, streamId },
      () => claims.streams.claim(key, streamId, key.roomId, maxStreamsPerApp),
      () => this.#releaseStream(key, streamId),
    );
  }

  /** Claims a place for a room (TEST-2); undefined if the room exists, or the number of rooms is not limited. */
  claimRoom(key: RoomKey): PendingClaim<RoomVerdict> | undefined {
    const { claims, hasRoom } = this.#deps;
    const { maxRooms } = ENVIRONMENT_LIMITS[key.environment];
    if (!isLimited(key) || hasRoom(key)) return undefined;
    return this.#claim(
      roomKeyText(key),
      { key },
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

  /** Returns what is claimed for commands of an App that are not decided yet. */
  pendingOf(appId: AppId): HeldClaims {
    const pending = [...this.#pending.values()].filter(({ key }) => key.appId === appId);
    const ofRoom = ({ key: { environment, roomId } }: Claimed) => ({ scope: { appId, environment }, roomId });
    return {
      logins: [],
      streams: pending.flatMap((each) => (each.streamId ? { ...ofRoom(each), streamId: each.streamId } : [])),
      rooms: pending.flatMap((each) => (each.streamId ? [] : ofRoom(each))),
    };
  }

  #claim<Verdict>(
    text: string,
    claimed: Claimed,
    claim: () => Eventually<Verdict>,
    release: () => void,
  ): PendingClaim<Verdict> {
    const pending = this.#pending;
    pending.set(text, { ...claimed, count: (pending.get(text)?.count ?? 0) + 1 });
    const settle = (): void => {
      const count = (pending.get(text)?.count ?? 0) - 1;
      if (count > 0) pending.set(text, { ...claimed, count });
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
    const released = this.#deps.claims.streams.release(key, streamId, key.roomId);
    this.#end(key, released, () => this.#releaseStream(key, streamId));
  }

  #releaseRoom(key: RoomKey): void {
    if (!isLimited(key)) return;
    if (this.#pending.has(roomKeyText(key)) || this.#deps.hasRoom(key)) return;
    this.#end(key, this.#deps.claims.rooms.release(key, key.roomId), () => this.#releaseRoom(key));
  }

  /** @param again ends the claim later, if the room does not use it by then; the next owner of a room has its claims */
  #end(key: RoomKey, released: Eventually<void>, again: () => void): void {
    if (!(released instanceof Promise)) return;
    const { clock, mayDecide, report } = this.#deps;
    released.catch((error: unknown) => {
      if (!isGavelError(error, 'server.node-unavailable')) return report(error);
      clock.after(RELEASE_AGAIN_MS, () => {
        if (mayDecide(key)) again();
      });
    });
  }
}

const streamText = (key: RoomKey, streamId: StreamId): string => `${roomKeyText(key)}\n${streamId}`;
