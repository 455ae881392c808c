/**
 * The contract of a media engine as far as it needs no media: refusals, races, events and closing. Every engine passes it,
 * a fake one too.
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type {
  ItemResult,
  MediaEngine,
  MediaEngineEvents,
  NegotiateAnswer,
  NegotiateRequest,
  PublishItem,
  StreamDump,
  SubscribeItem,
} from '../src/engine.ts';
import { createStaticTransport, type OfferTransportFields, type SectionFields, writeOffer } from './offer-builder.ts';

/** The client's side of one connection. */
export interface ContractClient {
  readonly transport: OfferTransportFields;
  /** Connects with the first answer. */
  accept(answer: string): void;
  close(): void;
}

/** The engine under test. */
export interface ContractHarness {
  /** Creates and starts an engine. */
  createEngine(): Promise<MediaEngine>;
  createClient(engine: MediaEngine): ContractClient;
  /** Makes the engine lose a connected peer, without a call. */
  losePeer(engine: MediaEngine, peer: string, client: ContractClient): void | Promise<void>;
}

const BOTH = { audio: true, video: true };
const bothKinds: ItemResult = { kinds: BOTH };

/** Declares the tests. */
export function describeEngineContract(harness: ContractHarness): void {
  let engine: MediaEngine;
  const clients: ContractClient[] = [];
  let events: unknown[][] = [];
  let nextId = 0;

  const record =
    (event: keyof MediaEngineEvents) =>
    (...args: unknown[]): void =>
      void events.push([event, ...args]);

  beforeAll(async () => {
    engine = await harness.createEngine();
    for (const event of ['streamConnected', 'peerConnected', 'peerLost', 'subscriptionLost'] as const) {
      engine.on(event, record(event));
    }
  }, 30_000);

  afterEach(async () => {
    const { peers } = await engine.dump();
    for (const { peer } of peers) await engine.closePeer(peer);
    for (const client of clients.splice(0)) client.close();
    events = [];
  });

  afterAll(() => engine.close());

  /** One member of a test: its connection, and what it lists. */
  class Member {
    readonly name: string;
    readonly group: string;
    client = createClient();
    sections: SectionFields[] = [];
    publish: PublishItem[] = [];
    subscribe: SubscribeItem[] = [];

    constructor(group = 'room') {
      this.name = `peer-${nextId++}`;
      this.group = group;
    }

    /** Lists a published stream with a section for each kind. */
    addPublication(stream: string, fields: Partial<SectionFields> = {}, item: Partial<PublishItem> = {}): this {
      this.publish.push({ stream, mids: this.#addSections('sendonly', fields), allowed: BOTH, ...item });
      return this;
    }

    addSubscription(stream: string, fields: Partial<SectionFields> = {}, item: Partial<SubscribeItem> = {}): this {
      this.subscribe.push({ stream, mids: this.#addSections('recvonly', fields), ...item });
      return this;
    }

    get request(): NegotiateRequest {
      const { name: peer, group, publish, subscribe } = this;
      return { group, peer, offer: writeOffer(this.sections, this.client.transport), publish, subscribe };
    }

    async negotiate(): Promise<NegotiateAnswer> {
      const answer = await engine.negotiate(this.request);
      this.client.accept(answer.answer);
      return answer;
    }

    /** Negotiates, and waits until it is connected. */
    async connect(): Promise<this> {
      await this.negotiate();
      await expectEvent('peerConnected', this.name);
      return this;
    }

    #addSections(direction: 'sendonly' | 'recvonly', fields: Partial<SectionFields>): Required<PublishItem['mids']> {
      const mids = { audio: `a${nextId}`, video: `v${nextId}` };
      nextId += 1;
      this.sections.push({ mid: mids.audio, kind: 'audio', direction });
      this.sections.push({ mid: mids.video, kind: 'video', direction, ...fields });
      return mids;
    }
  }

  function createClient(): ContractClient {
    const client = harness.createClient(engine);
    clients.push(client);
    return client;
  }

  function createName(): string {
    return `stream-${nextId++}`;
  }

  async function expectEvent(...event: unknown[]): Promise<void> {
    await expect.poll(() => events, { timeout: 10_000, interval: 5 }).toContainEqual(event);
  }

  function countEvents(...event: unknown[]): number {
    return events.filter((one) => JSON.stringify(one) === JSON.stringify(event)).length;
  }

  async function findStream(stream: string): Promise<StreamDump | undefined> {
    return (await engine.dump()).streams.find((entry) => entry.stream === stream);
  }

  async function listSubscribers(stream: string): Promise<string[] | undefined> {
    return (await findStream(stream))?.subscriptions.map(({ peer }) => peer).sort();
  }

  /** Waits until what was to be emitted by now has been emitted. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await engine.dump();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  describe('offers', () => {
    test('an offer without items opens a peer, which is reported when it is connected (CONN-1)', async () => {
      const member = new Member();
      member.sections.push({ mid: '0', kind: 'audio', direction: 'recvonly' });
      const answering = member.negotiate();
      expect(await answering).toMatchObject({ publish: [], subscribe: [] });
      expect(events).toEqual([]);
      await expectEvent('peerConnected', member.name);
      expect((await engine.dump()).peers).toMatchObject([{ peer: member.name, group: 'room', state: 'connected' }]);
    });

    test('a peer publishes and subscribes with one offer, and streams are reported as connected (CONN-1)', async () => {
      const [own, other] = [createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = new Member().addPublication(own).addSubscription(other);
      expect(await member.negotiate()).toMatchObject({ publish: [bothKinds], subscribe: [bothKinds] });
      await expectEvent('streamConnected', own);
      expect(await findStream(own)).toMatchObject({ peer: member.name, state: 'connected', group: 'room' });
      expect(await listSubscribers(other)).toEqual([member.name]);
    });

    test('a stream that is published on a connected peer is reported as connected, after the answer and once', async () => {
      const [first, second] = [createName(), createName()];
      const member = await new Member().addPublication(first).connect();
      member.addPublication(second);
      await member.negotiate();
      expect(countEvents('streamConnected', second)).toBe(0);
      await expectEvent('streamConnected', second);
      await member.negotiate();
      await settle();
      expect([first, second].map((stream) => countEvents('streamConnected', stream))).toEqual([1, 1]);
      expect(countEvents('peerConnected', member.name)).toBe(1);
    });

    test('a refused item leaves the others alone (CONN-2)', async () => {
      const [good, played] = [createName(), createName()];
      await new Member().addPublication(played).connect();
      const member = new Member().addPublication(good).addSubscription(played);
      const [publication] = member.publish;
      member.publish.unshift(
        { stream: createName(), mids: { video: 'none' }, allowed: BOTH },
        { stream: createName(), mids: {}, allowed: BOTH },
        { stream: createName(), mids: member.subscribe[0]?.mids ?? {}, allowed: BOTH },
      );
      member.publish.push(
        { stream: createName(), mids: publication?.mids ?? {}, allowed: BOTH },
        { stream: good, mids: publication?.mids ?? {}, allowed: BOTH },
      );
      member.subscribe.unshift({ stream: createName(), mids: {} }, { stream: played, mids: publication?.mids ?? {} });
      const { publish, subscribe } = await member.negotiate();
      expect(publish.map(outcomeOf)).toEqual(['bad-offer', 'bad-offer', 'bad-offer', BOTH, 'bad-offer', 'bad-offer']);
      expect(subscribe.map(outcomeOf)).toEqual(['no-such-stream', 'bad-offer', BOTH]);
      expect(await findStream(good)).toMatchObject({ peer: member.name });
      expect((await engine.dump()).streams).toHaveLength(2);
    });

    test('kinds that are not allowed, or have no section, are not published', async () => {
      const member = new Member()
        .addPublication(createName(), {}, { allowed: { audio: true, video: false } })
        .addPublication(createName(), {}, { allowed: { audio: false, video: false } });
      member.addPublication(createName());
      const mids = { video: member.publish[2]?.mids.video ?? '' };
      member.publish[2] = { stream: createName(), mids, allowed: BOTH };
      expect((await member.negotiate()).publish.map(outcomeOf)).toEqual([
        { audio: true, video: false },
        'bad-offer',
        { audio: false, video: true },
      ]);
    });

    test('a kind without a common codec is reported, and the other one goes on (MED-8)', async () => {
      const [stream, vp8] = [createName(), createName()];
      const member = new Member().addPublication(stream, { encoding: 'X9/90000' });
      member.addPublication(vp8, {}, { allowed: { audio: false, video: true } });
      const silent: ItemResult = { kinds: { audio: true, video: false }, unsupported: ['video'] };
      expect((await member.negotiate()).publish).toMatchObject([silent, { kinds: { audio: false, video: true } }]);
      const h264 = { encoding: 'H264/90000', parameters: 'packetization-mode=1;profile-level-id=42e01f' };
      const viewer = new Member().addSubscription(stream, h264).addSubscription(vp8, h264);
      const { subscribe } = await viewer.negotiate();
      expect(subscribe[0]).toEqual({ kinds: { audio: true, video: false } });
      expect(subscribe[1]).toMatchObject({ error: 'bad-offer', unsupported: ['video'] });
    });

    test("a subscription's kinds without the stream's codec are reported (MED-8)", async () => {
      const stream = createName();
      await new Member().addPublication(stream).negotiate();
      const viewer = new Member().addSubscription(stream, { encoding: 'X9/90000' });
      expect((await viewer.negotiate()).subscribe).toEqual([
        { kinds: { audio: true, video: false }, unsupported: ['video'] },
      ]);
    });

    test('a bad offer is refused as a whole, and nothing changes', async () => {
      const [own, other] = [createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = await new Member().addPublication(own).addSubscription(other).connect();
      for (const offer of ['', 'v=0\r\n', 'x'.repeat(2_000_000)]) {
        const refused = engine.negotiate({ ...member.request, offer, publish: [], subscribe: [] });
        await expect(refused).rejects.toMatchObject({ name: 'MediaError', code: 'bad-offer' });
      }
      const stranger = engine.negotiate({ ...new Member().addPublication(createName()).request, offer: 'v=0' });
      await expect(stranger).rejects.toMatchObject({ code: 'bad-offer' });
      const { peers, streams } = await engine.dump();
      expect(peers).toHaveLength(2);
      expect(streams.map(({ stream }) => stream).sort()).toEqual([own, other].sort());
      expect(await listSubscribers(other)).toEqual([member.name]);
    });

    test('the lists are complete: what is not listed any longer is closed', async () => {
      const [kept, ended, other] = [createName(), createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = await new Member().addPublication(kept).addPublication(ended).addSubscription(other).connect();
      const viewer = await new Member().addSubscription(ended).addSubscription(kept).connect();
      member.publish = member.publish.slice(0, 1);
      member.subscribe = [];
      await member.negotiate();
      expect((await engine.dump()).streams.map(({ stream }) => stream).sort()).toEqual([kept, other].sort());
      expect(await listSubscribers(kept)).toEqual([viewer.name]);
      expect(await listSubscribers(other)).toEqual([]);
    });

    test('an item that is refused although it was accepted before is closed', async () => {
      const [own, other] = [createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = await new Member().addPublication(own).addSubscription(other).connect();
      member.sections = member.sections.map((section) => ({ ...section, direction: 'inactive' }));
      const { publish, subscribe } = await member.negotiate();
      expect([...publish, ...subscribe].map(outcomeOf)).toEqual(['bad-offer', 'bad-offer']);
      expect(await findStream(own)).toBeUndefined();
      expect(await listSubscribers(other)).toEqual([]);
    });
  });

  describe('replacing', () => {
    test('an offer with the same fingerprint goes on with the connection, and one with another replaces it', async () => {
      const stream = createName();
      const member = await new Member().addPublication(stream).connect();
      const viewer = await new Member().addSubscription(stream).connect();
      member.client = createClient();
      await member.negotiate();
      await expect.poll(() => countEvents('peerConnected', member.name), { timeout: 10_000 }).toBe(2);
      await expect.poll(() => countEvents('streamConnected', stream), { timeout: 10_000 }).toBe(2);
      expect(await listSubscribers(stream)).toEqual([viewer.name]);
      expect((await engine.dump()).peers).toHaveLength(2);
      expect(events.filter(([event]) => event === 'peerLost' || event === 'subscriptionLost')).toEqual([]);
    });

    test('another peer that publishes the stream replaces its publisher, and the subscriptions stay', async () => {
      const stream = createName();
      const first = await new Member().addPublication(stream).connect();
      const viewer = await new Member().addSubscription(stream).connect();
      const second = await new Member().addPublication(stream).connect();
      expect(await findStream(stream)).toMatchObject({ peer: second.name });
      expect(await listSubscribers(stream)).toEqual([viewer.name]);
      // The first peer has no part in it any longer.
      await engine.closePeer(first.name);
      expect(await listSubscribers(stream)).toEqual([viewer.name]);
    });

    test('a change of codec ends the subscriptions to that kind, so that their clients negotiate again', async () => {
      const stream = createName();
      const member = await new Member().addPublication(stream).connect();
      const viewer = await new Member().addSubscription(stream).connect();
      const listener = new Member().addSubscription(stream);
      listener.subscribe = [{ stream, mids: { audio: listener.subscribe[0]?.mids.audio ?? '' } }];
      await listener.connect();
      member.sections = member.sections.map((section) =>
        section.kind === 'audio'
          ? section
          : { ...section, encoding: 'H264/90000', parameters: 'packetization-mode=1;profile-level-id=42e01f' },
      );
      await member.negotiate();
      await expectEvent('subscriptionLost', viewer.name, stream);
      expect(await listSubscribers(stream)).toEqual([listener.name]);
      await settle();
      expect(countEvents('subscriptionLost', listener.name, stream)).toBe(0);
    });
  });

  describe('groups', () => {
    test('a stream of another group cannot be subscribed to', async () => {
      const stream = createName();
      await new Member('one').addPublication(stream).negotiate();
      const [result] = (await new Member('two').addSubscription(stream).negotiate()).subscribe;
      expect(result && outcomeOf(result)).toBe('no-such-stream');
    });

    test('names are unique across groups: what another group has of them is closed', async () => {
      const [stream, other] = [createName(), createName()];
      const member = await new Member('one').addPublication(stream).addPublication(other).connect();
      const taker = await new Member('two').addPublication(stream).connect();
      expect(await findStream(stream)).toMatchObject({ group: 'two', peer: taker.name });
      const moved = { ...member.request, group: 'two', publish: [], subscribe: [] };
      await engine.negotiate({ ...moved, offer: writeOffer(member.sections, createStaticTransport('CD')) });
      expect(await findStream(other)).toBeUndefined();
      const { peers } = await engine.dump();
      expect(peers.find(({ peer }) => peer === member.name)).toMatchObject({ group: 'two' });
    });
  });

  describe('closing', () => {
    test('a closed peer takes its streams and subscriptions with it (KICK-4)', async () => {
      const [own, other] = [createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = await new Member().addPublication(own).addSubscription(other).connect();
      await new Member().addSubscription(own).connect();
      await engine.closePeer(member.name);
      expect(await findStream(own)).toBeUndefined();
      expect(await listSubscribers(other)).toEqual([]);
      expect((await engine.dump()).peers.map(({ peer }) => peer)).not.toContain(member.name);
      await settle();
      expect(events.filter(([event]) => event === 'peerLost' || event === 'subscriptionLost')).toEqual([]);
    });

    test('a closed stream and an ended subscription leave their peers (STRM-3)', async () => {
      const [stream, other] = [createName(), createName()];
      const member = await new Member().addPublication(stream).addPublication(other).connect();
      const viewer = await new Member().addSubscription(stream).addSubscription(other).connect();
      await engine.unsubscribe(viewer.name, other);
      expect(await listSubscribers(other)).toEqual([]);
      expect(await listSubscribers(stream)).toEqual([viewer.name]);
      await engine.closeStream(stream);
      expect(await findStream(stream)).toBeUndefined();
      const states = (await engine.dump()).peers.map(({ peer, state }) => [peer, state]);
      expect(states.sort()).toEqual([
        [member.name, 'connected'],
        [viewer.name, 'connected'],
      ]);
    });

    test('a peer that is closed before its offer is answered stays closed', async () => {
      const stream = createName();
      const member = new Member().addPublication(stream);
      const refused = expect(member.negotiate()).rejects.toMatchObject({ code: 'no-such-peer' });
      await engine.closePeer(member.name);
      await refused;
      expect(await findStream(stream)).toBeUndefined();
      expect((await engine.dump()).peers).toEqual([]);
      // Its name is free.
      member.client = createClient();
      await member.connect();
    });

    test('a stream and a subscription that are closed before the answer stay closed, and are refused in it', async () => {
      const [own, other, kept] = [createName(), createName(), createName()];
      await new Member().addPublication(other).addPublication(kept).connect();
      const member = new Member().addPublication(own).addSubscription(other).addSubscription(kept);
      const answering = member.negotiate();
      await Promise.all([engine.closeStream(own), engine.unsubscribe(member.name, other)]);
      const { publish, subscribe } = await answering;
      expect([...publish, ...subscribe].map(outcomeOf)).toEqual(['no-such-stream', 'no-such-stream', BOTH]);
      expect(await findStream(own)).toBeUndefined();
      expect(await listSubscribers(other)).toEqual([]);
      expect(await listSubscribers(kept)).toEqual([member.name]);
    });

    test('a subscription that waits for a publish that is refused finds no stream', async () => {
      const stream = createName();
      const publisher = new Member();
      publisher.publish = [{ stream, mids: { video: 'none' }, allowed: BOTH }];
      publisher.sections.push({ mid: '0', kind: 'audio', direction: 'recvonly' });
      const [{ publish }, { subscribe }] = await Promise.all([
        publisher.negotiate(),
        new Member().addSubscription(stream).negotiate(),
      ]);
      expect([...publish, ...subscribe].map(outcomeOf)).toEqual(['bad-offer', 'no-such-stream']);
    });

    test('calls about what is not there resolve', async () => {
      const member = await new Member().addPublication(createName()).connect();
      await engine.closePeer('nobody');
      await engine.closeStream('nothing');
      await engine.unsubscribe('nobody', 'nothing');
      await engine.unsubscribe(member.name, 'nothing');
      await engine.restrict('nothing', BOTH);
      await engine.preferVideo('nobody', 'nothing', { maxLayer: 1 });
      await engine.preferVideo(member.name, 'nothing', {});
    });

    test('what a subscriber wants of the video is what the last offer or call says', async () => {
      const stream = createName();
      await new Member().addPublication(stream).connect();
      const viewer = await new Member().addSubscription(stream, {}, { preferences: { maxLayer: 1 } }).connect();
      const read = async (): Promise<unknown> => {
        const { maxLayer, height, priority } = (await findStream(stream))?.subscriptions[0] ?? {};
        return { maxLayer, height, priority };
      };
      expect(await read()).toEqual({ maxLayer: 1 });
      await engine.preferVideo(viewer.name, stream, { height: 180, priority: 2 });
      expect(await read()).toEqual({ height: 180, priority: 2 });
      await engine.preferVideo(viewer.name, stream, {});
      expect(await read()).toEqual({});
    });
  });

  describe('loss', () => {
    test('a lost peer is reported, its streams keep their subscriptions, and it can come back (MED-3)', async () => {
      const [own, other] = [createName(), createName()];
      await new Member().addPublication(other).connect();
      const member = await new Member().addPublication(own).addSubscription(other).connect();
      const viewer = await new Member().addSubscription(own).connect();
      await harness.losePeer(engine, member.name, member.client);
      await expectEvent('peerLost', member.name, 'transport-failed');
      expect(await findStream(own)).toMatchObject({ state: 'lost' });
      expect(await listSubscribers(own)).toEqual([viewer.name]);
      expect(await listSubscribers(other)).toEqual([]);
      member.client = createClient();
      await member.negotiate();
      await expect.poll(() => countEvents('streamConnected', own), { timeout: 10_000 }).toBe(2);
      expect(await findStream(own)).toMatchObject({ state: 'connected', peer: member.name });
      expect(await listSubscribers(own)).toEqual([viewer.name]);
      expect(await listSubscribers(other)).toEqual([member.name]);
    });

    test('a loss that crosses an offer of the lost connection is reported once, and the peer can come back (MED-3)', async () => {
      const stream = createName();
      const member = await new Member().addPublication(stream).connect();
      const viewer = await new Member().addSubscription(stream).connect();
      // The client does not know of the loss when it makes this offer.
      const crossing = engine.negotiate(member.request);
      await harness.losePeer(engine, member.name, member.client);
      await crossing;
      await expectEvent('peerLost', member.name, 'transport-failed');
      await settle();
      expect(countEvents('peerLost', member.name, 'transport-failed')).toBe(1);
      member.client = createClient();
      await member.negotiate();
      await expect.poll(async () => (await findStream(stream))?.state, { timeout: 10_000 }).toBe('connected');
      expect(await listSubscribers(stream)).toEqual([viewer.name]);
    });

    test('closing a lost peer closes its streams, and an offer of it that does not list them does too', async () => {
      const [first, second] = [createName(), createName()];
      const closed = await new Member().addPublication(first).connect();
      const back = await new Member().addPublication(second).connect();
      for (const member of [closed, back]) {
        await harness.losePeer(engine, member.name, member.client);
        await expectEvent('peerLost', member.name, 'transport-failed');
      }
      await engine.closePeer(closed.name);
      expect(await findStream(first)).toBeUndefined();
      back.client = createClient();
      back.publish = [];
      await back.connect();
      expect(await findStream(second)).toBeUndefined();
    });
  });
}

/** The error code of a refused item, or the negotiated kinds. */
function outcomeOf(result: ItemResult): unknown {
  return 'error' in result ? result.error : result.kinds;
}
