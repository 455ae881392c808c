/**
 * The draft of a command: the events that it is decided into, and what they change, as far as the rest of the decision
 * depends on it. The room itself changes when the decision is complete.
 *
 * @module
 */

import type { Epoch, MemberId, StreamId } from '@gavel/protocol';
import type { IdSource } from '../base/clock.ts';
import type { RoomChange, RoomEvent } from './events.ts';
import type { MemberInfo } from './member.ts';
import type { ListFacts } from './member-table.ts';
import type { StreamSlot } from './stream.ts';

/** What a decision gets from outside of the room: the time, and new ids. */
export interface DecisionFacts {
  readonly ids: IdSource;
  readonly nowMs: number;
  readonly nowMonotonicMs: number;
}

/** What a draft begins with: the counters of the room before the command. */
export interface DraftBase {
  readonly epoch: Epoch;
  /** The number of the last event. */
  readonly seq: number;
  readonly list: ListFacts;
  readonly streamSeq: number;
}

/** The events of one command. */
export class RoomDraft {
  readonly facts: DecisionFacts;
  readonly #epoch: Epoch;
  readonly #events: RoomEvent[] = [];
  #seq: number;
  #list: ListFacts;
  #streamSeq: number;
  /** The streams that the events have changed; undefined: removed. */
  #slots: Map<StreamId, StreamSlot | undefined> | undefined;
  #left: Set<MemberId> | undefined;

  constructor({ epoch, seq, list, streamSeq }: DraftBase, facts: DecisionFacts) {
    this.facts = facts;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#list = list;
    this.#streamSeq = streamSeq;
  }

  /** The events so far, in order. */
  get events(): readonly RoomEvent[] {
    return this.#events;
  }

  /** Number of members after the events so far. */
  get memberCount(): number {
    return this.#list.memberCount;
  }

  /** The version of the list of live streams after one more change. */
  get nextStreamSeq(): number {
    return this.#streamSeq + 1;
  }

  /** Returns the list fields of the event of a member that joins (+1) or leaves (-1). */
  listAfter({ permissions }: MemberInfo, change: 1 | -1): ListFacts {
    const { userSeq, memberCount, shown } = this.#list;
    return {
      userSeq: userSeq + 1,
      memberCount: memberCount + change,
      shown: permissions.hidden ? shown : { userSeq: shown.userSeq + 1, memberCount: shown.memberCount + change },
    };
  }

  /** Returns whether an event removes a member. */
  hasLeft(memberId: MemberId): boolean {
    return this.#left?.has(memberId) ?? false;
  }

  /** Returns a stream after the events so far. @param before the stream in the room */
  slotAfter(streamId: StreamId, before: StreamSlot | undefined): StreamSlot | undefined {
    return this.#slots?.has(streamId) ? this.#slots.get(streamId) : before;
  }

  /** Adds an event. */
  emit(change: RoomChange): void {
    this.#seq += 1;
    this.#events.push({ ...change, epoch: this.#epoch, seq: this.#seq, atMs: this.facts.nowMs });
    switch (change.type) {
      case 'memberJoined':
        this.#list = change;
        return;
      case 'memberLeft':
        this.#list = change;
        this.#left ??= new Set();
        this.#left.add(change.member.memberId);
        return;
      case 'streamUpdated':
        return this.#put({ state: 'live', info: change.stream });
      case 'reservationChanged':
        return this.#put({ state: 'reserved', info: change.stream });
      case 'streamReleased':
        this.#slots ??= new Map();
        this.#slots.set(change.stream.streamId, undefined);
        return;
      case 'streamRemoved':
        this.#streamSeq = change.streamSeq;
        this.#slots ??= new Map();
        this.#slots.set(change.stream.streamId, undefined);
    }
  }

  #put(slot: StreamSlot): void {
    this.#slots ??= new Map();
    this.#slots.set(slot.info.streamId, slot);
  }
}
