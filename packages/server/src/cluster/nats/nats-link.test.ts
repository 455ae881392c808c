/** The link on a real NATS server: what is tested here is what the server does when a node or it is gone. */

import { isGavelError } from '@gavel/protocol';
import { FakeClock } from '@gavel/testkit/fake-clock';
import { NATS_SERVER, NatsServer } from '@gavel/testkit/nats-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../telemetry/log.ts';
import { type NodeHandler, NotDelivered } from '../node-link.ts';
import { NatsClient } from './nats-client.ts';
import { type Membership, NatsLink, type NatsLinkDeps } from './nats-link.ts';

const log = createLog('silent');
const echo: NodeHandler = async (message, from) => ({ answer: { from, message } });
const messageOf = (body: unknown) => ({ topic: 'test', lane: 'test', body });
const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  );

describe.skipIf(NATS_SERVER === '')('requests between nodes over NATS (needs nats-server)', () => {
  let server: NatsServer;
  let prefixes = 0;
  const clients: NatsClient[] = [];
  beforeAll(async () => {
    server = await NatsServer.start();
  });
  afterAll(() => server.close());
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    prefixes += 1;
  });

  /** Which nodes are alive, as the test says. */
  class TestMembership implements Membership {
    #nodes: readonly string[] = ['a', 'b', 'gone'];
    readonly #listeners = new Set<() => void>();
    refreshed = 0;

    async refresh(): Promise<boolean> {
      this.refreshed += 1;
      return true;
    }

    nodes(): readonly string[] {
      return this.#nodes;
    }

    onNodesChanged(listener: () => void): () => void {
      this.#listeners.add(listener);
      return () => void this.#listeners.delete(listener);
    }

    change(nodes: readonly string[]): void {
      this.#nodes = nodes;
      for (const listener of this.#listeners) listener();
    }
  }

  async function openNode(
    id: string,
    handler: NodeHandler = echo,
    options: { url?: string; maxMessageBytes?: number } = {},
  ) {
    const { url = server.url, ...limits } = options;
    const client = await NatsClient.open({ url }, id, log);
    clients.push(client);
    const [clock, membership] = [new FakeClock(), new TestMembership()];
    const link = await NatsLink.open({ client, membership, clock, id, prefix: `test${prefixes}`, ...limits });
    link.serve(handler);
    return { client, clock, link, membership };
  }

  test('a message is answered by the node that it names, also by the sender itself', async () => {
    const [a] = [await openNode('a'), await openNode('b')];
    const body = { text: 'grüße', list: [1, null, { deep: true }] };
    for (const to of ['a', 'b']) {
      expect(await a.link.send(to, messageOf(body))).toEqual({ answer: { from: 'a', message: messageOf(body) } });
    }
  });

  test('messages that arrive before a node serves are kept, in order', async () => {
    const client = await NatsClient.open({ url: server.url }, 'b', log);
    clients.push(client);
    const deps = {
      client,
      membership: new TestMembership(),
      clock: new FakeClock(),
      id: 'b',
      prefix: `test${prefixes}`,
    };
    const b = await NatsLink.open(deps);
    const { link } = await openNode('a');
    const replies = [1, 2, 3].map((number) => link.send('b', messageOf(number)));
    // What the node itself sends through the server arrives after those.
    await client.measureRoundTripMs();
    const bodies: unknown[] = [];
    b.serve(async ({ body }) => ({ answer: bodies.push(body) }));
    expect(await Promise.all(replies)).toEqual([{ answer: 1 }, { answer: 2 }, { answer: 3 }]);
    expect(bodies).toEqual([1, 2, 3]);
  });

  test('a node that begins is answered when the others have read which nodes are live, also one that serves nothing yet (CLUS-1)', async () => {
    const b = await openNode('b');
    const client = await NatsClient.open({ url: server.url }, 'a', log);
    clients.push(client);
    const membership = new TestMembership();
    const a = await NatsLink.open({ client, membership, clock: new FakeClock(), id: 'a', prefix: `test${prefixes}` });
    await a.announce();
    // It reads them itself when others can reach it: of two that begin together, at least one knows the other.
    expect([membership.refreshed, b.membership.refreshed]).toEqual([1, 1]);
    await b.link.announce();
    expect([membership.refreshed, b.membership.refreshed]).toEqual([2, 2]);
    a.announceEnd();
    a.close();
    await expect.poll(() => b.membership.refreshed).toBe(3);
  });

  test('messages and replies of several megabytes arrive, in order with small ones', async () => {
    const sizes: number[] = [];
    await openNode('b', async ({ body }) => {
      sizes.push((body as string).length);
      return { answer: body };
    });
    const { link } = await openNode('a');
    const bodies = [3, 2_500_000, 5, 1_200_000, 7].map((size) => 'x'.repeat(size));
    const replies = await Promise.all(bodies.map((body) => link.send('b', messageOf(body))));
    expect(replies).toEqual(bodies.map((answer) => ({ answer })));
    expect(sizes).toEqual(bodies.map(({ length }) => length));
  });

  test('a message above the limit is refused, and so is a reply', async () => {
    const tooLarge = 'x'.repeat(10_000);
    const handler: NodeHandler = async ({ body }) => ({ answer: body === 'much' ? tooLarge : 'little' });
    await openNode('b', handler, { maxMessageBytes: 10_000 });
    const { link } = await openNode('a', echo, { maxMessageBytes: 10_000 });
    expect(isGavelError(await errorOf(link.send('b', messageOf(tooLarge))), 'request.too-large')).toBe(true);
    expect(await link.send('b', messageOf('much'))).toMatchObject({ refusal: { code: 'request.too-large' } });
    expect(await link.send('b', messageOf('few'))).toEqual({ answer: 'little' });
  });

  test('1,000 messages at once arrive in their order', async () => {
    const arrived: unknown[] = [];
    await openNode('b', async ({ body }) => ({ answer: arrived.push(body) }));
    const { link } = await openNode('a');
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    await Promise.all(numbers.map((number) => link.send('b', messageOf(number))));
    expect(arrived).toEqual(numbers);
  });

  test('a message to a node that is not connected fails at once, not after the time limit', async () => {
    const { link } = await openNode('a');
    // The clock stands still: no time limit can end this.
    const error = await errorOf(link.send('gone', messageOf(1)));
    expect(isGavelError(error, 'server.node-unavailable')).toBe(true);
    expect((error as Error).message).toContain('it is not connected to NATS');
  });

  test('a message without a reply fails after 10 s, and at once when the lease of its node is over', async () => {
    const { link, clock, membership } = await openNode('a');
    await openNode('b', () => new Promise(() => undefined));
    const first = errorOf(link.send('b', messageOf(1)));
    clock.advance(10_000);
    expect(((await first) as Error).message).toContain('no reply within 10 s');
    const second = errorOf(link.send('b', messageOf(2)));
    membership.change(['a', 'b']);
    membership.change(['a']);
    const error = await second;
    expect(isGavelError(error, 'server.node-unavailable')).toBe(true);
    expect((error as Error).message).toContain('its lease is over');
  });

  test('a node whose connection is back says what it has not got: such a message may be sent again, and nothing waits for a lost reply (CLUS-6)', async () => {
    const own = await NatsClient.open({ url: server.url }, 'b', log);
    clients.push(own);
    const lost = { messages: 0, replies: 0 };
    let change: (isConnected: boolean) => void = () => {};
    /** Loses messages in both directions, as a connection does that is cut before anybody notices. */
    const client: NatsLinkDeps['client'] = {
      isConnected: true,
      maxPartBytes: own.maxPartBytes,
      publish(subject, content, options) {
        const isLost = subject.includes('.replies.') && lost.replies > 0;
        if (isLost) lost.replies -= 1;
        else own.publish(subject, content, options);
      },
      subscribe: (subject, handle) =>
        own.subscribe(subject, (message) => {
          const isLost = subject.endsWith('.messages') && lost.messages > 0;
          if (isLost) lost.messages -= 1;
          else handle(message);
        }),
      onChange(listener) {
        change = listener;
        return () => {};
      },
    };
    const clock = new FakeClock();
    const handled: unknown[] = [];
    const membership = new TestMembership();
    const b = await NatsLink.open({ client, membership, clock, id: 'b', prefix: `test${prefixes}` });
    b.serve(async ({ body }) => {
      handled.push(body);
      return body === 'slow' ? new Promise(() => undefined) : { answer: body };
    });
    const { link: a, clock: clockOfA } = await openNode('a');
    clockOfA.advance(1_000);
    lost.replies = 1;
    const withoutReply = errorOf(a.send('b', messageOf('answered')));
    const running = a.send('b', messageOf('slow'));
    await expect.poll(() => [handled, lost.replies]).toEqual([['answered', 'slow'], 0]);
    lost.messages = 1;
    const notReceived = errorOf(a.send('b', messageOf('lost')));
    await expect.poll(() => lost.messages).toBe(0);
    change(false);
    clock.advance(2_000);
    change(true);
    expect(await notReceived).toBeInstanceOf(NotDelivered);
    const error = await withoutReply;
    expect(error).not.toBeInstanceOf(NotDelivered);
    expect((error as Error).message).toContain('its reply was lost; it may have executed the message');
    expect(handled).toEqual(['answered', 'slow']);
    // What is still being done is waited for, up to the time limit.
    const late = errorOf(running);
    clockOfA.advance(10_000);
    expect(((await late) as Error).message).toContain('no reply within 10 s');
  });

  test('a node whose connection is back says nothing of messages to its earlier process, which may have executed them (CLUS-6)', async () => {
    const { link: a, clock } = await openNode('a');
    const own = await NatsClient.open({ url: server.url }, 'b', log);
    clients.push(own);
    // The earlier process gets the message, and dies.
    const got = Promise.withResolvers<void>();
    await own.subscribe(`test${prefixes}.b.messages`, () => got.resolve());
    const pending = errorOf(a.send('b', messageOf('executed')));
    await got.promise;
    await own.close();
    clock.advance(5_000);
    let change: (isConnected: boolean) => void = () => {};
    const next = await NatsClient.open({ url: server.url }, 'b', log);
    clients.push(next);
    const client: NatsLinkDeps['client'] = {
      ...{ isConnected: true, maxPartBytes: next.maxPartBytes },
      publish: (...message) => next.publish(...message),
      subscribe: (...subject) => next.subscribe(...subject),
      onChange(listener) {
        change = listener;
        return () => {};
      },
    };
    const b = await NatsLink.open({
      client,
      membership: new TestMembership(),
      clock: new FakeClock(),
      id: 'b',
      prefix: `test${prefixes}`,
    });
    b.serve(echo);
    change(true);
    // Two messages later, what the node says of its connection has arrived.
    for (const body of [1, 2]) await a.send('b', messageOf(body));
    await b.send('a', messageOf(3));
    clock.advance(5_000);
    expect(((await pending) as Error).message).toContain('no reply within 10 s');
  });

  test('pending messages fail when the connection is lost, and later ones succeed when it is back (CLUS-6)', async () => {
    const own = await NatsServer.start();
    const received = Promise.withResolvers<void>();
    const handler: NodeHandler = ({ body }) => {
      if (body !== 'hang') return Promise.resolve({ answer: body });
      received.resolve();
      return new Promise(() => undefined);
    };
    const nodes = [await openNode('a', echo, own), await openNode('b', handler, own)] as const;
    const [{ link, client }] = nodes;
    const changes: boolean[] = [];
    client.onChange((isConnected) => changes.push(isConnected));
    const pending = errorOf(link.send('b', messageOf('hang')));
    await received.promise;
    await own.stop();
    expect(((await pending) as Error).message).toContain('the connection to NATS is lost');
    expect(client.isConnected).toBe(false);
    expect(isGavelError(await errorOf(link.send('b', messageOf(1))), 'server.node-unavailable')).toBe(true);
    await own.restart();
    await expect.poll(() => nodes.every((node) => node.client.isConnected), { timeout: 15_000 }).toBe(true);
    expect(await link.send('b', messageOf('back'))).toEqual({ answer: 'back' });
    expect(changes).toEqual([false, true]);
    expect(await client.measureRoundTripMs()).toBeGreaterThanOrEqual(0);
    await own.close();
  });
});
