import type { AppId } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OwnedDuties } from '../cluster/duties.ts';
import { NodeLeases } from '../cluster/leases/node-leases.ts';
import { MemoryLeaseTable } from '../cluster/leases/testing.ts';
import type { NodeId } from '../cluster/node-link.ts';
import { ClusterPeers } from '../cluster/peers.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { SharedCallbacks } from './shared-callbacks.ts';
import { APP, openDispatcher, record } from './testing.ts';

/** Longer than two lease times: a node may take over then. */
const HEALTHY_S = 8;

let clock: FakeClock;
let store: Store;
let table: MemoryLeaseTable;
let network: MemoryNetwork;
let nodes: Map<NodeId, NodeLeases>;
let seq: number;

beforeEach(async () => {
  clock = new FakeClock();
  store = await openSqliteStore(':memory:');
  table = new MemoryLeaseTable(clock);
  network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  nodes = new Map();
  seq = 0;
});
afterEach(async () => {
  for (const leases of nodes.values()) await leases.close();
  await store.close();
});

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 5));
};
async function passSeconds(count: number): Promise<void> {
  for (let second = 0; second < count; second += 1) {
    clock.advance(1000);
    await settle();
  }
}

async function openNode(id: NodeId, own: FakeClock = clock) {
  const link = network.join(id);
  const peers = new ClusterPeers(link);
  const log = pino({ level: 'silent' });
  const leases = await NodeLeases.start({ table, clock: own, node: { id, addresses: [] }, log });
  const duties = new OwnedDuties(leases, peers, leases);
  const opened = openDispatcher(store, { clock, sendableMs: (appId) => shared.sendableMs(appId) });
  const shared = new SharedCallbacks({
    ...{ peers, duties, clock: own, log },
    dispatcher: opened.dispatcher,
    repository: store.outbox,
  });
  peers.start();
  shared.start();
  /** Stores callbacks as those of this node. */
  const add = async (...bodies: string[]): Promise<void> => {
    const callbacks = bodies.map((body) => {
      seq += 1;
      return { ...record(body), seq, owner: id, attempts: 0, nextAttemptAtMs: 0 };
    });
    await store.journal.apply([{ term: 1, callbacks }]);
    shared.offer(callbacks);
  };
  nodes.set(id, leases);
  return { id, leases, duties, shared, add, endpoint: opened.endpoint };
}

/** Opens two nodes: first the one that sends the callbacks of the App. */
async function openTwo() {
  const [a, b] = [await openNode('a'), await openNode('b')];
  await passSeconds(HEALTHY_S);
  const isFirst = a.duties.nodeFor(`callbacks ${APP.appId}`) === 'a';
  return isFirst ? ([a, b] as const) : ([b, a] as const);
}

it('one node sends the callbacks of all, those of each node in their order (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  await other.add('1', '2');
  await settle();
  await sender.add('3');
  await other.add('4');
  await passSeconds(2);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1', '2', '3', '4'], []]);
  expect(await store.outbox.count('pending')).toBe(0);
});

it('when the node that sends dies, another one sends what is left, and what comes (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  sender.endpoint.answers = () => new Promise(() => {});
  await other.add('1', '2');
  await passSeconds(1);
  expect(sender.endpoint.bodies).toEqual(['1']);
  // It dies: nothing of it is heard any more.
  network.leave(sender.id);
  await sender.leases.close();
  await other.add('3');
  await passSeconds(3);
  await other.add('4');
  await passSeconds(2);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1'], ['1', '2', '3', '4']]);
  expect(await store.outbox.count('pending')).toBe(0);
});

it('a node whose lease was over sends nothing that is another one’s duty meanwhile (CLUS-2, CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  const release: (() => void)[] = [];
  sender.endpoint.answers = () => new Promise((resolve) => release.push(() => resolve(503)));
  await sender.add('1', '2');
  await settle();
  network.leave(sender.id);
  await sender.leases.close();
  await passSeconds(14);
  expect(other.endpoint.bodies).toEqual(['1', '2']);
  // It goes on where it was.
  for (const go of release) go();
  await passSeconds(5);
  expect(sender.endpoint.bodies).toEqual(['1']);
});

