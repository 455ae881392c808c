/**
 * Peers that come and go, and a worker that is killed, while media flows. `GAVEL_SOAK=10000` lets so
 * many peers come.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMediaEngine, type MediaEngine } from '@gavel/media';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HandClient, withHandTransport } from '../../packages/media/tests/hand-client.ts';
import { writeOffer } from '../../packages/media/tests/offer-builder.ts';
import { waitFor } from '../../packages/media/tests/synthetic-peer.ts';

const PEERS = Number(process.env.GAVEL_SOAK ?? 400);
const IS_LONG = PEERS >= 1_000;
/** Peers at once. */
const CONCURRENCY = 8;
/** The worker's heap grows to its usual size meanwhile. */
const WARM_UP_PEERS = IS_LONG ? 1_000 : 200;
/**
 * Growth over all peers after the warm-up: V8 lets its heap grow to some 70 MB before it collects what has become old.
 * A connected peer has 100 kB, so that a leak of sessions shows.
 */
const MAX_GROWTH_KB = (IS_LONG ? 80 : 30) << 10;
const PACKET_INTERVAL_MS = 10;
const PACKETS_PER_PEER = 3;
/** A client's consent ends after 30 s (RFC 7675). */
const CONSENT_INTERVAL_MS = 5_000;
/** Members that are connected at the same time, all of whom then leave. */
const WAVE_MEMBERS = IS_LONG ? 1_000 : 60;
const WAVES = 5;
/** Waves until the heap has its usual size. */
const WARM_UP_WAVES = 2;

const MID = '0';
const OFFERS = {
  publish: withHandTransport(writeOffer([{ mid: MID, kind: 'video', direction: 'sendonly', ssrcs: [1] }])),
  play: withHandTransport(writeOffer([{ mid: MID, kind: 'video', direction: 'recvonly' }])),
};
const MIDS = { video: MID };
const ALLOWED = { audio: true, video: true };

let engine: MediaEngine;
const stops: (() => void)[] = [];

beforeEach(async () => {
  engine = createMediaEngine({ transport: 'openssl', ports: 0, workers: 2, announcedAddress: '127.0.0.1' });
  await engine.start();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await engine.close();
});

async function connect(client: HandClient): Promise<HandClient> {
  await client.useNewSocket();
  client.startHandshake();
  await waitFor(() => {
    client.tick();
    return client.hasKeys;
  });
  return client;
}

/** Opens a peer that publishes or subscribes to one stream. */
function negotiate(peer: string, group: string, streams: { readonly publish?: string; readonly subscribe?: string }) {
  const { publish, subscribe } = streams;
  const isPublisher = publish !== undefined;
  return engine.negotiate({
    group,
    peer,
    offer: isPublisher ? OFFERS.publish : OFFERS.play,
    publish: isPublisher ? [{ stream: publish, mids: MIDS, allowed: ALLOWED }] : [],
    subscribe: subscribe === undefined ? [] : [{ stream: subscribe, mids: MIDS }],
  });
}

/** Publishes a stream and sends its packets until the end of the test. */
async function publish(stream: string): Promise<HandClient> {
  const { answer } = await negotiate(`publisher of ${stream}`, stream, { publish: stream });
  const client = await connect(HandClient.fromAnswer(answer));
  let sequence = 0;
  const sending = setInterval(() => {
    client.sendRaw(client.protect(sequence & 0xffff));
    sequence += 1;
    // Consent (RFC 7675).
    if (sequence % 100 === 0) client.sendCheck();
  }, PACKET_INTERVAL_MS);
  stops.push(() => {
    clearInterval(sending);
    client.close();
  });
  return client;
}

async function play(stream: string, player: string): Promise<HandClient> {
  const { answer } = await negotiate(player, stream, { subscribe: stream });
  return connect(HandClient.fromAnswer(answer));
}

interface Usage {
  readonly rssKb: number;
  readonly descriptors: number;
}

