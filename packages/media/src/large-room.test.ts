import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendFrames } from '../tests/engine-stage.ts';
import { readVp8Text, SyntheticPeer, waitFor } from '../tests/synthetic-peer.ts';
import type { EngineDump } from './engine.ts';
import { createMediaEngine, type MediaEngine } from './index.ts';
import { RtpHeader } from './rtp/rtp-packet.ts';

/** Viewers of the room; a long run sets more, such as 400. */
const VIEWERS = Number(process.env.GAVEL_LARGE_ROOM_VIEWERS ?? 12);
const PACKETS = 100;
/** The test process, too, takes time for each packet of each viewer. */
const PACKET_INTERVAL_MS = Math.max(5, VIEWERS / 20);
/** How many viewers connect at the same time. */
const CONNECTING_AT_ONCE = 4;
const STREAM = 'lecture';
const WAIT_MS = 60_000;

const header = new RtpHeader();
let engine: MediaEngine;
let publisher: SyntheticPeer;
/** Each with the numbers of the packets that it has received. */
const viewers: { readonly peer: SyntheticPeer; readonly received: number[] }[] = [];

beforeAll(
  async () => {
    engine = createMediaEngine({
      ports: 0,
      workers: 2,
      maxSubscriptionsPerWorker: Math.floor(VIEWERS / 2),
      announcedAddress: '127.0.0.1',
      callTimeoutMs: WAIT_MS,
    });
    await engine.start();
    publisher = await SyntheticPeer.publish(engine, STREAM);
    const names = Array.from({ length: VIEWERS }, (_, index) => `viewer-${index}`);
    while (names.length > 0) await Promise.all(names.splice(0, CONNECTING_AT_ONCE).map(openViewer));
  },
  30_000 + VIEWERS * 500,
);

afterAll(async () => {
  for (const { peer } of viewers) peer.close();
  publisher.close();
  await engine.close();
});

async function openViewer(name: string): Promise<void> {
  const peer = await SyntheticPeer.subscribe(engine, STREAM, name);
  const received: number[] = [];
  peer.receiveRtp = (packet) => {
    if (header.read(packet)) received.push(Number(readVp8Text(packet.subarray(header.payloadOffset)).split(' ')[1]));
  };
  viewers.push({ peer, received });
}

/** Subscriptions, and packets sent to their peers, by worker. */
function sumByWorker({ peers, workers }: EngineDump): { subscriptions: number; packets: number }[] {
  return workers.map(({ worker }) => {
    const own = peers.filter(({ peer, worker: at }) => at === worker && peer.startsWith('viewer'));
    return { subscriptions: own.length, packets: own.reduce((sum, { sent }) => sum + sent.packets, 0) };
  });
}

test(
  `PIPE-1, KICK-4: of a room of ${VIEWERS} viewers two workers carry about one half each, every viewer gets every packet, and a kick stops both`,
  async () => {
    let sequence = 1;
    // The pipe may be opened a moment after the answer.
    await waitFor(
      () => {
        sendFrames(publisher, sequence++, 1);
        return viewers.every(({ received }) => received.length > 0);
      },
      WAIT_MS,
      50,
    );
    const first = sequence;
    const before = sumByWorker(await engine.dump());
    for (; sequence < first + PACKETS; sequence += 1) {
      sendFrames(publisher, sequence, 1);
      await sleep(PACKET_INTERVAL_MS);
    }
    await waitFor(() => viewers.every(({ received }) => received.at(-1) === sequence - 1), WAIT_MS);
    const expected = Array.from({ length: PACKETS }, (_, index) => first + index);
    for (const { received } of viewers) expect(received.filter((number) => number >= first)).toEqual(expected);

    const after = sumByWorker(await engine.dump());
    for (const [index, { subscriptions, packets }] of after.entries()) {
      // Viewers that connect at the same time are placed before they are counted.
      expect(subscriptions).toBeGreaterThanOrEqual(VIEWERS / 4);
      expect(packets - (before[index]?.packets ?? 0)).toBeGreaterThanOrEqual(PACKETS * subscriptions);
    }

    const sending = setInterval(() => sendFrames(publisher, sequence++, 1), 5);
    try {
      await sleep(50);
      await engine.closePeer(publisher.name);
      const stopped = sumByWorker(await engine.dump());
      await sleep(200);
      expect(sumByWorker(await engine.dump())).toEqual(stopped);
      const { closed } = await engine.dump();
      expect(closed.filter(({ packetsAfterClose }) => packetsAfterClose > 0)).toEqual([]);
      expect(closed.filter(({ kind }) => kind === 'subscription')).toHaveLength(VIEWERS);
    } finally {
      clearInterval(sending);
    }
  },
  30_000 + VIEWERS * 300,
);
