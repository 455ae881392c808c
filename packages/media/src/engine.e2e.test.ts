import { setTimeout as sleep } from 'node:timers/promises';
import { CHROMIUM } from '@gavel/testkit/chromium';
import { UdpRelay } from '@gavel/testkit/udp-relay';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrowserPeer, BrowserPeers } from '../tests/browser.ts';
import { waitFor } from '../tests/synthetic-peer.ts';
import { createMediaEngine, type MediaEngine, type MediaEngineEvents, type StreamDump } from './index.ts';

if (CHROMIUM === '') console.warn('Skipped: there is no Chromium on this machine');

describe.skipIf(CHROMIUM === '')('media between two Chromium pages', { timeout: 20_000 }, () => {
  let engine: MediaEngine;
  let browser: BrowserPeers;
  let publisher: BrowserPeer;
  let viewer: BrowserPeer;

  beforeAll(async () => {
    engine = createMediaEngine({ ports: 0 });
    await engine.start();
    browser = await BrowserPeers.launch();
    [publisher, viewer] = [await browser.openPeer(engine, 'publisher'), await browser.openPeer(engine, 'viewer')];
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await engine.close();
  });

  function nextLoss(peer: string): Promise<MediaEngineEvents['peerLost']> {
    return new Promise((resolve) => {
      engine.on('peerLost', (...args) => {
        if (args[0] === peer) resolve(args);
      });
    });
  }

  async function decodesMore(stream: string, frames = 5): Promise<void> {
    const { framesDecoded } = await viewer.readViewerStats(stream);
    await waitFor(
      async () => (await viewer.readViewerStats(stream)).framesDecoded >= framesDecoded + frames,
      8_000,
      50,
    );
  }

  async function dumpStream(stream: string): Promise<StreamDump | undefined> {
    return (await engine.dump()).streams.find((entry) => entry.stream === stream);
  }

  for (const codec of ['VP8', 'H264']) {
    test(`${codec} and Opus play, the first frame within a second of the call (CONN-1, MED-2)`, async () => {
      const { publish } = await publisher.publish(codec, codec);
      expect(publish.at(-1)).toEqual({ kinds: { audio: true, video: true } });
      await waitFor(async () => (await publisher.readPublisherStats(codec)).packetsSent > 20, 5_000, 50);
      expect(await viewer.play(codec)).toBeLessThan(1_000);
      await decodesMore(codec);
      const stats = await viewer.readViewerStats(codec);
      expect(stats.codec).toBe(`video/${codec}`);
      expect(stats.audioPackets).toBeGreaterThan(5);
      await waitFor(async () => (await publisher.readPublisherStats(codec)).remoteReports === 2, 5_000, 50);
    });
  }

  test('both streams play at once over one connection of each page (CONN-1)', async () => {
    await Promise.all([decodesMore('VP8'), decodesMore('H264')]);
    expect((await engine.dump()).peers.map(({ peer, state }) => [peer, state])).toEqual([
      ['publisher', 'connected'],
      ['viewer', 'connected'],
    ]);
  });

  test("a publisher's bandwidth estimate grows well beyond the 300 kbit/s that Chromium begins with (MED-4)", async () => {
    await waitFor(
      async () => (await publisher.readPublisherStats('VP8')).availableOutgoingBitrate > 500_000,
      15_000,
      100,
    );
  });

  test('a page publishes and plays over the same connection, and stops one of them (CONN-2)', async () => {
    await viewer.publish('reply');
    await publisher.play('reply');
    await decodesMore('VP8');
    await publisher.stop('reply');
    await viewer.stop('reply');
    await Promise.all([publisher.negotiate(), viewer.negotiate()]);
    expect(await dumpStream('reply')).toBeUndefined();
    await Promise.all([decodesMore('VP8'), decodesMore('H264')]);
  });

  test('a publisher with a new connection keeps its viewers decoding (MED-3)', async () => {
    await publisher.connect();
    await publisher.addPublication('VP8');
    await publisher.publish('H264', 'H264');
    await Promise.all([decodesMore('VP8', 10), decodesMore('H264', 10)]);
  });

  test('lost packets are asked for and sent again, on both ways (MED-4)', async () => {
    const relay = new UdpRelay();
    const [lossy, far] = [await browser.openPeer(engine, 'lossy'), await browser.openPeer(engine, 'far')];
    for (const peer of [lossy, far]) peer.rewrite = (answer) => relay.rewrite(answer);
    try {
      await lossy.publish('lossy');
      await far.play('lossy');
      relay.shape({ up: { loss: 0.1 }, down: { loss: 0.1 } });
      const countFrames = async (): Promise<number> => (await far.readViewerStats('lossy')).framesDecoded;
      const before = await countFrames();
      await waitFor(async () => (await countFrames()) > before + 40, 12_000, 50);
      await waitFor(async () => {
        const { publisher: up, subscriptions } = (await dumpStream('lossy')) ?? {};
        const resent = [up?.retransmitted ?? 0, subscriptions?.[0]?.counters.retransmitted ?? 0];
        const { up: upward, down } = relay.counts;
        return upward.lost + down.lost > 10 && resent.every((count) => count > 3);
      });
    } finally {
      await relay.close();
      await Promise.all([engine.closePeer('lossy'), engine.closePeer('far')]);
    }
  });

  test('a viewer that comes to a picture that does not change sees it', async () => {
    const still = await browser.openPeer(engine, 'still');
    await still.addStill('still');
    await still.negotiate();
    await waitFor(async () => (await dumpStream('still'))?.state === 'connected');
    // The first frames may be dropped while the encoder starts.
    for (let frame = 0; frame < 3; frame += 1) {
      await still.drawStill();
      await sleep(200);
    }
    await waitFor(async () => ((await dumpStream('still'))?.publisher.packets ?? 0) > 0);
    await sleep(1_000);
    const { packets } = (await dumpStream('still'))?.publisher ?? {};
    const late = await browser.openPeer(engine, 'late');
    expect(await late.play('still')).toBeLessThan(3_000);
    expect((await late.readViewerStats('still')).width).toBe(320);
    // The publisher has sent nothing for it.
    expect((await dumpStream('still'))?.publisher.packets).toBe(packets);
    await Promise.all([engine.closePeer('still'), engine.closePeer('late')]);
  });

  test('a refused kind is not published', async () => {
    const { publish } = await publisher.publish('silent', 'VP8', { audio: false, video: true });
    expect(publish.at(-1)).toEqual({ kinds: { audio: false, video: true } });
    await viewer.play('silent');
    expect((await viewer.readViewerStats('silent')).audioPackets).toBe(0);
    await engine.closeStream('silent');
  });

  test('a closed stream reaches nobody any more (KICK-4, STRM-3)', async () => {
    await engine.closeStream('H264');
    // What has arrived before is decoded first.
    await sleep(300);
    const { framesDecoded, audioPackets } = await viewer.readViewerStats('H264');
    await sleep(300);
    expect(await viewer.readViewerStats('H264')).toMatchObject({ framesDecoded, audioPackets });
    const closed = (await engine.dump()).closed.filter((entry) => entry.stream === 'H264').slice(-2);
    expect(closed.map((entry) => [entry.kind, entry.packetsAfterClose])).toEqual([
      ['subscription', 0],
      ['publisher', 0],
    ]);
    await decodesMore('VP8');
  });

  test('a killed worker costs at most a few seconds of media (MED-3)', async () => {
    const killedAtMs = performance.now();
    const losses = [nextLoss('publisher'), nextLoss('viewer')];
    process.kill((await engine.dump()).workers[0]?.pid ?? 0, 'SIGKILL');
    expect(await Promise.all(losses)).toEqual([
      ['publisher', 'worker-died'],
      ['viewer', 'worker-died'],
    ]);
    await Promise.all([publisher.connect(), viewer.connect()]);
    await Promise.all([publisher.publish('VP8'), viewer.play('VP8')]);
    expect(performance.now() - killedAtMs).toBeLessThan(5_000);
  });

  test('pages that hang up are told as lost', async () => {
    for (const peer of [viewer, publisher]) {
      const loss = nextLoss(peer.name);
      await peer.hangUp();
      expect(await loss).toEqual([peer.name, 'transport-failed']);
    }
    expect(await dumpStream('VP8')).toMatchObject({ state: 'lost', subscriptions: [] });
  });
});
