import type { AppId, MemberId, RoomId, StreamId, UserId } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { beforeEach, expect, test } from 'vitest';
import { type HeldClaims, mergeHeld } from '../claims/held-claims.ts';
import { ClusterClaims } from './cluster-claims.ts';
import { ClusterPeers } from './peers.ts';
import { defineTopic, type Topic } from './topic.ts';

const scope = { appId: 1, environment: 'test' } as { readonly appId: AppId; readonly environment: 'test' };
const ANN = 'ann' as UserId;
const NOTHING: HeldClaims = { logins: [], streams: [], rooms: [] };
const room = (id: string) => id as RoomId;
const stream = (id: string) => id as StreamId;

let network: MemoryNetwork;
let clock: FakeClock;
beforeEach(() => {
  network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  clock = new FakeClock();
});

/** Peers of a node that does not reach all others. */
class PartialPeers extends ClusterPeers {
  unreachable: string | undefined;

  override ask<Request, Answer>(node: string, topic: Topic<Request, Answer>, request: Request): Promise<Answer> {
    return super.ask(node === this.unreachable ? 'gone' : node, topic, request);
  }
}

/** A node with what its rooms have claimed, as far as the test says, and what it knows of the rooms of others. */
function open(id: string) {
  const peers = new PartialPeers(network.join(id), clock);
  const node = {
    id,
    peers,
    lease: { remainingMs: 1 },
    own: NOTHING,
    replicas: new Map<string, HeldClaims>(),
    asked: 0,
  };
  const claims = new ClusterClaims({ peers, clock, lease: node.lease });
  claims.follow({
    own: () => {
      node.asked += 1;
      return node.own;
    },
    of: (_appId, owner) => node.replicas.get(owner) ?? NOTHING,
  });
  peers.start();
  return Object.assign(node, { claims });
}
type Node = ReturnType<typeof open>;

