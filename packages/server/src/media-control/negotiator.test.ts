import type { NegotiateResult, PersonalEventFrame, StreamId, UserId } from '@gavel/protocol';
import { createOffer } from '@gavel/testkit/offers';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RoomCommand } from '../rooms/commands.ts';
import { startDoor } from '../signalling/testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const liveStreams = async () => (await door.rooms.snapshot(door.room('r')))?.streams.map(({ streamId }) => streamId);
const execute = (command: RoomCommand) => door.rooms.execute(door.room('r'), command, door.origin);
const deleteStream = (streamId: string) =>
  execute({ type: 'deleteStream', streamId: streamId as StreamId, actorUserId: 'backend' as UserId });
const kick = (userId: string) =>
  execute({ type: 'kick', targets: [{ label: userId, userIds: [userId as UserId] }], require: 'all', reason: '' });
const resultOf = async (answer: ReturnType<RawClient['request']>) => (await answer).result as NegotiateResult;

/** Publishes streams of `ann` in the room `r`, and returns her client. */
async function publishAsAnn(...streamIds: string[]) {
  const ann = await door.join('r', 'ann');
  for (const streamId of streamIds) await ann.client.media.publish(streamId);
  await expect.poll(liveStreams).toEqual(streamIds);
  return ann;
}

test('one offer publishes and plays, and refused items leave the others alone (CONN-1, CONN-2)', async () => {
  await publishAsAnn('a', 'b');
  const { client, login } = await door.join('r', 'bob');
  const kinds = ['audio', 'video'] as const;
  const sections = (names: string, direction: 'sendonly' | 'recvonly') =>
    [...names].flatMap((name) => kinds.map((kind) => ({ mid: name + kind, kind, direction })));
  const item = (streamId: string, name: string) => ({
    streamId,
    mids: { audio: `${name}audio`, video: `${name}video` },
  });
  const result = await resultOf(
    client.request('negotiate', {
      offer: createOffer([...sections('pq', 'sendonly'), ...sections('xyz', 'recvonly')]),
      publish: [item('c', 'p'), item('a', 'q'), item('bad id', 'q'), item('d', 'x')],
      play: [item('a', 'x'), item('nobody', 'y'), item('b', 'z')],
    }),
  );
  expect(result.publish).toMatchObject([
    { streamId: 'c', audio: true, video: true },
    { streamId: 'a', error: { code: 'stream.taken' } },
    { streamId: 'bad id', error: { code: 'stream.bad-id' } },
    { streamId: 'd', error: { code: 'media.bad-offer' } },
  ]);
  expect(result.play).toMatchObject([
    { streamId: 'a', audio: true, video: true },
    { streamId: 'nobody', error: { code: 'stream.not-found' } },
    { streamId: 'b', audio: true, video: true },
  ]);
  await expect.poll(liveStreams).toEqual(['a', 'b', 'c']);
  expect(door.engine.calls.filter((call) => call === `negotiate:${login.memberId}`)).toHaveLength(1);
});

test('the streams of one offer are announced in its order (CONN-2)', async () => {
  const { client } = await door.join('r', 'ann');
  const names = ['d', 'b', 'c', 'a'];
  await resultOf(
    client.media.negotiate({
      offer: createOffer(names.map((mid) => ({ mid, kind: 'audio', direction: 'sendonly' }))),
      publish: names.map((name) => ({ streamId: name, mids: { audio: name } })),
    }),
  );
  await expect.poll(liveStreams).toEqual(names);
});

test('what an offer does not list ends: a publish with the cause `stopped`, and a play (CONN-2)', async () => {
  const ann = await publishAsAnn('a', 'b');
  const bob = await door.join('r', 'bob');
  for (const streamId of ['a', 'b']) await bob.client.media.play(streamId);
  bob.client.media.drop('a');
  await bob.client.media.negotiate();
  expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([0, 1]);
  ann.client.media.drop('a');
  await ann.client.media.negotiate();
  expect(await bob.client.event('streamRemoved')).toMatchObject({ stream: { streamId: 'a' }, cause: 'stopped' });
  expect(await liveStreams()).toEqual(['b']);
});

