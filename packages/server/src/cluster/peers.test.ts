import { GavelError, isGavelError } from '@gavel/protocol';
import { MemoryNetwork } from '@gavel/testkit';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { expect, test } from 'vitest';
import { NO_LINK } from './node-link.ts';
import { ClusterPeers } from './peers.ts';
import { nodeFor } from './rendezvous.ts';
import { defineTopic } from './topic.ts';

const ECHO = defineTopic<{ readonly text: string }, { readonly by: string; readonly text: string }>('test.echo');

/** Nodes that answer with their id. */
function openNodes(...ids: string[]) {
  const network = new MemoryNetwork({ seed: 1, maxMs: 1 });
  const nodes = ids.map((id) => new ClusterPeers(network.join(id)));
  for (const node of nodes) {
    node.serve(ECHO, ({ text }) => ({ by: node.self, text }));
    node.start();
  }
  return { network, nodes: nodes as [ClusterPeers, ClusterPeers, ClusterPeers] };
}

test('a request reaches the node that it is sent to, the others, or all', async () => {
  const { nodes } = openNodes('a', 'b', 'c');
  const [a] = nodes;
  expect(await a.ask('b', ECHO, { text: 'x' })).toEqual({ by: 'b', text: 'x' });
  expect(await a.ask('a', ECHO, { text: 'x' })).toEqual({ by: 'a', text: 'x' });
  expect((await a.askAll(ECHO, { text: 'x' })).map(({ by }) => by)).toEqual(['a', 'b', 'c']);
  expect((await a.askOthers(ECHO, { text: 'x' })).map(({ by }) => by)).toEqual(['b', 'c']);
});

test('every node names the same node for a subject, and only the subjects of a node that leaves get another one', async () => {
  const { network, nodes } = openNodes('a', 'b', 'c');
  const subjects = Array.from({ length: 60 }, (_, index) => `app ${index}`);
  const named = async (node: ClusterPeers) =>
    Promise.all(subjects.map(async (subject) => (await node.askFor(subject, ECHO, { text: subject })).by));
  const before = await named(nodes[0]);
  expect(await named(nodes[1])).toEqual(before);
  expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']));
  network.leave('c');
  const after = await named(nodes[0]);
  for (const [index, node] of before.entries()) if (node !== 'c') expect(after[index]).toBe(node);
  expect(after).not.toContain('c');
});

test('a node that is gone is an error for who asks it, and is left out of what all are asked', async () => {
  const { network, nodes } = openNodes('a', 'b');
  const [a, b] = nodes;
  const SLOW = defineTopic<null, { readonly by: string }>('test.slow');
  const { promise: never } = Promise.withResolvers<{ readonly by: string }>();
  a.serve(SLOW, () => ({ by: 'a' }));
  b.serve(SLOW, () => never);
  const asked = a.ask('b', SLOW, null).catch((error: unknown) => error);
  const all = a.askAll(SLOW, null);
  network.leave('b');
  expect(isGavelError(await asked, 'server.node-unavailable')).toBe(true);
  expect(await all).toEqual([{ by: 'a' }]);
  await expect(a.ask('b', ECHO, { text: 'x' })).rejects.toMatchObject({ code: 'server.node-unavailable' });
});

test('the error of a handler arrives after every node has answered', async () => {
  const { nodes } = openNodes('a', 'b', 'c');
  const FAIL = defineTopic<null, null>('test.fail');
  const asked: string[] = [];
  for (const node of nodes) {
    node.serve(FAIL, () => {
      asked.push(node.self);
      if (node.self === 'b') throw new GavelError('rate.limited', 'Not now.', { untilMs: 7 });
      return null;
    });
  }
  const error: unknown = await nodes[0].askAll(FAIL, null).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'rate.limited', message: 'Not now.', details: { untilMs: 7 } });
  expect(asked.toSorted()).toEqual(['a', 'b', 'c']);
});

test('a process that is no part of a cluster asks itself, without a copy', async () => {
  const peers = new ClusterPeers(NO_LINK);
  peers.serve(ECHO, ({ text }) => ({ by: peers.self, text }));
  peers.start();
  expect(await peers.askFor('app 1', ECHO, { text: 'x' })).toEqual({ by: 'local', text: 'x' });
  expect(await peers.askAll(ECHO, { text: 'x' })).toHaveLength(1);
  expect(await peers.askOthers(ECHO, { text: 'x' })).toEqual([]);
  expect(() => peers.serve(ECHO, () => ({ by: '', text: '' }))).toThrow('test.echo is served already');
});

test('one node is responsible where there is one, and none where there is none', () => {
  expect(nodeFor('x', ['a'])).toBe('a');
  expect(() => nodeFor('x', [])).toThrow('at least one node');
});

const NEWS = defineTopic<{ readonly text: string }, null>('test.news');

/** Two nodes, of which the second one can be made to be out of reach although it is alive. */
function openTellers() {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ seed: 1, maxMs: 0 });
  const link = network.join('a');
  const reach = { isCut: false, refreshes: [] as boolean[] };
  const a = new ClusterPeers(
    {
      ...link,
      refresh: async () => reach.refreshes.shift() ?? true,
      send: (to, message) =>
        reach.isCut ? Promise.reject(new GavelError('server.node-unavailable', 'cut')) : link.send(to, message),
    },
    clock,
  );
  const b = new ClusterPeers(network.join('b'));
  const heard: string[] = [];
  b.serve(NEWS, ({ text }) => {
    heard.push(text);
    return null;
  });
  for (const node of [a, b]) node.start();
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { a, network, reach, heard, pass };
}

test('a live node that cannot be reached is told again, in order, until it answers (CLUS-4)', async () => {
  const { a, reach, heard, pass } = openTellers();
  reach.isCut = true;
  const told = ['1', '2'].map((text) => a.tellOthers('news', NEWS, { text }));
  await pass(2000);
  expect(heard).toEqual([]);
  reach.isCut = false;
  await pass(500);
  await Promise.all(told);
  expect(heard).toEqual(['1', '2']);
});

test('who tells a node that stays out of reach gets an error after 10 s; a node whose lease is over need not be told (CLUS-4)', async () => {
  const { a, network, reach, heard, pass } = openTellers();
  reach.isCut = true;
  const first = a.tellOthers('news', NEWS, { text: '1' }).catch((error: GavelError) => error.code);
  await pass(10_000);
  expect(await first).toBe('server.node-unavailable');
  const second = a.tellOthers('news', NEWS, { text: '2' });
  network.leave('b');
  await pass(500);
  await second;
  expect(heard).toEqual([]);
});

test('who tells the others learns first which nodes are live: one that had no lease may be again (CLUS-2)', async () => {
  const { a, reach, heard, pass } = openTellers();
  reach.refreshes = [false, true];
  const told = a.tellOthers('news', NEWS, { text: '1' });
  await pass(0);
  expect(heard).toEqual([]);
  await pass(250);
  await told;
  expect([heard, reach.refreshes]).toEqual([['1'], []]);
});
