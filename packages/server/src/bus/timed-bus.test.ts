import { GavelError, type RoomKey } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import type { Bus, Command } from './bus.ts';
import { TimedBus } from './timed-bus.ts';

const key = { appId: 1, environment: 'live', roomId: 'r' } as unknown as RoomKey;
const origin = { channel: 'server', requestId: 'r' } as const;

test('a kick, a close and a deletion are measured until their reply, and nothing else is', async () => {
  const clock = new FakeClock();
  const calls: string[] = [];
  const inner = {
    call: async ({ command }: { command: Command }) => {
      calls.push(command.type);
      clock.advance(7);
      if (command.type === 'close') throw new GavelError('room.not-found');
      return { members: [] };
    },
  } as unknown as Bus;
  const durations: [string, number][] = [];
  const bus = new TimedBus(inner, clock, (command, durationMs) => durations.push([command, durationMs]));
  const call = (command: object) => bus.call({ key, command: command as Command, origin });
  expect(await call({ type: 'kick' })).toEqual({ members: [] });
  await call({ type: 'touch' });
  await call({ type: 'deleteStream' });
  await expect(call({ type: 'close' })).rejects.toThrow(GavelError);
  expect(calls).toEqual(['kick', 'touch', 'deleteStream', 'close']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(durations).toEqual([
    ['kick', 7],
    ['deleteStream', 7],
  ]);
});
