import { createOffer } from '@gavel/testkit/offers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

const PUBLISH = {
  offer: createOffer([{ mid: '0', kind: 'audio', direction: 'sendonly' }]),
  publish: [{ streamId: 's', mids: { audio: '0' } }],
};

let door: Awaited<ReturnType<typeof startDoor>>;
beforeEach(async () => {
  door = await startDoor();
});
afterEach(() => door.close());

test('an unpublish that comes while the publish before it is under way waits for it (SIG-1)', async () => {
  const { client } = await door.join('r', 'a');
  const agreed = Promise.withResolvers<void>();
  door.engine.beforeAnswer = () => agreed.promise;
  const answers: string[] = [];
  const record = (name: string) => () => void answers.push(name);
  const all = [
    client.media.negotiate(PUBLISH).then(record('negotiate')),
    client.media.unpublish('s').then(record('unpublish')),
    client.request('heartbeat').then(record('heartbeat')),
  ];
  await all[2];
  expect(answers).toEqual(['heartbeat']);
  agreed.resolve();
  await Promise.all(all);
  expect(answers).toEqual(['heartbeat', 'negotiate', 'unpublish']);
  expect((await door.rooms.snapshot(door.room('r')))?.streams).toEqual([]);
  expect(door.engine.calls.map((call) => call.split(':')[0])).toEqual(['negotiate', 'closeStream']);
});

test('a stop waits for the offer before it, also one that came by an earlier connection (SIG-1)', async () => {
  const [{ client: a }, { client: b, login }] = [await door.join('r', 'a'), await door.join('r', 'b')];
  await a.media.publish('s');
  await b.event('streamAdded');
  const agreed = Promise.withResolvers<void>();
  door.engine.beforeAnswer = () => agreed.promise;
  void b.media.play('s');
  await expect.poll(() => door.engine.calls.length).toBe(2);
  const again = await door.connect();
  await again.request('resume', { ticket: login.ticket, lastSeq: 0 });
  const stop = again.media.stop('s');
  await again.request('heartbeat');
  expect(door.engine.calls.filter((call) => call.startsWith('unsubscribe'))).toEqual([]);
  agreed.resolve();
  expect((await stop).error).toBeUndefined();
  expect(door.engine.calls.at(-1)).toMatch(/^unsubscribe:/);
  expect([...door.engine.streams.values()].map(({ subscribers }) => subscribers.size)).toEqual([0]);
});

test("a stream that was deleted in a member's own name while it was away is mediaClosed in its resume (SIG-2, STRM-3)", async () => {
  const [bob, { client: ann }] = [await door.join('r', 'bob'), await door.join('r', 'ann')];
  await ann.media.publish('s');
  const { seq } = await bob.client.event('streamAdded');
  bob.client.cut();
  await bob.client.closed;
  const command = { type: 'deleteStream', streamId: 's' as never, actorUserId: 'bob' as never } as const;
  await door.rooms.execute(door.room('r'), command, door.origin);
  await ann.media.publish('t');
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: bob.login.ticket, lastSeq: seq });
  expect((result as { events: unknown[] }).events).toMatchObject([
    { event: 'mediaClosed', streamId: 's', cause: 'deleted', streamSeq: 2 },
    { event: 'streamAdded', streamSeq: 3 },
  ]);
});
