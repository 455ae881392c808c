/**
 * What a media engine finds out from packets and their feedback: how loud streams are, and what a viewer's network can take;
 * whatever transport its workers use.
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SoundLevel, TransportKind } from '../src/engine.ts';
import { createMediaEngine, type MediaEngine } from '../src/index.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { AUDIO_LEVEL_URI } from '../src/sdp/codecs.ts';
import { TwccCollector } from '../src/worker/twcc-collector.ts';
import { TRANSPORT_CC_ID } from './offer-builder.ts';
import { createAudioSection, createVideoSection, SyntheticPeer, waitFor } from './synthetic-peer.ts';

const LEVEL_ID = 1;
const SOUND = { ssrcs: [31], lines: [`a=extmap:${LEVEL_ID} ${AUDIO_LEVEL_URI}`] };

/** Declares the tests for one transport. */
export function describeViewerNetwork(transport: TransportKind): void {
  vi.setConfig({ testTimeout: 20_000 });
  let engine: MediaEngine;
  let peers: SyntheticPeer[] = [];
  let reports: (readonly SoundLevel[])[] = [];

  beforeAll(async () => {
    engine = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' });
    engine.on('soundLevels', (levels) => void reports.push(levels));
    await engine.start();
  });

  afterEach(async () => {
    for (const peer of peers) {
      peer.close();
      await engine.closePeer(peer.name);
    }
    peers = [];
    reports = [];
  });

  afterAll(() => engine.close());

  async function open(name: string, add: (peer: SyntheticPeer) => void): Promise<SyntheticPeer> {
    const peer = new SyntheticPeer(engine, name);
    peers.push(peer);
    add(peer);
    await peer.negotiate();
    await peer.opened();
    return peer;
  }

  describe('feedback', () => {
    const RTX_TYPE = 97;
    const VIDEO_SSRC = 1_000;
    const header = new RtpHeader();

    /** Collects the packets of a viewer when they arrive, as a browser does. */
    function collectFeedback(viewer: SyntheticPeer): { collector: TwccCollector; padding: number[] } {
      const collector = new TwccCollector(1);
      const padding: number[] = [];
      viewer.receiveRtp = (packet) => {
        if (!header.read(packet)) return;
        if (header.payloadType === RTX_TYPE && header.payloadBytes === 0) padding.push(header.ssrc);
        collector.handlePacket(header.findExtension16(packet, TRANSPORT_CC_ID), performance.now());
      };
      return { collector, padding };
    }

    test('BWE-1: a viewer that gives feedback is probed with padding, and has an estimate; another one has none', async () => {
      const publisher = await SyntheticPeer.publish(engine, 'picture');
      const mute = await SyntheticPeer.subscribe(engine, 'picture', 'mute');
      peers.push(publisher, mute);
      const section = createVideoSection('recvonly', { rtxPayloadType: RTX_TYPE });
      const viewer = await open('viewer', (peer) => peer.addSubscription({ stream: 'picture', sections: [section] }));
      const { collector, padding } = collectFeedback(viewer);
      const findEstimate = async (name: string) =>
        (await engine.dump()).peers.find(({ peer }) => peer === name)?.estimate;
      let frame = 0;
      await waitFor(async () => {
        frame += 1;
        publisher.sendRtp({ sequence: frame, timestamp: frame * 3_000, marker: true });
        for (const packet of collector.collect(VIDEO_SSRC)) viewer.send(packet);
        return ((await findEstimate('viewer'))?.bps ?? 0) > 600_000;
      }, 20_000);
      const [, rtxSsrc] = viewer.ssrcsOf(section.mid);
      expect(new Set(padding)).toEqual(new Set([rtxSsrc]));
      expect((await findEstimate('viewer'))?.roundTripMs).toBeLessThan(1_000);
      expect(await findEstimate('mute')).toBeUndefined();
    });
  });

  describe('sound', () => {
    const publishSound = (stream: string) =>
      open(`publisher of ${stream}`, (peer) =>
        peer.addPublication({ stream, sections: [createAudioSection('sendonly', SOUND)] }),
      );
    let sequence = 0;
    const sendSound = (peer: SyntheticPeer, level: number): void => {
      sequence += 1;
      const extensions = [[LEVEL_ID, Buffer.from([level])]] as const;
      peer.sendRtp({ sequence, ssrc: 31, payloadType: 111, extensions });
    };

    test('the levels of streams are reported while they are audible, and silence once', async () => {
      const publisher = await publishSound('loud');
      const quiet = await publishSound('quiet');
      sendSound(quiet, 127);
      sendSound(publisher, 30);
      await waitFor(() => reports.flat().some(({ level }) => level === 127));
      const levels = reports.flat();
      expect(new Set(levels.map(({ stream }) => stream))).toEqual(new Set(['loud']));
      expect(levels[0]?.level).toBe(30);
      expect(levels.filter(({ level }) => level === 127)).toHaveLength(1);
      expect(levels.map(({ level }) => level)).toEqual(levels.map(({ level }) => level).sort((a, b) => a - b));
    });

    test('a stream that was closed, or whose sound is blocked, has no level any more (RULE-1)', async () => {
      const [closed, blocked, open] = [
        await publishSound('closed'),
        await publishSound('blocked'),
        await publishSound('open'),
      ];
      const sendAll = (): void => {
        for (const peer of [closed, blocked, open]) sendSound(peer, 20);
      };
      await waitFor(() => {
        sendAll();
        return new Set(reports.flat().map(({ stream }) => stream)).size === 3;
      });
      await engine.closeStream('closed');
      await engine.restrict('blocked', { audio: true, video: false });
      reports = [];
      await waitFor(() => {
        sendAll();
        return reports.flat().filter(({ stream }) => stream === 'open').length > 10;
      });
      expect(reports.flat().filter(({ stream }) => stream === 'closed')).toEqual([]);
      // What was measured before the block fades out.
      const rest = reports.flat().filter(({ stream }) => stream === 'blocked');
      expect(rest.at(-1)?.level).toBe(127);
      expect(reports.at(-1)?.map(({ stream }) => stream)).toEqual(['open']);
    });
  });
}
