/**
 * This node's copies of the waiting rooms of rooms that other nodes own: if an owner dies, its waiting users go on waiting at the
 * next one, and who was accepted is let in (CLUS-3, WAIT-3).
 *
 * @module
 */

import { type RoomKey, roomKeyText } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { RepeatedWork } from '../base/repeated-work.ts';
import type { RoomEvent } from '../rooms/events.ts';
import { WaitingRoom, type WaitingState } from '../rooms/waiting-room.ts';
import type { OwnedBatch } from './cluster-bus.ts';
import type { NodeId } from './node-link.ts';

/** A waiting room, with the term of the owner that made or followed it. */
export interface WaitingSnapshot {
  readonly term: number;
  readonly state: WaitingState;
}

interface Copy {
  readonly owner: NodeId;
  readonly term: number;
  readonly room: WaitingRoom;
}

/** Interval at which copies without users are deleted. Until then they show that a copy with users at another node is older. */
const SWEEP_MS = 60_000;

/** The copies, by room. What was lost is not asked for: a copy with a gap is dropped, other nodes have theirs. */
export class WaitingReplicas {
  readonly #clock: Clock;
  readonly #copies = new Map<string, Copy>();
  /** Deletes copies without users. */
  readonly sweep: RepeatedWork;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.sweep = new RepeatedWork(clock, SWEEP_MS, () => {
      for (const [text, { room }] of this.#copies) {
        room.deleteExpired(clock.monotonicMs());
        if (room.isEmpty) this.#copies.delete(text);
      }
    });
  }

  /** Follows a batch of another node: what it says of the room, and of its waiting room. */
  follow(owner: NodeId, { term, batch: { key, events } }: OwnedBatch): void {
    const text = roomKeyText(key);
    const known = this.#copies.get(text);
    if (known && term < known.term) return;
    let room = known?.room;
    for (const event of events) {
      if (isOfWaitingRoom(event)) room = this.#roomFor(key, event, room);
      const isOld = room?.epoch === event.epoch && event.seq <= room.seq;
      if (!isOld) room?.evolve(event, this.#clock.monotonicMs());
    }
    if (room) this.#copies.set(text, { owner, term, room });
    else this.#copies.delete(text);
  }

  /** Returns the copy that an event belongs to; undefined if there is none without a gap. */
  #roomFor(key: RoomKey, { epoch, seq }: RoomEvent, room: WaitingRoom | undefined): WaitingRoom | undefined {
    if (room?.epoch === epoch) return seq <= room.seq + 1 ? room : undefined;
    return seq === 1 ? new WaitingRoom(key, epoch) : undefined;
  }

  /** Whether somebody waits for a room, or is accepted. */
  has(key: RoomKey): boolean {
    return this.#copies.get(roomKeyText(key))?.room.isEmpty === false;
  }

  /** Returns the waiting room of a room, which may be empty; undefined if this node has none. */
  find(key: RoomKey): WaitingSnapshot | undefined {
    const copy = this.#copies.get(roomKeyText(key));
    return copy && { term: copy.term, state: copy.room.stateAt(this.#clock.monotonicMs()) };
  }

  /** Keeps the waiting room of a room that was this node's. */
  recordForgotten(owner: NodeId, key: RoomKey, { term, state }: WaitingSnapshot): void {
    const room = WaitingRoom.restore(key, state, this.#clock.monotonicMs());
    this.#copies.set(roomKeyText(key), { owner, term, room });
  }

  /** Forgets the copy of a room that is this node's now. */
  recordAdopted(key: RoomKey): void {
    this.#copies.delete(roomKeyText(key));
  }

  /** Returns the rooms with waiting users whose owner is not among these nodes. */
  orphans(nodes: readonly NodeId[]): readonly RoomKey[] {
    const left = [...this.#copies.values()].filter(({ owner, room }) => !room.isEmpty && !nodes.includes(owner));
    return left.map(({ room }) => room.key);
  }
}

/** Returns the newest of several copies of one waiting room; undefined if nobody waits there, and nobody is accepted. */
export function findNewestWaiting(found: readonly WaitingSnapshot[]): WaitingSnapshot | undefined {
  const newest = found.toSorted(compare).at(-1);
  return newest && newest.state.waits.length + newest.state.accepted.length > 0 ? newest : undefined;
}

function compare({ term, state }: WaitingSnapshot, other: WaitingSnapshot): number {
  return term - other.term || Number(BigInt(state.epoch) - BigInt(other.state.epoch)) || state.seq - other.state.seq;
}

const isOfWaitingRoom = ({ type }: RoomEvent): boolean => type.startsWith('waiting') || type === 'admissionAnswered';
