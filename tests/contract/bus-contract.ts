/**
 * What every bus between doors and rooms does. A suite that each implementation runs.
 *
 * @module
 */

import {
  type AppId,
  type Epoch,
  GavelError,
  isGavelError,
  type RoomId,
  type RoomKey,
  type StreamId,
} from '@gavel/protocol';
import type { Bus, EventBatch, Notice } from '@gavel/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kick, login, ORIGIN } from '../../packages/server/src/rooms/testing.ts';

/** A bus under test. */
export interface BusUnderTest {
  /** The buses of all nodes; one if there is one process. */
  readonly nodes: readonly Bus[];
  /** Sends a notice, as a part at the owner of the room does. */
  notify(notice: Notice): void;
  /** Makes the next command of any owner fail with this error. */
  failNext(error: Error): void;
  /** Ends what it has started. */
  close?(): Promise<void>;
}

const keyOf = (roomId: string): RoomKey => ({
  appId: 1 as AppId,
  environment: 'production',
  roomId: roomId as RoomId,
});
/** Enough rooms that each of a few nodes owns some. */
const ROOMS = Array.from({ length: 8 }, (_, index) => keyOf(`room-${index}`));

/** Records what a subscriber of a bus receives. */
class Recorder {
  readonly batches: EventBatch[] = [];
  /** The types of events and of frames of notices, by room. */
  readonly delivered = new Map<string, string[]>();

  handle(batch: EventBatch): void {
    this.batches.push(batch);
    for (const { type } of batch.events) this.#add(batch.key, type);
  }

  notify({ key, frame }: Notice): void {
    this.#add(key, frame.event);
  }

  of({ roomId }: RoomKey): readonly string[] {
    return this.delivered.get(roomId) ?? [];
  }

  #add({ roomId }: RoomKey, text: string): void {
    this.delivered.set(roomId, [...this.of(keyOf(roomId)), text]);
  }
}

