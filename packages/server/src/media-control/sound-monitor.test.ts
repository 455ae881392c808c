import type { StreamId } from '@gavel/protocol';
import type { RawClient } from '@gavel/testkit/raw-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RoomCommand } from '../rooms/commands.ts';
import { startDoor } from '../signalling/testing.ts';

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

const execute = (command: RoomCommand) => door.rooms.execute(door.room('r'), command, door.origin);
const liveStreams = async () => (await door.rooms.snapshot(door.room('r')))?.streams.map(({ streamId }) => streamId);

/** Two members with a stream each, named as their users. */
async function openRoom() {
  const ann = await door.join('r', 'ann');
  await ann.client.media.publish('ann');
  await expect.poll(liveStreams).toEqual(['ann']);
  const bob = await door.join('r', 'bob');
  await bob.client.media.publish('bob');
  await expect.poll(liveStreams).toEqual(['ann', 'bob']);
  const [first = '', second = ''] = door.engine.streams.keys();
  return { ann, bob, publishIds: { ann: first, bob: second } };
}

/** Lets the engine report the levels, in -dBov, at its interval. */
function speak(levels: Readonly<Record<string, number>>, steps = 1): void {
  for (let step = 0; step < steps; step += 1) {
    door.engine.emit(
      'soundLevels',
      Object.entries(levels).map(([stream, level]) => ({ stream, level })),
    );
    door.clock.advance(200);
  }
}

/** Returns the events of a kind after everything that was sent has arrived. */
async function eventsOf(client: RawClient, kind: string): Promise<object[]> {
  await client.request('heartbeat');
  return client.events.filter(({ event }) => event === kind);
}

const speakersOf = async (client: RawClient) =>
  (await eventsOf(client, 'activeSpeaker')).map((one) => ('streamId' in one ? one.streamId : undefined));

test('everybody learns who speaks, once for each change (SPK-1)', async () => {
  const { ann, bob, publishIds } = await openRoom();
  speak({ [publishIds.ann]: 25, [publishIds.bob]: 60 }, 10);
  speak({ [publishIds.ann]: 127, [publishIds.bob]: 20 }, 10);
  for (const { client } of [ann, bob]) expect(await speakersOf(client)).toEqual(['ann', 'bob']);
  expect((await eventsOf(ann.client, 'activeSpeaker'))[0]).toEqual({
    event: 'activeSpeaker',
    streamId: 'ann',
    level: 25,
  });
});

test('who joins or resumes learns who speaks at once (SPK-1)', async () => {
  const { ann, publishIds } = await openRoom();
  speak({ [publishIds.bob]: 25 }, 5);
  const cem = await door.join('r', 'cem');
  expect(await speakersOf(cem.client)).toEqual(['bob']);
  ann.client.cut();
  const resumed = await door.connect();
  await resumed.request('resume', { ticket: ann.login.ticket, lastSeq: 0 });
  expect(await speakersOf(resumed)).toEqual(['bob']);
});

test('who resumes after the speaker has left learns that nobody speaks (SPK-1)', async () => {
  const { ann, bob, publishIds } = await openRoom();
  speak({ [publishIds.bob]: 25 }, 5);
  ann.client.cut();
  await bob.client.media.unpublish('bob');
  const resumed = await door.connect();
  await resumed.request('resume', { ticket: ann.login.ticket, lastSeq: 0 });
  expect(await speakersOf(resumed)).toEqual([undefined]);
});

test('a stream that is muted, held back or has ended is not the speaker, whatever the engine hears of it (SPK-1)', async () => {
  const { ann, bob, publishIds } = await openRoom();
  speak({ [publishIds.ann]: 25 }, 5);
  await ann.client.request('updateStream', { streamId: 'ann', audio: false });
  speak({ [publishIds.ann]: 25 }, 10);
  expect(await speakersOf(bob.client)).toEqual(['ann', undefined]);
  await ann.client.request('updateStream', { streamId: 'ann', audio: true });
  speak({ [publishIds.ann]: 25 }, 5);
  await execute({ type: 'blockStream', streamId: 'ann' as StreamId, blocked: { audio: true, video: false } });
  speak({ [publishIds.ann]: 25 }, 10);
  await execute({ type: 'blockStream', streamId: 'ann' as StreamId, blocked: { audio: false, video: false } });
  speak({ [publishIds.ann]: 25 }, 5);
  await ann.client.media.unpublish('ann');
  speak({ [publishIds.ann]: 25 }, 10);
  expect(await speakersOf(bob.client)).toEqual(['ann', undefined, 'ann', undefined, 'ann', undefined]);
});

test('a publisher whose peer is lost is silent (SPK-1)', async () => {
  const { ann, bob, publishIds } = await openRoom();
  speak({ [publishIds.ann]: 25 }, 5);
  door.engine.losePeer(ann.login.memberId);
  expect(await speakersOf(bob.client)).toEqual(['ann', undefined]);
});

test('levels are reported to those who ask, at their interval, until they do not ask any longer (SPK-2)', async () => {
  const { ann, bob, publishIds } = await openRoom();
  await ann.client.request('watchSoundLevels', { intervalMs: 1000 });
  speak({ [publishIds.ann]: 40, [publishIds.bob]: 20 }, 11);
  const reports = await eventsOf(ann.client, 'soundLevels');
  const levels = [
    { streamId: 'bob', level: 20 },
    { streamId: 'ann', level: 40 },
  ];
  expect(reports).toEqual([
    { event: 'soundLevels', levels },
    { event: 'soundLevels', levels },
    { event: 'soundLevels', levels },
  ]);
  expect(await eventsOf(bob.client, 'soundLevels')).toEqual([]);
  await ann.client.request('watchSoundLevels', {});
  speak({ [publishIds.ann]: 30 }, 10);
  expect(await eventsOf(ann.client, 'soundLevels')).toHaveLength(3);
  for (const intervalMs of [0, 199, 1.5, 100_000]) {
    expect((await ann.client.request('watchSoundLevels', { intervalMs })).error?.code).toBe('request.malformed');
  }
});

test('silence is reported once, by an empty list, and then nothing is sent (SPK-2)', async () => {
  const { ann, publishIds } = await openRoom();
  await ann.client.request('watchSoundLevels', { intervalMs: 200 });
  door.clock.advance(5000);
  expect(await eventsOf(ann.client, 'soundLevels')).toEqual([]);
  speak({ [publishIds.bob]: 40 });
  speak({ [publishIds.bob]: 127 });
  door.clock.advance(5000);
  expect(await eventsOf(ann.client, 'soundLevels')).toEqual([
    { event: 'soundLevels', levels: [{ streamId: 'bob', level: 40 }] },
    { event: 'soundLevels', levels: [] },
  ]);
});

test('a report lists the 50 loudest streams (SPK-2)', async () => {
  const { ann, bob } = await openRoom();
  const names = Array.from({ length: 17 }, (_, index) => `more-${index}`);
  for (const name of names)
    for (const { client } of [ann, bob]) await client.media.publish(`${name}-${client === ann.client}`);
  const cem = await door.join('r', 'cem');
  for (const name of names) await cem.client.media.publish(name);
  await expect.poll(async () => (await liveStreams())?.length).toBe(53);
  await ann.client.request('watchSoundLevels', { intervalMs: 200 });
  speak(Object.fromEntries([...door.engine.streams.keys()].map((stream, index) => [stream, index])));
  const [report] = await eventsOf(ann.client, 'soundLevels');
  const levels = report && 'levels' in report ? (report.levels as { level: number }[]) : [];
  expect(levels.map(({ level }) => level)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});