it('a node that joins sends the callbacks of its Apps when the one before it has ended its attempts (CLUS-7)', async () => {
  const first = await openNode('a');
  await passSeconds(HEALTHY_S);
  const names = ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
  const name = names.find((id) => senderWith(id) === id);
  let release = (): void => {};
  first.endpoint.answers = () => new Promise((resolve) => (release = () => resolve(200)));
  await first.add('1', '2');
  await settle();
  const second = await openNode(name ?? '');
  await passSeconds(3);
  expect([first.endpoint.bodies, second.endpoint.bodies]).toEqual([['1'], []]);
  release();
  await passSeconds(HEALTHY_S);
  expect([first.endpoint.bodies, second.endpoint.bodies]).toEqual([['1'], ['2']]);
  await first.add('3');
  await passSeconds(2);
  expect(second.endpoint.bodies).toEqual(['2', '3']);
});

/** The node that should send the callbacks of the App when this one has joined node `a`. */
function senderWith(joining: NodeId): NodeId {
  const trial = new MemoryNetwork({ seed: 1, maxMs: 0 });
  trial.join('a');
  const peers = new ClusterPeers(trial.join(joining));
  return new OwnedDuties(nodes.get('a') as NodeLeases, peers).nodeFor(`callbacks ${APP.appId}`);
}

it('what a node has stored and not announced before it died is sent before what the next owner stores (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  for (const [next, texts] of [
    [other, ['1', '2', '3']],
    [sender, ['4', '5', '6']],
  ] as const) {
    const [announced, left, later] = texts;
    await next.add(announced);
    seq += 1;
    await store.journal.apply([
      { term: 1, callbacks: [{ ...record(left), seq, owner: 'dead', attempts: 0, nextAttemptAtMs: 0 }] },
    ]);
    next.shared.offerLeft(APP.appId as AppId);
    await next.add(later);
    await passSeconds(2);
  }
  expect(sender.endpoint.bodies).toEqual(['1', '2', '3', '4', '5', '6']);
});

it('what a node has kept for itself by mistake is sent before what it stores later (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  await other.add('1');
  await passSeconds(2);
  // For a moment, it takes the node that sends for dead.
  const view = vi.spyOn(other.duties, 'nodeFor').mockReturnValue(other.id);
  await other.add('2');
  await settle();
  view.mockRestore();
  await passSeconds(1);
  await other.add('3');
  await passSeconds(3);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1', '2', '3'], []]);
});

it('what reaches the node that sends when its lease is over is sent by it later, in order (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  await other.add('1');
  await passSeconds(2);
  const duty = vi.spyOn(sender.duties, 'has').mockReturnValue(false);
  await other.add('2');
  await passSeconds(2);
  duty.mockRestore();
  await other.add('3');
  await passSeconds(4);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1', '2', '3'], []]);
});

it('what an earlier process of a node has not announced is sent before what the next one stores (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  await other.add('1');
  await passSeconds(2);
  await store.journal.apply([
    { term: 1, callbacks: [{ ...record('2'), seq: 2, owner: other.id, attempts: 0, nextAttemptAtMs: 0 }] },
  ]);
  seq = 2;
  await other.leases.close();
  network.leave(other.id);
  await passSeconds(HEALTHY_S);
  const again = await openNode(other.id);
  await passSeconds(2);
  await again.add('3');
  await passSeconds(3);
  expect(sender.endpoint.bodies).toEqual(['1', '2', '3']);
});