/** Registers the suite. */
export function describeBus(name: string, open: () => BusUnderTest | Promise<BusUnderTest>): void {
  describe(name, () => {
    let under: BusUnderTest;
    let recorders: Recorder[];
    beforeEach(async () => {
      under = await open();
      recorders = under.nodes.map((bus) => {
        const recorder = new Recorder();
        bus.subscribe(recorder);
        return recorder;
      });
    });
    afterEach(async () => {
      await under.close?.();
      // Whatever the node, a subscriber gets the batches of one room in order and once (BUS-4).
      for (const { batches } of recorders) {
        for (const key of ROOMS) {
          const seqs = batches.flatMap((batch) => (batch.key.roomId === key.roomId ? batch.events : []));
          const sorted = seqs.map(({ seq }) => seq).toSorted((one, other) => one - other);
          expect(seqs.map(({ seq }) => seq)).toEqual([...new Set(sorted)]);
        }
      }
    });
    const anyBus = (index: number): Bus => under.nodes[index % under.nodes.length] as Bus;

    test('a command of any node is executed, and its subscribers have its events before its caller the reply', async () => {
      for (const [index, key] of ROOMS.entries()) {
        const { session } = await anyBus(index).call({ key, command: login('ann'), origin: ORIGIN });
        expect(session?.member.user.id).toBe('ann');
        for (const recorder of recorders) expect(recorder.of(key)).toEqual(['roomCreated', 'memberJoined']);
        const { members } = await anyBus(index + 1).call({ key, command: kick('ann'), origin: ORIGIN });
        expect(members.map(({ user }) => user.id)).toEqual(['ann']);
        for (const recorder of recorders) expect(recorder.of(key).slice(2)).toEqual(['memberLeft', 'roomClosed']);
      }
    });

    test('a query of any node is answered by the owner, also right after a command', async () => {
      for (const [index, key] of ROOMS.entries()) {
        await anyBus(index).call({ key, command: login('ann'), origin: ORIGIN });
        const { room } = await anyBus(index + 1).query(key, { type: 'snapshot' });
        expect(room?.members.map(({ user }) => user.id)).toEqual(['ann']);
        expect(await anyBus(index).query(keyOf('none'), { type: 'summary' })).toEqual({});
      }
    });

    test('a query about an App is answered over all owners', async () => {
      const streams = new Map<StreamId, RoomKey>();
      for (const [index, key] of ROOMS.entries()) {
        await anyBus(index).call({ key, command: login(`user-${index}`), origin: ORIGIN });
        const streamId = `stream-${index}` as StreamId;
        const user = { id: 'backend' as never, name: 'backend' };
        const command = { type: 'addStream', user, streamId, title: '', extraInfo: '' } as const;
        await anyBus(index).call({ key, command, origin: ORIGIN });
        streams.set(streamId, key);
      }
      for (const bus of under.nodes) {
        for (const [streamId, key] of streams) {
          expect(await bus.query(keyOf('any'), { type: 'roomOfStream', streamId })).toEqual({ key });
          expect(await bus.query(keyOf('any'), { type: 'streamState', streamId })).toMatchObject({ state: 'live' });
        }
        const unknown = 'unknown' as StreamId;
        expect(await bus.query(keyOf('any'), { type: 'roomOfStream', streamId: unknown })).toEqual({});
        expect(await bus.query(keyOf('any'), { type: 'streamState', streamId: unknown })).toEqual({ state: 'unknown' });
      }
    });

    test('commands that are sent at once for one room are executed in their order', async () => {
      const [key] = ROOMS as [RoomKey];
      const users = Array.from({ length: 20 }, (_, index) => `user-${index}`);
      const bus = anyBus(1);
      await Promise.all(users.map((user) => bus.call({ key, command: login(user), origin: ORIGIN })));
      const { room } = await bus.query(key, { type: 'snapshot' });
      expect(room?.members.map(({ user }) => user.id)).toEqual(users);
    });

    test('a command that expects another life of the room is refused at its owner (BUS-9)', async () => {
      for (const [index, key] of ROOMS.entries()) {
        const { session } = await anyBus(index).call({ key, command: login('ann'), origin: ORIGIN });
        const envelope = { key, command: kick('ann'), origin: ORIGIN };
        const other = anyBus(index + 1).call({ ...envelope, expectedEpoch: '1' as Epoch });
        await expect(other).rejects.toMatchObject({ code: 'room.not-found', details: { epoch: session?.room.epoch } });
        const same = anyBus(index + 1).call({ ...envelope, ...(session && { expectedEpoch: session.room.epoch }) });
        expect((await same).members).toHaveLength(1);
      }
    });

    test('a refusal arrives as it is: code, message and details', async () => {
      for (const [index, key] of ROOMS.entries()) {
        const refused = anyBus(index).call({ key, command: kick('nobody'), origin: ORIGIN });
        const error: unknown = await refused.catch((reason: unknown) => reason);
        expect(isGavelError(error, 'room.not-found')).toBe(true);
      }
      under.failNext(new GavelError('login.banned', 'Not now.', { untilMs: 7 }));
      const banned = anyBus(0).call({ key: keyOf('r'), command: login('ann'), origin: ORIGIN });
      await expect(banned).rejects.toMatchObject({
        code: 'login.banned',
        message: 'Not now.',
        details: { untilMs: 7 },
      });
    });

    test('an unexpected error arrives as an error without a code', async () => {
      under.failNext(new TypeError('out of memory'));
      const failed = anyBus(1).call({ key: keyOf('r'), command: login('ann'), origin: ORIGIN });
      const error: unknown = await failed.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(isGavelError(error)).toBe(false);
      expect((error as Error).message).toBe('out of memory');
    });

    test('a subscriber that fails stops no other one, and the caller gets the error (BUS-5)', async () => {
      const [key] = ROOMS as [RoomKey];
      anyBus(0).subscribe({ handle: () => Promise.reject(new Error('full')) });
      anyBus(1).subscribe({
        handle: () => {
          throw new Error('full');
        },
      });
      await expect(anyBus(0).call({ key, command: login('ann'), origin: ORIGIN })).rejects.toThrow('full');
      for (const recorder of recorders) expect(recorder.of(key)).toContain('memberJoined');
    });

    test('a subscriber that has ended gets nothing more', async () => {
      const [key] = ROOMS as [RoomKey];
      const gone = new Recorder();
      const end = anyBus(0).subscribe(gone);
      end();
      await anyBus(0).call({ key, command: login('ann'), origin: ORIGIN });
      expect(gone.batches).toEqual([]);
    });

    test('a notice arrives after the batches that were sent before it, and before those after it', async () => {
      const [key] = ROOMS as [RoomKey];
      await anyBus(1).call({ key, command: login('ann'), origin: ORIGIN });
      under.notify({ key, frame: { event: 'activeSpeaker' } });
      await anyBus(1).call({ key, command: login('ben'), origin: ORIGIN });
      for (const recorder of recorders) {
        expect(recorder.of(key)).toEqual(['roomCreated', 'memberJoined', 'activeSpeaker', 'memberJoined']);
      }
    });
  });
}
