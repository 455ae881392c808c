import type { RoomEventFrame, WireMember, WireSnapshot, WireStream } from '@gavel/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { member, snapshot, stream } from '../testing/fake-server.ts';
import { type RoomChange, RoomView } from './room-view.ts';

/** A room as the server keeps it: makes events with the numbers that the protocol promises. */
class Room {
  readonly members = new Map<string, WireMember>([['m-me', member('m-me')]]);
  readonly streams = new Map<string, WireStream>();
  seq = 1;
  userSeq = 1;
  streamSeq = 0;

  toggleMember(id: string): RoomEventFrame {
    this.seq += 1;
    this.userSeq += 1;
    const isThere = this.members.has(id);
    if (isThere) this.members.delete(id);
    else this.members.set(id, member(id));
    const numbers = { seq: this.seq, userSeq: this.userSeq, memberCount: this.members.size };
    if (isThere) return { event: 'memberLeft', ...numbers, member: member(id), cause: 'logout' };
    return { event: 'memberJoined', ...numbers, member: member(id) };
  }

  toggleStream(id: string, owner: string): RoomEventFrame {
    this.seq += 1;
    this.streamSeq += 1;
    const known = this.streams.get(id);
    const numbers = { seq: this.seq, streamSeq: this.streamSeq };
    if (known) {
      this.streams.delete(id);
      return { event: 'streamRemoved', ...numbers, stream: known, cause: 'stopped' };
    }
    const added = stream(id, owner);
    this.streams.set(id, added);
    return { event: 'streamAdded', ...numbers, stream: added };
  }

  snapshot(): WireSnapshot {
    const { seq, userSeq, streamSeq } = this;
    const members = [...this.members.values()];
    const streams = [...this.streams.values()];
    const permissions = { publishAudio: true, publishVideo: true };
    return { seq, userSeq, streamSeq, memberCount: members.length, permissions, members, streams, infos: [] };
  }
}

/** What an application knows that only follows what it is told. */
class Application {
  readonly ids = new Set<string>();

  apply(change: RoomChange): void {
    for (const { stream: one, own } of change.streamsRemoved) {
      if (!own) this.#remove(`s ${one.streamId}`);
    }
    for (const { member: one } of change.membersLeft) this.#remove(`m ${one.memberId}`);
    for (const one of change.membersJoined) this.#add(`m ${one.memberId}`);
    for (const one of change.streamsAdded) this.#add(`s ${one.streamId}`);
  }

  #add(id: string): void {
    expect(this.ids, 'nothing is added twice').not.toContain(id);
    this.ids.add(id);
  }

  #remove(id: string): void {
    expect(this.ids.delete(id), `${id} is removed only after it was added`).toBe(true);
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('member' as const), id: fc.constantFrom('m-1', 'm-2', 'm-3') }),
  fc.record({
    kind: fc.constant('stream' as const),
    id: fc.constantFrom('s-1', 's-2'),
    owner: fc.constantFrom('m-1', 'm-2', 'm-me'),
  }),
);

test('whatever is lost on the way, an application that follows the changes ends with the room as it is (ROOM-5)', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 40 }), (steps) => {
      const room = new Room();
      const view = new RoomView('m-me', room.snapshot());
      const application = new Application();
      for (const [one, isLost] of steps) {
        const frame = one.kind === 'member' ? room.toggleMember(one.id) : room.toggleStream(one.id, one.owner);
        if (isLost) continue;
        const applied = view.apply(frame);
        application.apply(applied === 'gap' ? view.replace(room.snapshot()) : applied);
      }
      application.apply(view.replace(room.snapshot()));
      const others = [
        ...[...room.members.keys()].filter((id) => id !== 'm-me').map((id) => `m ${id}`),
        ...[...room.streams.values()].filter((one) => one.memberId !== 'm-me').map((one) => `s ${one.streamId}`),
      ];
      expect([...application.ids].sort()).toEqual(others.sort());
      expect(view.otherMembers().length).toBe(room.members.size - 1);
    }),
    { numRuns: 300 },
  );
});

test('a snapshot equal to what is known tells nothing', () => {
  const known = snapshot({ members: [member('m-1')], streams: [stream('s-1', 'm-1')] });
  const change = new RoomView('m-me', known).replace(known);
  expect(Object.values(change).flat()).toEqual([]);
});