test('a stream that replaces another one in the same offer does not count with it (LIM-7, CONN-2)', async () => {
  const { client } = await door.join('r', 'ann');
  for (let index = 0; index < 20; index += 1) await client.media.publish(`s${index}`);
  expect((await client.media.publish('more')).error?.code).toBe('stream.too-many');
  client.media.drop('s0');
  expect((await client.media.publish('more')).error).toBeUndefined();
});

test('an offer that lists a stream which a server has just deleted does not publish it again (STRM-3)', async () => {
  const { client } = await publishAsAnn('a', 'b');
  await deleteStream('a');
  // The client has not processed the event yet, and publishes another stream.
  const result = await resultOf(client.media.negotiate());
  expect(result.publish).toMatchObject([{ error: { code: 'stream.not-found' } }, { streamId: 'b', audio: true }]);
  expect(await liveStreams()).toEqual(['b']);
  expect((await client.media.publish('a')).error).toBeUndefined();
  await expect.poll(liveStreams).toEqual(['b', 'a']);
});

test('a stream that is deleted while its offer is answered stays deleted (STRM-3)', async () => {
  const { client } = await publishAsAnn('a');
  door.engine.beforeAnswer = async () => {
    await deleteStream('a');
  };
  const result = await resultOf(client.media.negotiate());
  expect(result.publish).toMatchObject([{ streamId: 'a', error: { code: 'stream.not-found' } }]);
  expect([...door.engine.streams.keys()]).toEqual([]);
});

test('an offer that is refused as a whole changes nothing for the listed streams (CONN-2)', async () => {
  await publishAsAnn('a');
  const { client } = await door.join('r', 'bob');
  await client.media.publish('b');
  await client.media.play('a');
  expect((await client.media.publish('c', { offer: 'bad' })).error?.code).toBe('media.bad-offer');
  await expect.poll(liveStreams).toEqual(['a', 'b']);
  expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([1, 0]);
  door.engine.failure = 'unavailable';
  expect((await client.media.publish('c')).error?.code).toBe('media.unavailable');
  client.media.drop('a');
  expect((await client.media.negotiate()).error?.code).toBe('media.unavailable');
  // It asked for the end of the play: that holds although the offer was refused.
  expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([0, 0]);
  expect(await liveStreams()).toEqual(['a', 'b']);
});

test('a kick of a member that publishes 2 and plays 25 is one call of the engine (KICK-4)', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `s${index}`);
  for (const [index, name] of names.entries()) {
    const { client } = await door.join('r', `user-${index}`);
    await client.media.publish(name);
  }
  await expect.poll(async () => (await liveStreams())?.length).toBe(25);
  const { client, login } = await door.join('r', 'victim');
  for (const streamId of ['v1', 'v2']) await client.media.publish(streamId);
  for (const streamId of names) await client.media.play(streamId);
  door.engine.calls.length = 0;
  await kick('victim');
  expect(door.engine.calls).toEqual([`closePeer:${login.memberId}`]);
  expect([...door.engine.streams.values()].flatMap(({ subscribers }) => [...subscribers.keys()])).toEqual([]);
  expect(door.engine.streams.size).toBe(25);
});

test('a kick of a member whose peer was lost closes its streams too, with the same call (KICK-4)', async () => {
  const { login } = await publishAsAnn('a');
  await door.join('r', 'bob');
  door.engine.losePeer(login.memberId);
  door.engine.calls.length = 0;
  await kick('ann');
  expect(door.engine.calls).toEqual([`closePeer:${login.memberId}`]);
  expect(door.engine.streams.size).toBe(0);
});

