import type { MemberId, RoomId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import type { Command } from '../bus/bus.ts';
import { KEY } from '../rooms/testing.ts';
import { Activity } from './activity.ts';

const [ann, ben, cem] = ['ann', 'ben', 'cem'] as MemberId[] as [MemberId, MemberId, MemberId];
const OTHER = { ...KEY, roomId: 'other' as RoomId };

test('heartbeats of one turn of the event loop are one command per room; the next turn has its own (BUS-8)', async () => {
  const executed: [string, Command][] = [];
  const activity = new Activity({
    call: async ({ key, command }) => {
      executed.push([key.roomId, command]);
      return { memberCount: 7 } as never;
    },
  });
  const replies = [activity.record(KEY, ann), activity.record(KEY, ben), activity.record(OTHER, cem)];
  activity.record(KEY, ann);
  expect(executed).toEqual([]);
  expect(await Promise.all(replies)).toEqual([{ memberCount: 7 }, { memberCount: 7 }, { memberCount: 7 }]);
  await activity.record(KEY, cem);
  expect(executed).toEqual([
    ['room', { type: 'touch', memberIds: [ann, ben] }],
    ['other', { type: 'touch', memberIds: [cem] }],
    ['room', { type: 'touch', memberIds: [cem] }],
  ]);
});

test('a batch that is refused is refused for each of its members (BUS-8)', async () => {
  const activity = new Activity({ call: () => Promise.reject(new Error('no room')) });
  const replies = [activity.record(KEY, ann), activity.record(KEY, ben)];
  for (const reply of await Promise.allSettled(replies)) expect(reply.status).toBe('rejected');
});