/** What a process uses, as the kernel counts it: native memory included. */
function measure(pid: number): Usage {
  const rssKb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return { rssKb, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

test(
  `memory and descriptors of a worker are the same after ${PEERS} peers came, got media and went`,
  async () => {
    await publish('churn');
    const dump = await engine.dump();
    const worker = dump.streams.find(({ stream }) => stream === 'churn')?.worker;
    const pid = dump.workers.find((entry) => entry.worker === worker)?.pid ?? 0;
    let next = 0;

    async function runPeers(limit: number): Promise<void> {
      while (next < limit) {
        next += 1;
        const index = next;
        const name = `player-${index}`;
        const client = await play('churn', name);
        await waitFor(() => client.media.length >= PACKETS_PER_PEER);
        if (IS_LONG && index % 1_000 === 0) console.log(`${index} peers: ${JSON.stringify(measure(pid))}`);
        // One in four leaves without a word: a client that crashed, which its member's end closes later.
        if (index % 4 === 0) client.close();
        await engine.closePeer(name);
        client.close();
      }
    }
    async function runPublishers(): Promise<void> {
      for (let index = 0; index < PEERS / 20; index += 1) {
        const stream = 'short';
        const { answer } = await negotiate('short publisher', 'churn', { publish: stream });
        const client = await connect(HandClient.fromAnswer(answer));
        for (let sequence = 0; sequence < 5; sequence += 1) client.sendRaw(client.protect(sequence));
        await engine.closePeer('short publisher');
        client.close();
      }
    }
    const runAll = (limit: number) => Promise.all(Array.from({ length: CONCURRENCY }, () => runPeers(limit)));

    await Promise.all([runAll(WARM_UP_PEERS), runPublishers()]);
    const before = measure(pid);
    await runAll(WARM_UP_PEERS + PEERS);
    const after = measure(pid);
    const growth = `${PEERS} peers: ${before.rssKb} kB, then ${after.rssKb} kB; descriptors ${before.descriptors}, then ${after.descriptors}`;
    expect(after.rssKb - before.rssKb, growth).toBeLessThan(MAX_GROWTH_KB);
    expect(after.descriptors, growth).toBe(before.descriptors);
    expect((await engine.dump()).workers.map(({ restarts }) => restarts)).toEqual([0, 0]);
  },
  20 * 60_000,
);

test(
  `the memory of a worker is the same after ${WAVE_MEMBERS} members were connected at once, again and again`,
  async () => {
    const dump = await engine.dump();
    const pids = dump.workers.map(({ pid }) => pid ?? 0);
    const measureAll = () => pids.map(measure).reduce((sum, { rssKb }) => sum + rssKb, 0);
    const clients: HandClient[] = [];
    const checking = setInterval(() => {
      for (const client of clients) client.sendCheck();
    }, CONSENT_INTERVAL_MS);
    stops.push(() => clearInterval(checking));
    const full: number[] = [];
    const empty: number[] = [];
    for (let wave = 0; wave < WAVES; wave += 1) {
      let next = 0;
      const connectMembers = async () => {
        while (next < WAVE_MEMBERS) {
          const name = `member-${next}`;
          next += 1;
          const { answer } = await negotiate(name, `room-${next % 10}`, { publish: `stream of ${name}` });
          const client = await connect(HandClient.fromAnswer(answer));
          clients.push(client);
          for (let sequence = 0; sequence < PACKETS_PER_PEER; sequence += 1) client.sendRaw(client.protect(sequence));
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, connectMembers));
      const { peers } = await engine.dump();
      expect(peers.filter(({ state }) => state === 'connected')).toHaveLength(WAVE_MEMBERS);
      full.push(measureAll());
      const leaving = peers.values();
      const closeMembers = async () => {
        for (const { peer } of leaving) await engine.closePeer(peer);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, closeMembers));
      for (const client of clients.splice(0)) client.close();
      empty.push(measureAll());
    }
    const figures = `kB after each wave: connected ${full.join(', ')}; gone ${empty.join(', ')}`;
    if (IS_LONG) console.log(figures);
    const growthKb = (empty.at(-1) ?? 0) - (empty[WARM_UP_WAVES - 1] ?? 0);
    expect(growthKb, figures).toBeLessThan(MAX_GROWTH_KB);
    expect((await engine.dump()).workers.map(({ restarts }) => restarts)).toEqual([0, 0]);
  },
  10 * 60_000,
);

test("a worker that is killed under load disturbs no other worker's peers, and comes back (MED-3)", async () => {
  await publish('one');
  await publish('two');
  const [first, second] = [await play('one', 'viewer-one'), await play('two', 'viewer-two')];
  await waitFor(() => first.media.length > 5 && second.media.length > 5);
  const { streams, workers } = await engine.dump();
  const workerOf = (name: string) => streams.find(({ stream }) => stream === name)?.worker;
  expect(workerOf('one')).not.toBe(workerOf('two'));
  const died = new Promise((resolve) => engine.on('workerDied', resolve));
  process.kill(workers.find(({ worker }) => worker === workerOf('two'))?.pid ?? 0, 'SIGKILL');
  await died;
  const receivedAtDeath = first.media.length;
  await publish('two');
  const again = await play('two', 'viewer-two');
  await waitFor(() => again.media.length > 5);
  await sleep(10 * PACKET_INTERVAL_MS);
  // The other worker's viewer got every packet, before, during and after the death.
  const sequences = first.media.map((packet) => packet.readUInt16BE(2));
  expect(sequences.length).toBeGreaterThan(receivedAtDeath + 10);
  expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] as number) + index));
  for (const client of [first, second, again]) client.close();
}, 30_000);
