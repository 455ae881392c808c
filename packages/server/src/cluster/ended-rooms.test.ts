import type { RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { KEY } from '../rooms/testing.ts';
import { EndedRooms } from './ended-rooms.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('a room that has ended is given up after three sweeps; one that began again meanwhile is not', async () => {
  const clock = new FakeClock();
  const other: RoomKey = { ...KEY, roomId: 'other' as never };
  const present = new Set<RoomKey>([KEY, other]);
  let owned = [KEY, other];
  const released: string[] = [];
  const errors: unknown[] = [];
  const ended = new EndedRooms({
    clock,
    ownedRooms: () => owned,
    rooms: { has: (key) => present.has(key) },
    ownership: {
      release: async ({ roomId }) => {
        if (errors.length === 0 && released.length === 0) throw new Error('the database is gone');
        released.push(roomId);
        owned = owned.filter((key) => key.roomId !== roomId);
      },
    },
    report: (error) => errors.push(error),
  });
  ended.start();
  const pass = async (sweeps: number): Promise<void> => {
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
      clock.advance(5000);
      await settle();
    }
  };
  present.delete(KEY);
  present.delete(other);
  await pass(2);
  present.add(other);
  await pass(1);
  expect([released, errors.length]).toEqual([[], 1]);
  await pass(1);
  expect(released).toEqual([KEY.roomId]);
  present.delete(other);
  await pass(2);
  expect(released).toEqual([KEY.roomId]);
  ended.stop();
  await pass(3);
  expect(released).toEqual([KEY.roomId]);
});
