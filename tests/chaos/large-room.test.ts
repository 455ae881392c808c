/**
 * A room of 400 viewers of one stream, on two workers.
 *
 * @module
 */

import { createMediaEngine, type MediaEngine } from '@gavel/media';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HandClient, withHandTransport } from '../../packages/media/tests/hand-client.ts';
import { writeOffer } from '../../packages/media/tests/offer-builder.ts';
import { waitFor } from '../../packages/media/tests/synthetic-peer.ts';

const VIEWERS = 400;
const WORKERS = 2;
/** Handshakes at once. */
const CONCURRENCY = 8;
const GROUP = 'hall';
const STREAM = 'keynote';
const MIDS = { video: '0' };
/** Each in all viewers: 400 packets out at once. */
const PACKETS = 50;
const PACKET_INTERVAL_MS = 20;
const TIMEOUT_MS = 60_000;

const offerOf = (direction: 'sendonly' | 'recvonly'): string => {
  const ssrcs = direction === 'sendonly' ? { ssrcs: [1] } : {};
  return withHandTransport(writeOffer([{ mid: MIDS.video, kind: 'video', direction, ...ssrcs }]));
};

let engine: MediaEngine;
const clients: HandClient[] = [];

beforeEach(async () => {
  engine = createMediaEngine({
    transport: 'openssl',
    ports: 0,
    workers: WORKERS,
    maxSubscriptionsPerWorker: VIEWERS / WORKERS,
    announcedAddress: '127.0.0.1',
  });
  await engine.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await engine.close();
});

async function connect(peer: string, role: 'publish' | 'subscribe'): Promise<HandClient> {
  const isPublisher = role === 'publish';
  const { answer } = await engine.negotiate({
    group: GROUP,
    peer,
    offer: offerOf(isPublisher ? 'sendonly' : 'recvonly'),
    publish: isPublisher ? [{ stream: STREAM, mids: MIDS, allowed: { audio: true, video: true } }] : [],
    subscribe: isPublisher ? [] : [{ stream: STREAM, mids: MIDS }],
  });
  const client = HandClient.fromAnswer(answer);
  clients.push(client);
  await client.useNewSocket();
  client.startHandshake();
  await waitFor(() => {
    client.tick();
    return client.hasKeys;
  }, TIMEOUT_MS);
  return client;
}

/** Connects all viewers, some at once. */
async function connectViewers(): Promise<HandClient[]> {
  const viewers: HandClient[] = [];
  const names = Array.from({ length: VIEWERS }, (_, index) => `viewer ${index}`);
  const connectNext = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      viewers.push(await connect(name, 'subscribe'));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, connectNext));
  return viewers;
}

test('400 viewers on two workers get every packet, both workers carry load, and a kick cuts both (PIPE-1, KICK-4)', async () => {
  const publisher = await connect('speaker', 'publish');
  const viewers = await connectViewers();
  let sequence = 0;
  const send = (): void => {
    publisher.sendRaw(publisher.protect(sequence));
    sequence += 1;
  };
  // The pipe to the other worker opens with the first viewer there.
  await waitFor(
    () => {
      send();
      return viewers.every(({ media }) => media.length > 0);
    },
    TIMEOUT_MS,
    50,
  );

  for (const client of clients) client.sendCheck();
  // What is on its way arrives before the count begins.
  const received = (): number => viewers.reduce((sum, { media }) => sum + media.length, 0);
  let before = -1;
  while (before !== received()) {
    before = received();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  for (const { media } of viewers) media.length = 0;
  for (let count = 0; count < PACKETS; count += 1) {
    send();
    await new Promise((resolve) => setTimeout(resolve, PACKET_INTERVAL_MS));
  }
  await waitFor(() => viewers.every(({ media }) => media.length >= PACKETS), TIMEOUT_MS);
  expect(viewers.map(({ media }) => media.length)).toEqual(viewers.map(() => PACKETS));

  const { peers, streams } = await engine.dump();
  for (let worker = 0; worker < WORKERS; worker += 1) {
    const sent = peers.filter((peer) => peer.worker === worker && peer.peer !== 'speaker').map((peer) => peer.sent);
    // Calls that are under way at the limit go to the first worker.
    expect(sent.length).toBeGreaterThanOrEqual(VIEWERS / WORKERS - CONCURRENCY);
    expect(sent.every(({ packets }) => packets >= PACKETS)).toBe(true);
  }
  expect(streams[0]?.pipedTo).toHaveLength(1);

  const sending = setInterval(send, 5);
  try {
    await engine.closePeer('speaker');
    const atAnswer = (await engine.dump()).peers.map(({ sent }) => sent.packets);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { peers: later, closed } = await engine.dump();
    expect(later.map(({ sent }) => sent.packets)).toEqual(atAnswer);
    expect(closed.filter(({ packetsAfterClose }) => packetsAfterClose !== 0)).toEqual([]);
  } finally {
    clearInterval(sending);
  }
}, 180_000);
