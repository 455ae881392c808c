import { isGavelError, type MemberId, type StreamId, type UserId } from '@gavel/protocol';
import { describe, expect, it } from 'vitest';
import { Rooms } from '../owner/rooms.ts';
import type { LoginCommand, RoomCommand } from './commands.ts';
import type { RoomEvent } from './events.ts';
import { KEY, login, ORIGIN, testSettings } from './testing.ts';

const KEPT_MS = 60_000;
const WAITS = { until: 'accepted', rememberedForMs: KEPT_MS } as const;
const CLOSE = { type: 'close', reason: 'over', announce: true } as const;

function openRooms() {
  const settings = testSettings();
  const events: RoomEvent[] = [];
  const sink = { handle: (batch: { readonly events: readonly RoomEvent[] }) => void events.push(...batch.events) };
  const rooms = new Rooms(settings, { first: [sink], after: [] });
  const run = <C extends RoomCommand>(command: C) => rooms.execute(KEY, command, ORIGIN);
  const join = async (userId: string, more: Partial<LoginCommand> = {}): Promise<MemberId> => {
    const { session } = await run(login(userId, { onDuplicate: 'allow', sessionKeptMs: KEPT_MS, ...more }));
    if (!session) throw new Error('not in');
    return session.member.memberId;
  };
  const leave = (memberId: MemberId) => run({ type: 'logout', memberId });
  /** Whether a member may publish with its microphone on. */
  const canSpeak = async (memberId: MemberId, streamId: string): Promise<boolean> => {
    const reserve = { type: 'reserveStream', memberId, streamId: streamId as StreamId, extraInfo: '' } as const;
    const { stream } = await run({ ...reserve, audio: true, video: true });
    const { publishId } = stream;
    await run({ type: 'announceStream', streamId: streamId as StreamId, publishId, audio: true, video: true });
    const update = { type: 'updateStream', memberId, streamId: streamId as StreamId, audio: true } as const;
    return run(update).then(
      () => true,
      (error: unknown) => {
        if (isGavelError(error, 'member.not-allowed')) return false;
        throw error;
      },
    );
  };
  return { rooms, clock: settings.clock, events, run, join, leave, canSpeak };
}

const MUTE_FOR_GOOD = {
  type: 'mute',
  require: 'all',
  kinds: { audio: true, video: false },
  allowUnmute: false,
} as const;

describe('what hosts took away holds until the session ends', () => {
  it('a mute for good, also when the room was empty in between (HOST-4)', async () => {
    const { join, leave, run, canSpeak, clock } = openRooms();
    const ann = await join('ann');
    await run(MUTE_FOR_GOOD);
    await leave(ann);
    clock.advance(KEPT_MS - 1);
    const again = await join('ann');
    expect(await canSpeak(again, 'a')).toBe(false);
    // And a second time.
    await leave(again);
    clock.advance(KEPT_MS - 1);
    expect(await canSpeak(await join('ann'), 'b')).toBe(false);
  });

  it('and ends with the keep-alive time, or with a close (HOST-4)', async () => {
    const { join, leave, run, canSpeak, clock } = openRooms();
    await join('ann').then(async (ann) => {
      await run(MUTE_FOR_GOOD);
      await leave(ann);
    });
    clock.advance(KEPT_MS);
    const again = await join('ann');
    expect(await canSpeak(again, 'a')).toBe(true);
    await run(MUTE_FOR_GOOD);
    await run(CLOSE);
    expect(await canSpeak(await join('ann'), 'b')).toBe(true);
  });

  it('a login without a session does not end it, where it continues one (HOST-4, RTK-6)', async () => {
    const { join, leave, run, canSpeak } = openRooms();
    const ann = await join('ann');
    await run(MUTE_FOR_GOOD);
    await leave(ann);
    const { session } = await run(login('zoe'));
    await leave(session?.member.memberId as MemberId);
    expect(await canSpeak(await join('ann'), 'a')).toBe(false);
  });

  it('without a session it ends with the room (HOST-4, ROOM-3)', async () => {
    const { leave, run, canSpeak } = openRooms();
    const enter = async () => (await run(login('ann'))).session?.member.memberId as MemberId;
    const ann = await enter();
    await run(MUTE_FOR_GOOD);
    await leave(ann);
    expect(await canSpeak(await enter(), 'a')).toBe(true);
  });

  it('permissions that were taken away, for whoever comes back (HOST-6)', async () => {
    const { rooms, join, leave, run } = openRooms();
    const ann = await join('ann');
    const targets = [{ label: 'ann', userIds: ['ann' as UserId] }];
    const changes = { publishVideo: false, chat: { sendPublic: false } };
    await run({ type: 'setPermissions', targets, changes });
    await leave(ann);
    const member = rooms.answer(KEY, { type: 'member', memberId: await join('ann') }).member;
    expect(member?.permissions).toMatchObject({ publishAudio: true, publishVideo: false, chat: { sendPublic: false } });
    expect(rooms.answer(KEY, { type: 'member', memberId: await join('ben') }).member?.permissions.publishVideo).toBe(
      true,
    );
  });
});

describe('a close where nobody is in', () => {
  it('puts out those who only wait (WAIT-9)', async () => {
    const { rooms, run, events } = openRooms();
    await run(login('ann', { waits: WAITS }));
    await run(CLOSE);
    expect(rooms.answer(KEY, { type: 'waiting' }).waiting).toEqual([]);
    const end = { kind: 'removed', cause: 'room-closed', reason: 'over' };
    expect(events).toMatchObject([
      { type: 'waitingAdded' },
      { type: 'waitingRemoved', end },
      { type: 'sessionClosed' },
    ]);
    expect(rooms.size).toBe(0);
    await expect(run(CLOSE)).rejects.toMatchObject({ code: 'room.not-found' });
  });

  it('ends a session in its keep-alive time, and what was accepted and taken away in it (WAIT-9, WAIT-3)', async () => {
    const { join, leave, run, events, canSpeak } = openRooms();
    const host = await join('host');
    const { waiting } = await run(login('ann', { waits: WAITS }));
    await run({ type: 'answerWaiting', memberIds: [waiting?.memberId as MemberId], isAccepted: true });
    await run(MUTE_FOR_GOOD);
    await leave(waiting?.memberId as MemberId);
    await leave(host);
    await run(CLOSE);
    expect(events.at(-1)).toMatchObject({ type: 'sessionClosed', reason: 'over' });
    expect((await run(login('ann', { waits: WAITS }))).waiting).toBeDefined();
    expect(await canSpeak(await join('host'), 'h')).toBe(true);
  });

  it('is refused after the keep-alive time (CLOSE-4, RTK-4)', async () => {
    const { join, leave, run, clock } = openRooms();
    await leave(await join('host'));
    clock.advance(KEPT_MS);
    await expect(run(CLOSE)).rejects.toMatchObject({ code: 'room.not-found' });
  });
});
