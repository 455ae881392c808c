/**
 * Two servers in one process, joined by a network in memory that serialises and delays every message. A room belongs to one of
 * them; connections and calls go to either. Each has its own engine: media is at the owner of the room.
 */

import type { RoomKey } from '@gavel/protocol';
import {
  FakeClock,
  FakeMediaEngine,
  MemoryCluster,
  type RawClient,
  startTestServer,
  TEST_APP,
  type TestServer,
} from '@gavel/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';
import type { Store } from '../../../packages/server/src/store/store.ts';

interface Node {
  readonly server: TestServer;
  readonly engine: FakeMediaEngine;
}

let nodes: [Node, Node];
let clock: FakeClock;
let cluster: MemoryCluster;
let store: Store;
/** A room that the first node owns, and whose media is there. */
let room: string;
let roomCount = 0;

const keyOf = (roomId: string) => ({ appId: TEST_APP.appId, environment: 'production', roomId }) as never as RoomKey;

beforeAll(async () => {
  clock = new FakeClock();
  cluster = new MemoryCluster(2, { seed: 1, maxMs: 2 });
  // What lasts is shared, as with one database for all nodes.
  store = await openSqliteStore(':memory:');
  const shared: Store = { ...store, close: async () => {} };
  const start = async (): Promise<Node> => {
    const engine = new FakeMediaEngine();
    return { engine, server: await startTestServer({ clock, engine, cluster: cluster.join(), store: shared }) };
  };
  nodes = [await start(), await start()];
});
afterAll(async () => {
  await Promise.all(nodes.map(({ server }) => server.close()));
  await store.close();
});
beforeEach(() => {
  do {
    roomCount += 1;
    room = `room-${roomCount}`;
  } while (cluster.indexOf(keyOf(room)) !== 0);
  clock.advance(1000);
});

/** Logs a user in by a connection to one of the nodes. */
async function join(index: 0 | 1, userId: string): Promise<{ readonly client: RawClient; readonly ticket: string }> {
  const client = await nodes[index].server.connect();
  const { ticket } = await client.login(TEST_APP.appId, room, userId, { members: true });
  return { client, ticket };
}

const usersBy = async (index: 0 | 1) =>
  (await nodes[index].server.rooms.snapshot(keyOf(room)))?.members.map(({ user }) => user.id);

describe.each([0, 1] as const)('a call at node %i', (index) => {
  test('kicks members of both nodes; both are told, and neither comes back by its ticket at any node (KICK-1, KICK-9)', async () => {
    const [ann, ben, cem] = [await join(0, 'ann'), await join(1, 'ben'), await join(1, 'cem')];
    const answer = await nodes[index].server.call('KickoutUser', { RoomId: room, 'UserId[]': ['ann', 'ben'] });
    expect(answer.Code).toBe(0);
    for (const { client, ticket } of [ann, ben]) {
      expect(client.events).toContainEqual(expect.objectContaining({ event: 'removed', cause: 'kicked' }));
      for (const { server } of nodes) {
        const { error } = await (await server.connect()).request('resume', { ticket, lastSeq: 0 });
        expect(error).toMatchObject({ code: 'resume.refused', details: { cause: 'kicked' } });
      }
    }
    expect([await usersBy(0), await usersBy(1)]).toEqual([['cem'], ['cem']]);
    const left = cem.client.events.flatMap((event) => (event.event === 'memberLeft' ? event.member.user.id : []));
    expect(left).toEqual(['ann', 'ben']);
  });

  test('closes the room for members of both nodes, and ends all media at its owner (CLOSE-1, CLOSE-2)', async () => {
    const [ann, ben] = [await join(0, 'ann'), await join(1, 'ben')];
    expect((await ben.client.media.publish('cam')).error).toBeUndefined();
    expect((await ann.client.media.play('cam')).error).toBeUndefined();
    expect((await nodes[0].engine.dump()).streams).toHaveLength(1);
    expect((await nodes[1].engine.dump()).streams).toHaveLength(0);
    expect((await nodes[index].server.call('CloseRoom', { RoomId: room })).Code).toBe(0);
    expect((await nodes[0].engine.dump()).streams).toHaveLength(0);
    for (const { client } of [ann, ben]) {
      expect((await client.closed).code).toBe(4501);
      expect(client.events).toContainEqual(expect.objectContaining({ event: 'removed', cause: 'room-closed' }));
    }
    expect(await usersBy(index)).toBeUndefined();
  });
});

test('members of both nodes see each other, and each message once and in order', async () => {
  const [ann, ben] = [await join(0, 'ann'), await join(1, 'ben')];
  const texts = Array.from({ length: 10 }, (_, number) => `text ${number}`);
  await Promise.all(
    texts.map((text, number) => (number % 2 ? ann : ben).client.request('send', { kind: 'chat', text })),
  );
  const heardBy = ({ client }: typeof ann) =>
    client.events.flatMap((event) => (event.event === 'message' ? event.text : []));
  await expect.poll(() => [heardBy(ann).length, heardBy(ben).length]).toEqual([10, 10]);
  expect(heardBy(ann)).toEqual(heardBy(ben));
  expect(heardBy(ann).filter((_, index) => texts.indexOf(heardBy(ann)[index] ?? '') % 2 === 1)).toEqual(
    texts.filter((_, number) => number % 2 === 1),
  );
});

test('a member resumes at another node, and gets what it has missed (SIG-2)', async () => {
  const [ann, ben] = [await join(0, 'ann'), await join(1, 'ben')];
  const seqs = ben.client.events.flatMap((event) => ('seq' in event ? Number(event.seq) : []));
  ben.client.cut();
  await ann.client.request('send', { kind: 'broadcast', text: 'missed' });
  const again = await nodes[0].server.connect();
  const { result, error } = await again.request('resume', { ticket: ben.ticket, lastSeq: Math.max(2, ...seqs) });
  expect(error).toBeUndefined();
  expect(JSON.stringify(result)).toContain('missed');
  expect(await usersBy(1)).toEqual(['ann', 'ben']);
  await ann.client.request('send', { kind: 'broadcast', text: 'after' });
  await expect.poll(() => again.events.some((event) => event.event === 'message' && event.text === 'after')).toBe(true);
});

test('what the engine of the owner reports reaches a publisher at the other node (MED-3)', async () => {
  const { client } = await join(1, 'ben');
  const { memberId } = (await nodes[1].server.rooms.snapshot(keyOf(room)))?.members[0] ?? {};
  await client.media.publish('cam');
  nodes[0].engine.losePeer(memberId as never);
  await client.event('mediaLost');
});
