import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from '../signalling/testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const liveStreams = async () => (await door.rooms.snapshot(door.room('r')))?.streams.map(({ streamId }) => streamId);
const eventsOf = ({ events }: RawClient, kind: string) => events.filter(({ event }) => event === kind);
const publishIdOf = (index: number) => [...door.engine.streams.keys()][index] ?? '';

/** Ann publishes `a`, and Bob plays it. */
async function playAsBob() {
  const ann = await door.join('r', 'ann');
  await ann.client.media.publish('a');
  await expect.poll(liveStreams).toEqual(['a']);
  const bob = await door.join('r', 'bob');
  await bob.client.media.play('a');
  return { ann, bob, publishId: publishIdOf(0) };
}

/** Loses a client's connection, and resumes its member on another one. */
async function resume(client: RawClient, ticket: string): Promise<RawClient> {
  client.cut();
  const next = await door.connect();
  await next.request('resume', { ticket, lastSeq: 0 });
  return next;
}

test('the height and the priority of a played video reach the engine, with the offer and by `updatePlay` (BWE-2)', async () => {
  const { ann, bob } = await playAsBob();
  await ann.client.media.publish('b');
  await expect.poll(liveStreams).toEqual(['a', 'b']);
  await bob.client.media.play('b', { height: 360, priority: 2 });
  const wanted = () =>
    [...door.engine.streams.values()].map(({ subscribers }) => subscribers.get(bob.login.memberId)?.preferences);
  expect(wanted()).toEqual([{}, { height: 360, priority: 2 }]);
  await bob.client.request('updatePlay', { streamId: 'b', height: 0 });
  expect(wanted()).toEqual([{}, { height: 0 }]);
  for (const wrong of [{ height: -1 }, { height: 1.5 }, { height: 20_000 }, { priority: 10 }, { priority: -1 }]) {
    const { error } = await bob.client.request('updatePlay', { streamId: 'b', ...wrong });
    expect(error?.code).toBe('request.malformed');
  }
});

test('a viewer whose video is paused for want of bandwidth is notified, alone, and again when it resumes (BWE-2)', async () => {
  const { ann, bob, publishId } = await playAsBob();
  door.engine.pauseVideo(bob.login.memberId, publishId, true);
  expect(await bob.client.event('videoPaused')).toEqual({ event: 'videoPaused', streamId: 'a', isPaused: true });
  door.engine.pauseVideo('nobody', publishId, true);
  const resumed = await resume(bob.client, bob.login.ticket);
  expect(await resumed.event('videoPaused')).toMatchObject({ streamId: 'a', isPaused: true });
  door.engine.pauseVideo(bob.login.memberId, publishId, false);
  await expect.poll(() => eventsOf(resumed, 'videoPaused')).toMatchObject([{ isPaused: true }, { isPaused: false }]);
  expect(eventsOf(ann.client, 'videoPaused')).toEqual([]);
});

test('a publisher is notified of what its viewers take, alone, and again when it resumes (BWE-4)', async () => {
  const { ann, bob, publishId } = await playAsBob();
  door.engine.changeDemand(publishId, { highestLayer: 1, maxBps: 400_000 });
  const demand = { event: 'demandChanged', streamId: 'a', highestLayer: 1, maxBps: 400_000 };
  expect(await ann.client.event('demandChanged')).toEqual(demand);
  const resumed = await resume(ann.client, ann.login.ticket);
  expect(await resumed.event('demandChanged')).toEqual(demand);
  expect(eventsOf(bob.client, 'demandChanged')).toEqual([]);
});

test.each(['lost', 'replaced'])(
  'a publisher whose peer was %s is not reminded of earlier demand (BWE-4)',
  async (how) => {
    const { ann, publishId } = await playAsBob();
    door.engine.changeDemand(publishId, { highestLayer: -1 });
    if (how === 'lost') door.engine.losePeer(ann.login.memberId);
    ann.client.media.fingerprint = '22:33';
    if (how === 'replaced') await ann.client.media.negotiate();
    await expect.poll(() => door.engine.streams.get(publishId)?.isConnected).toBe(how === 'replaced');
    const resumed = await resume(ann.client, ann.login.ticket);
    await resumed.request('heartbeat');
    expect(eventsOf(resumed, 'demandChanged')).toEqual([]);
  },
);

test('a publisher is notified of a viewer that can decode nothing of the stream, whose play is refused (MED-8)', async () => {
  const { ann } = await playAsBob();
  const cem = await door.join('r', 'cem');
  const answer = await cem.client.media.play('a', { lacks: 'both' });
  expect(answer).toMatchObject({ error: { code: 'media.bad-offer' } });
  const event = { event: 'viewerUnsupported', streamId: 'a', kinds: ['audio', 'video'] };
  expect(await ann.client.event('viewerUnsupported')).toEqual(event);
});

test('a publisher is notified once of each kind that a viewer cannot decode (MED-8)', async () => {
  const { ann } = await playAsBob();
  const cem = await door.join('r', 'cem');
  await cem.client.media.play('a', { lacks: 'video' });
  const notified = async () => {
    await ann.client.request('heartbeat');
    return eventsOf(ann.client, 'viewerUnsupported');
  };
  const event = { event: 'viewerUnsupported', streamId: 'a' };
  expect(await notified()).toEqual([{ ...event, kinds: ['video'] }]);
  for (const lacks of ['video', 'audio'] as const) {
    const { client } = await door.join('r', `no-${lacks}`);
    await client.media.play('a', { lacks });
  }
  expect(await notified()).toEqual([
    { ...event, kinds: ['video'] },
    { ...event, kinds: ['audio'] },
  ]);
});