test('a lost subscription is an event for its member alone, which negotiates again (MED-3)', async () => {
  const ann = await publishAsAnn('a');
  const bob = await door.join('r', 'bob');
  await bob.client.media.play('a');
  const [publishId = ''] = door.engine.streams.keys();
  door.engine.loseSubscription(bob.login.memberId, publishId);
  const lost: PersonalEventFrame = { event: 'playLost', streamIds: ['a'] };
  expect(await bob.client.event('playLost')).toEqual(lost);
  expect((await bob.client.media.play('a')).error).toBeUndefined();
  expect(ann.client.events.map(({ event }) => event)).not.toContain('playLost');
});

test('a member chooses the layer of a stream that it plays (SIM-1)', async () => {
  await publishAsAnn('a');
  const { client, login } = await door.join('r', 'bob');
  expect((await client.request('updatePlay', { streamId: 'a', maxLayer: 0 })).error?.code).toBe('stream.not-found');
  await client.media.play('a', { maxLayer: 1 });
  const limits = () =>
    [...door.engine.streams.values()].map(({ subscribers }) => subscribers.get(login.memberId)?.preferences);
  expect(limits()).toEqual([{ maxLayer: 1 }]);
  expect((await client.request('updatePlay', { streamId: 'a', maxLayer: 0 })).error).toBeUndefined();
  expect(limits()).toEqual([{ maxLayer: 0 }]);
  await client.request('updatePlay', { streamId: 'a' });
  expect(limits()).toEqual([{}]);
  expect((await client.request('updatePlay', { streamId: 'a', maxLayer: 3 })).error?.code).toBe('request.malformed');
});

test('a stream that a backend announced stays when an offer does not list it, or is refused', async () => {
  const { client } = await door.join('r', 'ann');
  const user = { id: 'ann' as UserId, name: 'ann' };
  await execute({ type: 'addStream', streamId: 'cdn' as StreamId, user, title: '', extraInfo: '' });
  await client.media.negotiate();
  expect((await client.media.publish('cdn', { lacks: 'audio', mids: { audio: 'a' } })).error).toBeDefined();
  expect(await liveStreams()).toEqual(['cdn']);
  expect((await client.media.publish('cdn')).error).toBeUndefined();
  client.media.drop('cdn');
  await client.media.negotiate();
  expect(await liveStreams()).toEqual([]);
});

test('a stream that is listed twice is a malformed request', async () => {
  const { client } = await door.join('r', 'ann');
  const item = { streamId: 'a', mids: { audio: 'a' } };
  expect((await client.media.negotiate({ publish: [item, item] })).error?.code).toBe('request.malformed');
  expect((await client.media.negotiate({ play: [item, item] })).error?.code).toBe('request.malformed');
});

test('media is negotiated although its consumer of events is behind, and a kick closes it then (KICK-4)', async () => {
  await door.close();
  door = await startDoor({}, { isEnforcerLate: true });
  const ann = await publishAsAnn('a');
  const { client } = await door.join('r', 'bob');
  expect((await client.media.play('a')).error).toBeUndefined();
  expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([1]);
  await kick('ann');
  await expect
    .poll(() => door.engine.calls.filter((call) => call === `closePeer:${ann.login.memberId}`))
    .toHaveLength(1);
  await expect.poll(() => door.engine.streams.size).toBe(0);
});

test('a publisher goes on with its stream when its room has another owner (CLUS-3, MED-5)', async () => {
  const { client } = await publishAsAnn('a');
  const key = door.room('r');
  const state = door.transfer.stateOf(key);
  if (!state) throw new Error('no room');
  await door.media.abandon(key);
  expect(door.engine.streams.size).toBe(0);
  door.media.adopt(state);
  await client.event('mediaLost');
  const result = await resultOf(client.media.negotiate());
  expect(result.publish).toMatchObject([{ streamId: 'a', audio: true, video: true }]);
  expect([await liveStreams(), door.engine.streams.size]).toEqual([['a'], 1]);
});
