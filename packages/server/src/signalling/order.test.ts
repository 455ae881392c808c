import { afterEach, beforeEach, expect, test } from 'vitest';
import { startDoor } from './testing.ts';

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
  const note = (name: string) => () => void answers.push(name);
  const all = [
    client.request('publish', { streamId: 's', offer: 'offer' }).then(note('publish')),
    client.request('unpublish', { streamId: 's' }).then(note('unpublish')),
    client.request('heartbeat').then(note('heartbeat')),
  ];
  await all[2];
  expect(answers).toEqual(['heartbeat']);
  agreed.resolve();
  await Promise.all(all);
  expect(answers).toEqual(['heartbeat', 'publish', 'unpublish']);
  expect((await door.rooms.snapshot(door.room('r')))?.streams).toEqual([]);
  expect(door.engine.calls.map((call) => call.split(':')[0])).toEqual(['publish', 'closeStream']);
});

test('a stop waits for the play before it, and requests about other streams do not (SIG-1)', async () => {
  const [{ client: a }, { client: b }] = [await door.join('r', 'a'), await door.join('r', 'b')];
  for (const streamId of ['s', 't']) await a.request('publish', { streamId, offer: 'offer' });
  const agreed = Promise.withResolvers<void>();
  const { engine } = door;
  const play = engine.play.bind(engine);
  engine.play = async (request) => {
    const answer = await play(request);
    if (request.offer === 'slow') await agreed.promise;
    return answer;
  };
  const slow = b.request('play', { streamId: 's', offer: 'slow' });
  const stop = b.request('stop', { streamId: 's' });
  expect((await b.request('play', { streamId: 't', offer: 'offer' })).error).toBeUndefined();
  expect(engine.calls.some((call) => call.startsWith('closePlayer'))).toBe(false);
  agreed.resolve();
  expect((await slow).error).toBeUndefined();
  await stop;
  expect(engine.calls.filter((call) => call.startsWith('closePlayer'))).toHaveLength(1);
});

test("a stream that was deleted in a member's own name while it was away is mediaClosed in its resume (SIG-2, STRM-3)", async () => {
  const [bob, { client: ann }] = [await door.join('r', 'bob'), await door.join('r', 'ann')];
  await ann.request('publish', { streamId: 's', offer: 'offer' });
  const { seq } = await bob.client.event('streamAdded');
  bob.client.cut();
  await bob.client.closed;
  const command = { type: 'deleteStream', streamId: 's' as never, actorUserId: 'bob' as never } as const;
  await door.rooms.execute(door.room('r'), command, door.origin);
  await ann.request('publish', { streamId: 't', offer: 'offer' });
  const again = await door.connect();
  const { result } = await again.request('resume', { ticket: bob.login.ticket, lastSeq: seq });
  expect((result as { events: unknown[] }).events).toMatchObject([
    { event: 'mediaClosed', streamId: 's', cause: 'deleted', streamSeq: 2 },
    { event: 'streamAdded', streamSeq: 3 },
  ]);
});
