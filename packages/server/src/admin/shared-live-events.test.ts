import { GavelError } from '@gavel/protocol';
import type { LiveEvent } from '@gavel/protocol/admin';
import { FakeClock, MemoryNetwork } from '@gavel/testkit';
import { beforeEach, expect, it } from 'vitest';
import type { Subscriber } from '../bus/bus.ts';
import { ClusterPeers } from '../cluster/peers.ts';
import { Rooms } from '../owner/rooms.ts';
import { KEY, login, ORIGIN, testSettings } from '../rooms/testing.ts';
import { READ_INTERVAL_MS, SharedLiveEvents } from './shared-live-events.ts';

let clock: FakeClock;
let nodes: SharedLiveEvents[];
let enter: (userId: string) => Promise<unknown>;
let failure: Error | undefined;
beforeEach(() => {
  clock = new FakeClock();
  failure = undefined;
  const network = new MemoryNetwork({ seed: 1, maxMs: 1 });
  const subscribers: Subscriber[] = [];
  const bus = {
    subscribe(subscriber: Subscriber) {
      subscribers.push(subscriber);
      return () => {};
    },
  };
  nodes = ['a', 'b'].map((id) => {
    const peers = new ClusterPeers(network.join(id));
    const askFor: ClusterPeers['askFor'] = (...request) =>
      failure ? Promise.reject(failure) : peers.askFor(...request);
    const live = new SharedLiveEvents({ bus, clock, peers: { serve: (...topic) => peers.serve(...topic), askFor } });
    peers.start();
    return live;
  });
  const after = [
    {
      handle: async (batch: Parameters<Subscriber['handle']>[0]) => void subscribers.map((each) => each.handle(batch)),
    },
  ];
  const rooms = new Rooms(testSettings(), { first: [], after });
  enter = (userId) => rooms.execute(KEY, login(userId), ORIGIN);
});

/** A client that follows the events at a node. */
async function follow(node: SharedLiveEvents | undefined, after?: string) {
  const page = await node?.read(after);
  const client = {
    users: [] as (string | undefined)[],
    lastId: after ?? page?.lastId ?? '',
    hasEnded: false,
    leave: () => {},
  };
  const stream = {
    handle(events: readonly LiveEvent[], lastId: string) {
      client.users.push(...events.filter(({ type }) => type === 'member-joined').map(({ userId }) => userId));
      client.lastId = lastId;
    },
    end() {
      client.hasEnded = true;
    },
  };
  client.leave = node?.subscribe(stream, client.lastId) ?? client.leave;
  return client;
}

it('a client that comes back to any node continues after the last event that it has (CLUS-1, ADM-2)', async () => {
  const clients = [await follow(nodes[0]), await follow(nodes[1])];
  await enter('anna');
  clock.advance(READ_INTERVAL_MS);
  await expect.poll(() => clients.map(({ users }) => users)).toEqual([['anna'], ['anna']]);
  for (const client of clients) client.leave();
  await enter('bob');
  const again = [await follow(nodes[1], clients[0]?.lastId), await follow(nodes[0], clients[1]?.lastId)];
  await enter('carl');
  clock.advance(READ_INTERVAL_MS);
  await expect
    .poll(() => again.map(({ users }) => users))
    .toEqual([
      ['bob', 'carl'],
      ['bob', 'carl'],
    ]);
  // Nobody follows any more at the nodes where they were before.
  expect(clients.map(({ users }) => users)).toEqual([['anna'], ['anna']]);
});

it('a stream ends when its node does not reach the one that keeps the events, or the events are lost', async () => {
  const [client, outdated] = [await follow(nodes[0]), await follow(nodes[1], 'other-7')];
  clock.advance(READ_INTERVAL_MS);
  await expect.poll(() => outdated.hasEnded).toBe(true);
  expect(client.hasEnded).toBe(false);
  failure = new GavelError('server.node-unavailable');
  clock.advance(READ_INTERVAL_MS);
  await expect.poll(() => client.hasEnded).toBe(true);
});
