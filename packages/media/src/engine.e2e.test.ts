import { setTimeout as sleep } from 'node:timers/promises';
import { CHROMIUM } from '@gavel/testkit/chromium';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserPeers, playIn, publishFrom, readPlayerStats, readPublisherStats } from '../tests/browser.ts';
import { LossyRelay } from '../tests/lossy-relay.ts';
import { waitFor } from '../tests/synthetic-peer.ts';
import { createMediaEngine, type MediaEngine } from './index.ts';

if (CHROMIUM === '') console.warn('Skipped: there is no Chromium on this machine');

describe.skipIf(CHROMIUM === '')('media between two Chromium pages', { timeout: 20_000 }, () => {
  let engine: MediaEngine;
  let browser: BrowserPeers;
  let publisher: Page;
  let player: Page;

  beforeAll(async () => {
    engine = createMediaEngine({ ports: 0 });
    await engine.start();
    browser = await BrowserPeers.launch();
    [publisher, player] = [await browser.openPage(), await browser.openPage()];
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    await engine.close();
  });

  function lost(event: 'streamLost' | 'playerLost'): Promise<unknown[]> {
    return new Promise((resolve) => engine.on(event, (...args: unknown[]) => resolve(args)));
  }

  async function decodesMore(name: string, frames = 5): Promise<void> {
    const { framesDecoded } = await readPlayerStats(player, name);
    await waitFor(async () => (await readPlayerStats(player, name)).framesDecoded >= framesDecoded + frames, 8_000, 50);
  }

  for (const codec of ['VP8', 'H264']) {
    test(`${codec} and Opus play, the first frame within a second of the call (MED-1, MED-2)`, async () => {
      const published = await publishFrom(publisher, engine, codec, codec);
      expect(published.kinds).toEqual({ audio: true, video: true });
      await waitFor(async () => (await readPublisherStats(publisher, codec)).packetsSent > 20, 5_000, 50);
      const { firstFrame } = await playIn(player, engine, codec, `${codec}-player`);
      expect(await firstFrame).toBeLessThan(1_000);
      await decodesMore(`${codec}-player`);
      const stats = await readPlayerStats(player, `${codec}-player`);
      expect(stats.codec).toBe(`video/${codec}`);
      expect(stats.audioPackets).toBeGreaterThan(5);
      await waitFor(async () => (await readPublisherStats(publisher, codec)).remoteReports === 2, 5_000, 50);
    });
  }

  test("a publisher's bandwidth estimate grows well beyond the 300 kbit/s that Chromium begins with (MED-4)", async () => {
    await waitFor(
      async () => (await readPublisherStats(publisher, 'VP8')).availableOutgoingBitrate > 500_000,
      15_000,
      100,
    );
  });

  test('a publisher that negotiates anew keeps its players decoding (MED-3)', async () => {
    await publishFrom(publisher, engine, 'VP8', 'VP8');
    await decodesMore('VP8-player', 10);
  });

  test('lost packets are asked for and sent again, on both ways (MED-4)', async () => {
    const relay = await LossyRelay.start((await engine.dump()).workers[0]?.port ?? 0, 0);
    const rewrite = (answer: string): string => relay.rewrite(answer);
    try {
      await publishFrom(publisher, engine, 'lossy', 'VP8', { rewrite });
      await (await playIn(player, engine, 'lossy', 'lossy-player', rewrite)).firstFrame;
      relay.loss = 0.1;
      await decodesMore('lossy-player', 40);
      // How many of the dropped packets were sound, which is not sent again, is up to the browser's pace.
      await waitFor(async () => {
        const dump = (await engine.dump()).streams.find((entry) => entry.stream === 'lossy');
        const { publisher: up, players } = dump ?? {};
        const resent = [up?.retransmitted ?? 0, players?.[0]?.counters.retransmitted ?? 0];
        return relay.dropped > 10 && resent.every((count) => count > 3);
      });
      await decodesMore('lossy-player', 10);
    } finally {
      relay.close();
      await engine.closeStream('lossy');
    }
  });

  test('a refused kind is not published', async () => {
    const { kinds } = await publishFrom(publisher, engine, 'silent', 'VP8', { allowed: { audio: false, video: true } });
    expect(kinds).toEqual({ audio: false, video: true });
    await (await playIn(player, engine, 'silent', 'silent-player')).firstFrame;
    expect((await readPlayerStats(player, 'silent-player')).audioPackets).toBe(0);
    await engine.closeStream('silent');
  });

  test('a closed stream reaches nobody any more (KICK-4, STRM-3)', async () => {
    await engine.closeStream('H264');
    // What has arrived before is decoded first.
    await sleep(300);
    const { framesDecoded, audioPackets } = await readPlayerStats(player, 'H264-player');
    await sleep(300);
    expect(await readPlayerStats(player, 'H264-player')).toMatchObject({ framesDecoded, audioPackets });
    const closed = (await engine.dump()).closed.filter((entry) => entry.stream === 'H264');
    expect(closed.map((entry) => [entry.kind, entry.packetsAfterClose])).toEqual([
      ['publisher', 0],
      ['player', 0],
    ]);
  });

  test('a killed worker costs at most a few seconds of media (MED-3)', async () => {
    const killedAtMs = performance.now();
    const streamLost = lost('streamLost');
    const playerLost = lost('playerLost');
    process.kill((await engine.dump()).workers[0]?.pid ?? 0, 'SIGKILL');
    expect(await streamLost).toEqual(['VP8', 'worker-died']);
    expect(await playerLost).toEqual(['VP8-player', 'VP8', 'worker-died']);
    const [, { firstFrame }] = await Promise.all([
      publishFrom(publisher, engine, 'VP8', 'VP8'),
      playIn(player, engine, 'VP8', 'VP8-player'),
    ]);
    await firstFrame;
    expect(performance.now() - killedAtMs).toBeLessThan(5_000);
  });

  test('a player and a publisher that hang up are told as lost', async () => {
    const playerLost = lost('playerLost');
    await player.evaluate(() => window.peers.get('VP8-player')?.close());
    expect(await playerLost).toEqual(['VP8-player', 'VP8', 'transport-failed']);
    const streamLost = lost('streamLost');
    await publisher.evaluate(() => window.peers.get('VP8')?.close());
    expect(await streamLost).toEqual(['VP8', 'transport-failed']);
  });
});
