/**
 * What a media engine does with simulcast (SIM-1), whatever transport its workers use.
 *
 * @module
 */

import { describe, expect, test, vi } from 'vitest';
import type { TransportKind } from '../src/engine.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { expectAllSent, useEngine } from './engine-stage.ts';
import { LayeredPublisher, RID_ID, readLayer } from './layered-publisher.ts';
import { createVideoSection, type SyntheticPeer, waitFor } from './synthetic-peer.ts';

/** Declares the tests for one transport. */
export function describeLayers(transport: TransportKind): void {
  vi.setConfig({ testTimeout: 20_000 });
  const header = new RtpHeader();
  const stage = useEngine(transport, expectAllSent);
  let lastNumber = 0;
  let stream = '';
  let publisher: LayeredPublisher;

  async function publish(): Promise<void> {
    lastNumber += 1;
    stream = `layers-${lastNumber}`;
    publisher = await LayeredPublisher.start(stage.engine, stream);
    stage.add(publisher.peer);
  }

  async function subscribe(maxLayer?: number): Promise<SyntheticPeer> {
    lastNumber += 1;
    return stage.open(`${stream}/${lastNumber}`, (peer) => {
      const sections = [createVideoSection('recvonly')];
      peer.addSubscription({ stream, sections, ...(maxLayer !== undefined && { preferences: { maxLayer } }) });
    });
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
      const dump = await stage.findStream(stream);
      expect(dump?.tracks[0]?.layers.map(({ rid, counters }) => [rid, counters.packets])).toEqual([
        ['low', 3],
        ['medium', 3],
        ['high', 3],
      ]);
      expect((await stage.findSubscription(best, stream))?.layer).toBe(2);
      expect(await stage.findSubscription(small, stream)).toMatchObject({ layer: 0, maxLayer: 0 });
    });

    test('SIM-1: a switch waits for a keyframe of its layer, which is requested, and leaves no gap', async () => {
      await publish();
      const viewer = await subscribe();
      publisher.sendAll(true);
      publisher.sendAll(true);
      await waitFor(() => layersOf(viewer).at(-1) === 2);
      publisher.peer.rtcp.length = 0;
      await stage.engine.preferVideo(viewer.name, stream, { maxLayer: 1 });
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
      await waitFor(async () => ((await stage.findStream(stream))?.publisher.packets ?? 0) === 3);
      await stage.engine.closeStream(stream);
      await publisher.peer.negotiate();
      const viewer = await subscribe(0);
      publisher.sendAll(true);
      await waitFor(() => layersOf(viewer).join() === '0');
    });
  });
}