describe('a callback that the store had before it was announced is sent once (CLUS-7)', () => {
  const appId = APP.appId as AppId;

  /** Stores a callback of a node, which announces it later. */
  async function addUnannounced(owner: NodeId, body: string) {
    seq += 1;
    const callbacks = [{ ...record(body), seq, owner, attempts: 0, nextAttemptAtMs: 0 }];
    await store.journal.apply([{ term: 1, callbacks }]);
    return callbacks;
  }

  /** Opens two nodes: the one that sends has read a callback that the other one announces later. */
  async function openTwoWithUnannounced() {
    const [sender, other] = await openTwo();
    await other.add('1');
    await passSeconds(1);
    const late = await addUnannounced(other.id, '2');
    sender.shared.offerLeft(appId);
    await settle();
    return { sender, other, late };
  }

  it('if the node that sends reads it before', async () => {
    const { sender, other, late } = await openTwoWithUnannounced();
    other.shared.offer(late);
    await passSeconds(2);
    expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1', '2'], []]);
  });

  it('if the duty has moved away and back meanwhile', async () => {
    const { sender, other, late } = await openTwoWithUnannounced();
    const view = vi.spyOn(sender.duties, 'nodeFor').mockReturnValue(other.id);
    await passSeconds(2);
    view.mockRestore();
    await sender.add('3');
    await passSeconds(2);
    other.shared.offer(late);
    await passSeconds(2);
    expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1', '2', '3'], []]);
  });

  it('if the duty has moved to the node that announces it, after the node before it has sent it', async () => {
    const { sender, other, late } = await openTwoWithUnannounced();
    vi.spyOn(sender.duties, 'nodeFor').mockReturnValue(other.id);
    vi.spyOn(other.duties, 'nodeFor').mockReturnValue(other.id);
    await passSeconds(2);
    await sender.add('3');
    await passSeconds(2);
    other.shared.offer(late);
    await passSeconds(2);
    await other.add('4');
    await passSeconds(1);
    expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });
});

it('a node sends nothing of its memory that another one has sent before it has the duty again (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  let release = (): void => {};
  sender.endpoint.answers = () => new Promise((resolve) => (release = () => resolve(200)));
  await other.add('1', '2');
  await passSeconds(1);
  // Its lease is over, and the store fails: meanwhile another node sends everything.
  const duty = vi.spyOn(sender.duties, 'has').mockReturnValue(false);
  const claim = vi.spyOn(sender.duties, 'claim').mockResolvedValue(false);
  duty.mockReturnValueOnce(true);
  const failure = vi.spyOn(store.outbox, 'endpoints').mockRejectedValueOnce(new Error('the store failed'));
  sender.shared.offerLeft(APP.appId as AppId);
  await settle();
  release();
  await settle();
  await store.outbox.delete((await store.outbox.list({ status: 'pending' }, 10)).map(({ id }) => id));
  claim.mockImplementation(async () => {
    duty.mockRestore();
    return true;
  });
  await passSeconds(3);
  failure.mockRestore();
  expect(sender.endpoint.bodies).toEqual(['1']);
});

it('a duty that could not be given up because the store failed is given up later (CLUS-7)', async () => {
  const [sender, other] = await openTwo();
  await other.add('1');
  await passSeconds(1);
  vi.spyOn(sender.duties, 'release').mockRejectedValueOnce(new Error('the store failed'));
  vi.spyOn(sender.duties, 'nodeFor').mockReturnValue(other.id);
  vi.spyOn(other.duties, 'nodeFor').mockReturnValue(other.id);
  await passSeconds(2);
  await sender.add('2');
  await other.add('3');
  await passSeconds(3);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['1'], ['2', '3']]);
});

it('finds stored callbacks that nobody has announced (CB-3)', async () => {
  const [sender, other] = await openTwo();
  await store.journal.apply([
    { term: 1, callbacks: [{ ...record('lost'), seq: 1, owner: 'x', attempts: 0, nextAttemptAtMs: 0 }] },
  ]);
  expect(sender.shared.maySend(APP.appId as AppId)).toBe(false);
  await passSeconds(10);
  expect([sender.endpoint.bodies, other.endpoint.bodies]).toEqual([['lost'], []]);
});
