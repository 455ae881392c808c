import type { MemberId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { KEY, ORIGIN } from '../rooms/testing.ts';
import { MediaService } from './media-service.ts';

test('a node that may not decide for a room opens no media in it: its lease is over, and media was closed (CLUS-5)', async () => {
  const calls: string[] = [];
  let mayDecide = false;
  const service = new MediaService({
    rooms: { answer: () => ({ member: { memberId: 'ann' } }) as never },
    negotiator: {
      stop: async () => void calls.push('stop'),
    } as never,
    sounds: { watch: () => {} } as never,
    monitor: { adopt: () => {}, abandon: async () => {} } as never,
    engine: { limitSending: (remainingMs) => void calls.push(`limit ${remainingMs}`) },
    state: { appPlays: undefined },
    mayDecide: () => mayDecide,
  });
  const stop = () =>
    service.execute(KEY, { type: 'stopPlaying', memberId: 'ann' as MemberId, streamId: 'cam' as never }, ORIGIN);
  await expect(stop()).rejects.toMatchObject({ code: 'server.node-unavailable' });
  expect(calls).toEqual([]);
  mayDecide = true;
  await stop();
  service.limitSending(5000);
  expect(calls).toEqual(['stop', 'limit 5000']);
});
