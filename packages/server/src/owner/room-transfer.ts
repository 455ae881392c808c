/**
 * Moves rooms between owners: what another node needs to follow a room of this one, and what this one does to go on with a room
 * of another, or to let one go.
 *
 * @module
 */

import { type AppId, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Claims } from '../claims/claims.ts';
import { type HeldClaims, makeHeld, mergeHeld } from '../claims/held-claims.ts';
import type { Continuation } from '../rooms/continuation.ts';
import type { Room, RoomSettings } from '../rooms/room.ts';
import type { RoomState } from '../rooms/room-state.ts';
import type { WaitingState } from '../rooms/waiting-room.ts';
import type { Directory, IndexedRoom } from './directory.ts';
import { OwnedRoom } from './owned-room.ts';
import { isLimited } from './room-limits.ts';

/** Dependencies of `RoomTransfer`: what the owner of rooms has. */
export interface RoomTransferDeps {
  /** By the text of its key. */
  readonly owned: Map<string, OwnedRoom>;
  readonly directory: Directory;
  readonly claims: Claims;
  /** Returns the claims for commands of an App that are not decided yet. */
  readonly pending: (appId: AppId) => HeldClaims;
  readonly settings: RoomSettings & { readonly report?: (error: unknown) => void };
}

/** Gives rooms to other owners, and receives them. */
export class RoomTransfer {
  readonly #deps: RoomTransferDeps;

  constructor(deps: RoomTransferDeps) {
    this.#deps = deps;
  }

  /** Returns the rooms that this node has, also those without members. */
  keys(): readonly RoomKey[] {
    return [...this.#deps.owned.values()].map(({ key }) => key);
  }

  /** Returns whether this node has a room, its waiting users, or its session. */
  has(key: RoomKey): boolean {
    return this.#deps.owned.has(roomKeyText(key));
  }

  /** Returns the whole state of a room; undefined if it has no members. Its cost is the size of the room. */
  stateOf(key: RoomKey): RoomState | undefined {
    return this.#find(key)?.state;
  }

  /**
   * Goes on with a room that another node owned, from a snapshot of it. Members are as active as if they had just sent
   * something. Waiting users and the sessions of empty rooms are adopted apart.
   *
   * @throws Error if this node has the room
   */
  adopt(state: RoomState): void {
    const { owned, directory, settings } = this.#deps;
    const { key } = state;
    if (this.#find(key)) throw new Error(`the room ${roomKeyText(key)} has an owner: this node`);
    const adopted = OwnedRoom.restore(state, settings);
    owned.set(roomKeyText(key), adopted);
    directory.add(describe(state));
    this.#claim(state);
  }

  /** Goes on with the session that an empty room has left at another node. Does nothing if this node has something of the room. */
  adoptSession(
    key: RoomKey,
    { continuation, remainingMs }: { readonly continuation: Continuation; readonly remainingMs: number },
  ): void {
    if (this.has(key)) return;
    this.#deps.owned.set(roomKeyText(key), OwnedRoom.keep(key, this.#deps.settings, continuation, remainingMs));
  }

  /** Returns the waiting room of a room; undefined if nobody waits and nobody is accepted. */
  waitingOf(key: RoomKey): WaitingState | undefined {
    const { owned, settings } = this.#deps;
    return owned.get(roomKeyText(key))?.waitingRoom?.stateAt(settings.clock.monotonicMs());
  }

  /** Goes on with the waiting room of a room that another node owned, when the room or its session is adopted. */
  adoptWaiting(key: RoomKey, state: WaitingState): void {
    const { owned, settings } = this.#deps;
    const adopting = owned.get(roomKeyText(key)) ?? new OwnedRoom(key, settings);
    adopting.adoptWaiting(state);
    owned.set(roomKeyText(key), adopting);
  }

  /** Returns what the rooms of an App have claimed, and what commands have claimed that are not decided yet. */
  heldOf(appId: AppId): HeldClaims {
    const { owned, pending } = this.#deps;
    const states = [...owned.values()].flatMap(({ key, room }) => (room && key.appId === appId ? room.state : []));
    return mergeHeld([...states.map(claimsOf), pending(appId)]);
  }

  /** Claims for this owner what the room has: where claims are in memory, those of the dead owner are gone. */
  #claim(state: RoomState): void {
    const { claims, settings } = this.#deps;
    Promise.all(makeHeld(claims, claimsOf(state))).catch(settings.report ?? (() => undefined));
  }

  /** Forgets all rooms, waiting users and sessions, because other nodes go on with them. Emits no events. Returns the rooms with members. */
  forgetAll(): readonly RoomState[] {
    const { owned, directory } = this.#deps;
    const states = [...owned.values()].flatMap(({ room }) => room?.state ?? []);
    for (const state of states) directory.remove(describe(state));
    owned.clear();
    return states;
  }

  /** Forgets a room, its waiting users and its session, because another node goes on with it. Emits no events. */
  forget(key: RoomKey): void {
    const { owned, directory } = this.#deps;
    const state = this.stateOf(key);
    if (state) directory.remove(describe(state));
    owned.delete(roomKeyText(key));
  }

  #find(key: RoomKey): Room | undefined {
    return this.#deps.owned.get(roomKeyText(key))?.room;
  }
}

/** Returns what a room has claimed. */
export function claimsOf({ key, members, streams }: RoomState): HeldClaims {
  const { appId, environment, roomId } = key;
  const scope = { appId, environment };
  return {
    logins: members.members.map(({ member: { user, memberId, clientId } }) => ({
      scope,
      userId: user.id,
      holder: { roomId, memberId, clientId },
    })),
    streams: streams.slots.map(({ info: { streamId } }) => ({ scope, streamId, roomId })),
    rooms: isLimited(key) ? [{ scope, roomId }] : [],
  };
}

function describe({ key, members, streams }: RoomState): IndexedRoom {
  return { key, members: members.members.map(({ member }) => member), streams: streams.slots.map(({ info }) => info) };
}
