import type { MemberId, PublishId, StreamId, UserId } from '@gavel/protocol';
import { expect, test } from 'vitest';
import { closingBatchOf } from '../callbacks/live-rooms.ts';
import { Rooms } from '../owner/rooms.ts';
import type { RoomState } from '../rooms/room-state.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import type { LiveRoom } from '../store/live-rooms.ts';
import { findUnpublished } from './unpublished.ts';

/** Returns the state of a room with members and a stream each, and what is stored of it. */
async function openRoom(...userIds: string[]) {
  const rooms = new Rooms(testSettings(), { first: [], after: [] });
  for (const userId of userIds) {
    await rooms.execute(KEY, login(userId), ORIGIN);
    const user = { id: userId as UserId, name: userId };
    await rooms.execute(
      KEY,
      { type: 'addStream', user, streamId: `of-${userId}` as StreamId, title: '', extraInfo: '' },
      ORIGIN,
    );
  }
  const state = rooms.transfer.stateOf(KEY) as RoomState;
  const { members, streams, epoch } = state;
  const stored: LiveRoom = {
    ...{ key: KEY, epoch, userSeq: members.userSeq, streamSeq: streams.streamSeq },
    members: members.members.map(({ member }) => member),
    streams: streams.slots.map(({ info }) => info),
  };
  return { state, stored };
}

test('nothing is unpublished where the store has what the replica has, another life, or nothing', async () => {
  const { state, stored } = await openRoom('ann');
  expect(findUnpublished(state, stored, 1)).toBeUndefined();
  expect(findUnpublished(state, undefined, 1)).toBeUndefined();
  expect(findUnpublished(state, { ...stored, epoch: '9' as never, userSeq: 9 }, 1)).toBeUndefined();
});

test('a login that was stored and not published ends, with the next number (CLUS-7)', async () => {
  const { state, stored } = await openRoom('ann');
  const ben = { ...stored.members[0], memberId: 'ben' as MemberId };
  const found = findUnpublished(state, { ...stored, userSeq: 2, members: [...stored.members, ben as never] }, 5);
  expect(found?.ends).toMatchObject([{ type: 'memberLeft', member: { memberId: 'ben' }, userSeq: 3, atMs: 5 }]);
  expect(found?.state.members).toMatchObject({ userSeq: 3, shown: state.members.shown });
  expect([found?.goneMembers, found?.goneStreams]).toEqual([[], []]);
});

test('a removal that was stored and not published is made again, with the stored number (CLUS-4, CLUS-7)', async () => {
  const { state, stored } = await openRoom('ann', 'ben');
  const [, ben] = stored.members;
  const [stream] = stored.streams;
  const left = {
    ...stored,
    userSeq: 3,
    streamSeq: 3,
    members: stored.members.slice(0, 1),
    streams: stored.streams.slice(1),
  };
  const found = findUnpublished(state, left, 5);
  expect(found?.goneMembers).toEqual([ben?.memberId]);
  expect(found?.goneStreams).toEqual([{ streamId: stream?.streamId, publishId: stream?.publishId }]);
  expect(found?.ends).toEqual([]);
  // Its event has the number 3 once more.
  expect([found?.state.members.userSeq, found?.state.streams.streamSeq]).toEqual([2, 2]);
});

test('a user that came and went is in neither: only the numbers go on', async () => {
  const { state, stored } = await openRoom('ann');
  const found = findUnpublished(state, { ...stored, userSeq: 3 }, 5);
  expect(found).toMatchObject({ ends: [], goneMembers: [], goneStreams: [] });
  expect(found?.state.members.userSeq).toBe(3);
});

test('more differences than numbers are no reason to remove anybody', async () => {
  const { state, stored } = await openRoom('ann', 'ben', 'cem');
  const found = findUnpublished(state, { ...stored, userSeq: stored.userSeq + 1, members: [] }, 5);
  expect(found?.goneMembers).toEqual([]);
});

test('the stored rows of the ends are those of a room that is closed', async () => {
  const { state, stored } = await openRoom('ann');
  const publishId = 'new' as PublishId;
  const stream = { ...stored.streams[0], streamId: 'new' as StreamId, publishId } as never;
  const found = findUnpublished(state, { ...stored, streamSeq: 2, streams: [...stored.streams, stream] }, 5);
  const closing = closingBatchOf({ ...stored, streams: [stream], streamSeq: 2 }, 5).events[0];
  expect(Object.keys(found?.ends[0] ?? {}).sort()).toEqual(Object.keys(closing ?? {}).sort());
  expect(found?.ends[0]).toMatchObject({ type: 'streamRemoved', streamSeq: 3 });
});