const holderOf = (nodes: readonly Node[]): Node => {
  const [first] = nodes;
  const holder = nodes.find(({ id }) => id === first?.peers.nodeFor(`claims ${scope.appId}`));
  if (!holder) throw new Error('no node is responsible');
  return holder;
};
/** Opens three nodes: the one that is responsible for the App, and two others. */
function openThree() {
  const nodes = ['a', 'b', 'c'].map(open);
  const holder = holderOf(nodes);
  const [one, other] = nodes.filter((node) => node !== holder) as [Node, Node];
  return { holder, one, other };
}
/** Lets time pass, and what waits for it happen. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
}

test('the next node knows what all owners have, before it answers (CLUS-8, STRM-6, LIM-7, TEST-2, KICK-13)', async () => {
  const { holder, one, other } = openThree();
  const login = { roomId: room('r1'), memberId: 'm1' as MemberId, clientId: 'c1' };
  await one.claims.streams.claim(scope, stream('s1'), room('r1'), 2);
  await one.claims.rooms.claim(scope, room('r1'), 2);
  await one.claims.logins.claim(scope, ANN, login);
  await other.claims.streams.claim(scope, stream('s2'), room('r2'), 2);
  await other.claims.rooms.claim(scope, room('r2'), 2);
  one.own = {
    streams: [{ scope, streamId: stream('s1'), roomId: room('r1') }],
    rooms: [{ scope, roomId: room('r1') }],
    logins: [{ scope, userId: ANN, holder: login }],
  };
  other.own = {
    ...NOTHING,
    streams: [{ scope, streamId: stream('s2'), roomId: room('r2') }],
    rooms: [{ scope, roomId: room('r2') }],
  };
  network.leave(holder.id);
  expect(
    await Promise.all([
      other.claims.streams.claim(scope, stream('s1'), room('r2'), 2),
      other.claims.streams.claim(scope, stream('s3'), room('r2'), 2),
      one.claims.streams.claim(scope, stream('s1'), room('r1'), 2),
      one.claims.rooms.claim(scope, room('r3'), 2),
      other.claims.logins.claim(scope, ANN, { ...login, memberId: 'm2' as MemberId }),
    ]),
  ).toEqual(['taken', 'too-many', 'granted', 'too-many', [login]]);
  await one.claims.streams.release(scope, stream('s1'), room('r1'));
  expect(await other.claims.streams.claim(scope, stream('s1'), room('r2'), 2)).toBe('granted');
});

test('what a node has stored is forgotten when another one is responsible, and asked for anew afterwards (CLUS-8)', async () => {
  const nodes = [open('a'), open('b')];
  const before = holderOf(nodes);
  await before.claims.streams.claim(scope, stream('s1'), room('r1'), 1);
  let joined: Node | undefined;
  for (let count = 0; holderOf(nodes) === before; count += 1) {
    joined = open(`n${count}`);
    nodes.push(joined);
  }
  // Its room has ended meanwhile.
  network.leave(joined?.id ?? '');
  expect(holderOf(nodes.filter((node) => node !== joined))).toBe(before);
  expect(await before.claims.streams.claim(scope, stream('s2'), room('r2'), 1)).toBe('granted');
});

test('a node that is not responsible, or has no lease, stores nothing: the claim waits for the one that is (CLUS-8)', async () => {
  const { holder, one } = openThree();
  holder.lease.remainingMs = 0;
  let verdict: unknown;
  const claimed = Promise.resolve(one.claims.streams.claim(scope, stream('s1'), room('r1'), 1));
  void claimed.then((answer) => {
    verdict = answer;
  });
  await pass(500);
  expect(verdict).toBeUndefined();
  holder.lease.remainingMs = 1;
  await pass(200);
  expect(verdict).toBe('granted');
  holder.claims.forget();
  // Its room has ended while the lease had a gap.
  expect(await one.claims.streams.claim(scope, stream('s2'), room('r2'), 1)).toBe('granted');
});

test('the rooms of an owner that cannot be reached count as their replicas say (CLUS-8)', async () => {
  const { holder, one, other } = openThree();
  holder.peers.unreachable = other.id;
  holder.replicas.set(
    other.id,
    mergeHeld([{ ...NOTHING, streams: [{ scope, streamId: stream('s1'), roomId: room('r1') }] }]),
  );
  expect(await one.claims.streams.claim(scope, stream('s1'), room('r2'), 0)).toBe('taken');
  expect([one.asked, other.asked]).toEqual([1, 0]);
});

test('the end of a login that does not arrive is sent again (CLUS-8, KICK-13)', async () => {
  const { holder, one } = openThree();
  const login = { roomId: room('r1'), memberId: 'm1' as MemberId, clientId: 'c1' };
  await one.claims.logins.claim(scope, ANN, login);
  holder.lease.remainingMs = 0;
  let isReleased = false;
  void Promise.resolve(one.claims.logins.release(scope, ANN, login.memberId)).then(() => {
    isReleased = true;
  });
  await pass(3000);
  expect(isReleased).toBe(false);
  holder.lease.remainingMs = 1;
  await pass(1200);
  expect(isReleased).toBe(true);
  expect(await one.claims.logins.claim(scope, ANN, { ...login, memberId: 'm2' as MemberId })).toEqual([]);
});

test('plays are counted over all nodes, and those of a node that is gone no more (CLUS-8, LIM-7)', async () => {
  const { holder, one, other } = openThree();
  const claim = (node: Node, playIds: readonly string[], ending: readonly string[] = []) =>
    node.claims.plays.claim(scope, { playIds, ending }, 3);
  expect(await Promise.all([claim(one, ['p1', 'p2']), claim(other, ['p3', 'p4'])])).toEqual([
    [true, true],
    [true, false],
  ]);
  // What an offer ends makes room for what it begins.
  expect(await claim(one, ['p5'], ['p1'])).toEqual([true]);
  await one.claims.plays.release(scope, ['p1']);
  one.own = { ...NOTHING, plays: ['p2', 'p5'].map((playId) => ({ scope, playId })) };
  other.own = { ...NOTHING, plays: [{ scope, playId: 'p3' }] };
  network.leave(holder.id);
  expect(await claim(other, ['p3', 'p4'])).toEqual([true, false]);
  const next = holderOf([one, other]);
  const gone = next === one ? other : one;
  network.leave(gone.id);
  expect(await claim(next, ['q1', 'q2', 'q3'])).toEqual(next === one ? [true, false, false] : [true, true, false]);
});

test('the plays of an earlier process of a node have ended with it (CLUS-8)', async () => {
  const { holder, one } = openThree();
  expect(await one.claims.plays.claim(scope, { playIds: ['p1', 'p2'], ending: [] }, 2)).toEqual([true, true]);
  const topic = defineTopic<object, readonly boolean[]>('claims.claim-plays');
  const request = { scope, process: 'next', playIds: ['q1'], ending: [], maxPerApp: 2 };
  expect(await one.peers.ask(holder.id, topic, request)).toEqual([true]);
  expect(await holder.claims.plays.claim(scope, { playIds: ['r1', 'r2'], ending: [] }, 2)).toEqual([true, false]);
});
