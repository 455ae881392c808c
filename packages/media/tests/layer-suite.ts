/**
 * What a media engine does with simulcast (SIM-1), whatever transport its workers use.
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TransportKind } from '../src/engine.ts';
import { createMediaEngine, type MediaEngine } from '../src/index.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { LayeredPublisher, RID_ID, readLayer } from './layered-publisher.ts';
import { createVideoSection, SyntheticPeer, waitFor } from './synthetic-peer.ts';

/** Declares the tests for one transport. */
export function describeLayers(transport: TransportKind): void {
  vi.setConfig({ testTimeout: 20_000 });
  const header = new RtpHeader();
  let engine: MediaEngine;
  let nextStream = 0;
  let stream = '';
  let publisher: LayeredPublisher;
  const peers: SyntheticPeer[] = [];

  beforeAll(async () => {
    engine = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' });
    await engine.start();
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) {
      peer.close();
      await engine.closePeer(peer.name);
    }
    for (const { transport: dumped } of (await engine.dump()).workers) expect(dumped?.datagrams?.unsent ?? 0).toBe(0);
  });

  afterAll(() => engine.close());

  async function publish(): Promise<void> {
    stream = `layers-${nextStream++}`;
    publisher = await LayeredPublisher.start(engine, stream);
    peers.push(publisher.peer);
  }

  async function subscribe(maxLayer?: number): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer(engine, `${stream}/${peers.length}`);
    peers.push(peer);
    const sections = [createVideoSection('recvonly')];
    peer.addSubscription({ stream, sections, ...(maxLayer !== undefined && { preferences: { maxLayer } }) });
    await peer.negotiate();
    await peer.opened();
    await waitFor(async () => (await findSubscription(peer))?.state === 'connected');
    return peer;
  }

  async function findStream() {
    return (await engine.dump()).streams.find((entry) => entry.stream === stream);
  }

  async function findSubscription({ name }: SyntheticPeer) {
    return (await findStream())?.subscriptions.find(({ peer }) => peer === name);
  }

  /** The layers of the packets that a peer got, as its payloads name them. */
  function layersOf(peer: SyntheticPeer): number[] {
    return peer.rtp.map((packet) => {
      header.read(packet);
      return readLayer(packet.subarray(header.payloadOffset));
    });
  }

  const sequencesOf = (peer: SyntheticPeer) => peer.rtp.map((packet) => packet.readUInt16BE(2));

  describe('simulcast', () => {
    test('SIM-1: three layers are accepted and learnt by their rids; each viewer gets one, by its limit', async () => {
      await publish();
      expect(publisher.peer.answer).toContain('a=simulcast:recv low;medium;high\r\n');
      const [best, small] = [await subscribe(), await subscribe(0)];
      publisher.sendAll(true);
      publisher.sendAll(true);
      publisher.sendAll(false);
      await waitFor(() => layersOf(best).at(-1) === 2 && layersOf(best).length >= 3 && layersOf(small).length === 3);
      expect(layersOf(small)).toEqual([0, 0, 0]);
      const dump = await findStream();
      expect(dump?.tracks[0]?.layers.map(({ rid, counters }) => [rid, counters.packets])).toEqual([
        ['low', 3],
        ['medium', 3],
        ['high', 3],
      ]);
      expect((await findSubscription(best))?.layer).toBe(2);
      expect(await findSubscription(small)).toMatchObject({ layer: 0, maxLayer: 0 });
    });

    test('SIM-1: a switch waits for a keyframe of its layer, which is requested, and leaves no gap', async () => {
      await publish();
      const viewer = await subscribe();
      publisher.sendAll(true);
      publisher.sendAll(true);
      await waitFor(() => layersOf(viewer).at(-1) === 2);
      publisher.peer.rtcp.length = 0;
      await engine.preferVideo(viewer.name, stream, { maxLayer: 1 });
      await waitFor(() => publisher.requestedLayers.includes(1));
      publisher.sendAll(false);
      publisher.send(1, true);
      publisher.sendAll(false);
      await waitFor(() => layersOf(viewer).slice(-3).join() === '2,1,1');
      const [first = 0] = sequencesOf(viewer);
      expect(sequencesOf(viewer)).toEqual(viewer.rtp.map((_, index) => (first + index) & 0xffff));
      const timestamps = viewer.rtp.map((packet) => packet.readUInt32BE(4));
      for (const [index, timestamp] of timestamps.slice(1).entries()) {
        expect((timestamp - (timestamps[index] ?? 0)) | 0).toBeGreaterThan(0);
      }
    });

    test('a layer that its publisher switches off leaves its viewers to the next one', async () => {
      await publish();
      const viewer = await subscribe();
      publisher.sendAll(true);
      publisher.sendAll(true);
      await waitFor(() => layersOf(viewer).at(-1) === 2);
      const timer = setInterval(() => {
        publisher.send(0, true);
        publisher.send(1, true);
      }, 50);
      try {
        await waitFor(() => layersOf(viewer).at(-1) === 1);
        publisher.send(2, true);
        await waitFor(() => layersOf(viewer).at(-1) === 2);
      } finally {
        clearInterval(timer);
      }
    });

    test('a section with an unknown rid, or a source that changes its layer, changes nothing', async () => {
      await publish();
      const viewer = await subscribe(0);
      publisher.send(0, true);
      await waitFor(() => viewer.rtp.length === 1);
      const payload = Buffer.from([0x90, 0xe0, 0x80, 9, 1, 0, 0x10, 0x6c]);
      const forged = [
        { ssrc: 9_999, extensions: [[RID_ID, Buffer.from('none')]] },
        { ssrc: 9_998, extensions: [[RID_ID, Buffer.from('low')]] },
      ] as const;
      for (const fields of forged) publisher.peer.sendRtp({ sequence: 1, marker: true, payload, ...fields });
      publisher.send(0, true);
      await waitFor(() => viewer.rtp.length === 2);
      expect(layersOf(viewer)).toEqual([0, 0]);
    });

    test('publishing again on the same connection, with the same sources, is learnt again', async () => {
      await publish();
      publisher.sendAll(true);
      await waitFor(async () => ((await findStream())?.publisher.packets ?? 0) === 3);
      await engine.closeStream(stream);
      await publisher.peer.negotiate();
      const viewer = await subscribe(0);
      publisher.sendAll(true);
      await waitFor(() => layersOf(viewer).join() === '0');
    });
  });
}
