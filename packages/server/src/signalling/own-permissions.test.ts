import type { MemberId, ResumeResult, StreamId, WireSnapshot } from '@gavel/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const silence = (memberId: string) => ({
  action: 'setPermissions',
  memberIds: [memberId],
  changes: { publishAudio: false },
});

test('a snapshot says what the member that asks may do now (SIG-3)', async () => {
  const [host, ann] = [await door.join('r', 'host'), await door.join('r', 'ann')];
  expect(ann.login.room.permissions).toEqual(ann.login.permissions);
  await host.client.request('moderate', silence(ann.login.memberId));
  const { result } = await ann.client.request('snapshot');
  expect((result as WireSnapshot).permissions).toEqual({ publishAudio: false, publishVideo: true });
  expect(((await host.client.request('snapshot')).result as WireSnapshot).permissions).toEqual(host.login.permissions);
});

test('a resume that brings the whole state tells what was changed meanwhile (SIG-3)', async () => {
  const [host, ann] = [await door.join('r', 'host'), await door.join('r', 'ann')];
  await host.client.media.publish('s');
  ann.client.cut();
  await ann.client.closed;
  await host.client.request('moderate', silence(ann.login.memberId));
  // As many events as are kept at the most, besides the missed ones before, so that they cannot be told one by one.
  const memberId = host.login.memberId as MemberId;
  for (let count = 0; count < 200; count += 1) {
    const update = { type: 'updateStream', memberId, streamId: 's' as StreamId, extraInfo: String(count) } as const;
    await door.rooms.execute(door.room('r'), update, door.origin);
  }
  const again = await door.connect();
  const { ticket, room } = ann.login;
  const { result } = await again.request('resume', { ticket, lastSeq: room.seq });
  const resumed = result as ResumeResult;
  expect(resumed.events).toBeUndefined();
  expect(resumed.room?.permissions).toEqual({ publishAudio: false, publishVideo: true });
});
