/**
 * What a media engine does with media, whatever transport its workers use.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { TransportKind } from '../src/engine.ts';
import { parseRtcp, type RtcpItem, writeNack, writePli } from '../src/rtp/rtcp.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { readSequences, readTexts, sendFrames, useEngine } from './engine-stage.ts';
import { MID_ID } from './offer-builder.ts';
import { parseTwccFeedback } from './parse-twcc.ts';
import {
  createAudioSection,
  createVideoSection,
  DEFAULT_SSRC,
  readVp8Text,
  SyntheticPeer,
  waitFor,
} from './synthetic-peer.ts';

/** Declares the tests of a media engine for one transport. */
export function describeEngine(transport: TransportKind): void {
  // Tests start several worker processes, which takes seconds on a busy machine.
  vi.setConfig({ testTimeout: 20_000 });
  const header = new RtpHeader();
  const stage = useEngine(transport);
  let nextStream = 0;
  let stream = '';

  async function publish(ssrc = DEFAULT_SSRC, payloadType = 96): Promise<SyntheticPeer> {
    if (stage.isEmpty) stream = `stream-${nextStream++}`;
    return stage.add(await SyntheticPeer.publish(stage.engine, stream, { ssrc, payloadType }));
  }

  async function subscribe(name = 'viewer', payloadType = 96): Promise<SyntheticPeer> {
    const peer = stage.add(await SyntheticPeer.subscribe(stage.engine, stream, name, { payloadType }));
    await stage.waitUntilConnected(peer);
    return peer;
  }

  function listItems(peer: SyntheticPeer): RtcpItem[] {
    return peer.rtcp.flatMap(parseRtcp);
  }

  describe('forwarding', () => {
    test("a viewer gets the publisher's packets under its own payload type, SSRC and numbers (CONN-1)", async () => {
      const publisher = await publish(4_711, 96);
      const [first, second] = [await subscribe('first', 96), await subscribe('second', 120)];
      sendFrames(publisher, 1, 5, 4_711);
      await waitFor(() => first.rtp.length === 5 && second.rtp.length === 5);
      const ssrcs = new Set<number>();
      for (const [peer, payloadType] of [
        [first, 96],
        [second, 120],
      ] as const) {
        expect(readTexts(peer)).toEqual([1, 2, 3, 4, 5].map((sequence) => `payload ${sequence}`));
        expect(readSequences(peer)).toEqual([0, 1, 2, 3, 4]);
        for (const packet of peer.rtp) {
          expect(header.read(packet)).toBe(true);
          expect(header).toMatchObject({ payloadType, marker: true });
          ssrcs.add(header.ssrc);
        }
        expect(peer.ssrcsOf(peer.mids[0] ?? '')).toContain(peer.rtp[0]?.readUInt32BE(8));
      }
      expect(ssrcs.size).toBe(2);
      expect(ssrcs).not.toContain(4_711);
      const dump = await stage.findStream(stream);
      expect(dump).toMatchObject({
        state: 'connected',
        peer: publisher.name,
        tracks: [{ kind: 'video', codec: 'VP8', layers: [{ layer: 0, counters: { packets: 5 } }] }],
        forwardedPackets: 10,
      });
      expect(dump?.publisher).toMatchObject({ packets: 5, lost: 0 });
      expect(Math.abs((dump?.publisher.lastPacketAtMs ?? 0) - Date.now())).toBeLessThan(2_000);
    });

    test('one connection carries many streams in both directions, each to its own section (CONN-1)', async () => {
      const count = 20;
      const indices = Array.from({ length: count }, (_, index) => index);
      const name = (side: string, index: number): string => `${side}-${index}-${nextStream}`;
      nextStream += 1;
      const sides = await Promise.all(
        ['left', 'right'].map((side) =>
          stage.open(side, (peer) => {
            for (const index of indices) {
              const sections = [createVideoSection('sendonly', { ssrcs: [5_000 + index] })];
              peer.addPublication({ stream: name(side, index), sections });
            }
          }),
        ),
      );
      const [left, right] = sides as [SyntheticPeer, SyntheticPeer];
      for (const [peer, other] of [
        [left, 'right'],
        [right, 'left'],
      ] as const) {
        for (const index of indices) {
          peer.addSubscription({ stream: name(other, index), sections: [createVideoSection('recvonly')] });
        }
        const { subscribe: results } = await peer.negotiate();
        expect(results.every((result) => 'kinds' in result)).toBe(true);
      }
      for (const index of indices) {
        left.sendRtp({ sequence: index, ssrc: 5_000 + index });
        right.sendRtp({ sequence: 100 + index, ssrc: 5_000 + index });
      }
      await waitFor(() => left.rtp.length === count && right.rtp.length === count);
      expect(readTexts(right).sort()).toEqual(indices.map((index) => `payload ${index}`).sort());
      // What arrives under a section's SSRC is the stream that the section was negotiated for.
      for (const [position, mid] of left.mids.slice(count).entries()) {
        const [ssrc] = left.ssrcsOf(mid);
        const packet = left.rtp.find((entry) => entry.readUInt32BE(8) === ssrc) ?? Buffer.alloc(0);
        expect(header.read(packet) && readVp8Text(packet.subarray(header.payloadOffset))).toBe(
          `payload ${100 + position}`,
        );
      }
    });

    test('packets of an unknown payload type, and garbage, are not forwarded', async () => {
      const publisher = await publish();
      const viewer = await subscribe();
      publisher.sendRtp({ sequence: 1, payloadType: 111 });
      publisher.sendRtp({ sequence: 1, ssrc: 77 });
      publisher.send(Buffer.concat([Buffer.from([0x9f, 96]), randomBytes(20)]));
      publisher.send(Buffer.from([0x80, 206, 0xff, 0xff, 0, 0, 0, 0]));
      sendFrames(publisher, 10, 1);
      await waitFor(() => viewer.rtp.length > 0);
      expect(readTexts(viewer)).toEqual(['payload 10']);
    });

    test('an SSRC of another peer, or of another stream of the same peer, does nothing', async () => {
      const [one, two] = [createVideoSection('sendonly', { ssrcs: [1] }), createVideoSection('sendonly')];
      const publisher = await publish();
      const viewer = await subscribe();
      const forger = await stage.open('forger', (peer) => {
        peer.addPublication({ stream: 'announced', sections: [one] });
        peer.addPublication({ stream: 'learnt', sections: [two] });
      });
      const listener = await stage.open('listener', (peer) => {
        for (const name of ['announced', 'learnt']) {
          peer.addSubscription({ stream: name, sections: [createVideoSection('recvonly')] });
        }
      });
      const mid = [MID_ID, Buffer.from(two.mid)] as const;
      forger.sendRtp({ sequence: 1, ssrc: DEFAULT_SSRC });
      forger.sendRtp({ sequence: 2, ssrc: 3, extensions: [mid] });
      forger.sendRtp({ sequence: 3, ssrc: 1, extensions: [mid] });
      forger.sendRtp({ sequence: 4, ssrc: 4, extensions: [mid] });
      forger.sendRtp({ sequence: 5, ssrc: 3 });
      sendFrames(publisher, 6, 1);
      await waitFor(() => listener.rtp.length === 3 && viewer.rtp.length === 1);
      expect(readTexts(viewer)).toEqual(['payload 6']);
      const [announced] = listener.ssrcsOf(listener.mids[0] ?? '');
      expect(listener.rtp.map((packet) => packet.readUInt32BE(8) === announced)).toEqual([false, true, false]);
      expect(readTexts(listener)).toEqual(['payload 2', 'payload 3', 'payload 5']);
    });

    test('a source without announced SSRCs is learnt by its payload type, if it is the only one of it', async () => {
      const publisher = await stage.open('publisher', (peer) => {
        peer.addPublication({
          stream: 'learnt',
          sections: [createAudioSection('sendonly'), createVideoSection('sendonly', { payloadType: 100 })],
        });
      });
      const viewer = await stage.open('viewer', (peer) => {
        const sections = [createAudioSection('recvonly'), createVideoSection('recvonly')];
        peer.addSubscription({ stream: 'learnt', sections });
      });
      publisher.sendRtp({ sequence: 1, ssrc: 21, payloadType: 111 });
      publisher.sendRtp({ sequence: 2, ssrc: 22, payloadType: 100 });
      publisher.sendRtp({ sequence: 3, ssrc: 23, payloadType: 100 });
      publisher.sendRtp({ sequence: 4, ssrc: 21, payloadType: 111 });
      await waitFor(() => viewer.rtp.length === 3);
      expect(viewer.rtp.map((packet) => (packet[1] ?? 0) & 0x7f)).toEqual([111, 96, 111]);
    });

    test('a publisher with a new connection, or another one, keeps its viewers running (MED-3)', async () => {
      const before = await publish(1_000);
      const viewer = await subscribe();
      sendFrames(before, 500, 3);
      await waitFor(() => viewer.rtp.length === 3);
      const after = await publish(2_000, 104);
      sendFrames(before, 503, 3);
      for (const sequence of [9, 10, 11]) after.sendRtp({ sequence, ssrc: 2_000, payloadType: 104 });
      await waitFor(() => viewer.rtp.length === 6);
      expect(readSequences(viewer)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(new Set(viewer.rtp.map((packet) => packet.readUInt32BE(8))).size).toBe(1);
      expect(readTexts(viewer).at(-1)).toBe('payload 11');
    });

    test('a renegotiation leaves running streams as they are (CONN-2)', async () => {
      const publisher = await publish();
      const viewer = await subscribe();
      sendFrames(publisher, 1, 2);
      await waitFor(() => viewer.rtp.length === 2);
      publisher.addPublication({ stream: 'more', sections: [createVideoSection('sendonly', { ssrcs: [2] })] });
      viewer.addSubscription({ stream: 'nothing', sections: [createVideoSection('recvonly')] });
      const firstSsrcs = viewer.ssrcsOf(viewer.mids[0] ?? '');
      await Promise.all([publisher.negotiate(), viewer.negotiate()]);
      sendFrames(publisher, 3, 2);
      await waitFor(() => viewer.rtp.length === 4);
      expect(readSequences(viewer)).toEqual([0, 1, 2, 3]);
      expect(viewer.ssrcsOf(viewer.mids[0] ?? '')).toEqual(firstSsrcs);
    });
  });

  // The native binding cannot restart ICE.
  test.runIf(transport === 'openssl')('new ICE credentials of the same connection restart ICE (CONN-3)', async () => {
    const publisher = await publish();
    const viewer = await subscribe();
    sendFrames(publisher, 1, 1);
    await waitFor(() => viewer.rtp.length === 1);
    const readFragment = (): string | undefined => /a=ice-ufrag:(\S+)/.exec(viewer.answer)?.[1];
    const before = readFragment();
    await viewer.negotiate();
    expect(readFragment()).toBe(before);
    viewer.restartIce();
    await viewer.negotiate();
    expect(readFragment()).not.toBe(before);
    sendFrames(publisher, 2, 1);
    await waitFor(() => viewer.rtp.length === 2);
    expect(readSequences(viewer)).toEqual([0, 1]);
  });

  describe('RTCP', () => {
    test('a new viewer makes the publisher be asked for a keyframe at once (MED-2)', async () => {
      const publisher = await publish();
      await sleep(450);
      publisher.rtcp.length = 0;
      await subscribe();
      const isPli = (item: RtcpItem): boolean => item.type === 'keyframe-request' && item.ssrc === DEFAULT_SSRC;
      await waitFor(() => listItems(publisher).some(isPli), 300);
    });

    test("viewers' PLIs are throttled to one every 400 ms", async () => {
      const publisher = await publish();
      const viewer = await subscribe();
      sendFrames(publisher, 1, 1);
      await waitFor(() => viewer.rtp.length === 1);
      await sleep(900);
      publisher.rtcp.length = 0;
      for (let i = 0; i < 20; i += 1) viewer.send(writePli(1, viewer.rtp[0]?.readUInt32BE(8) ?? 0));
      await sleep(300);
      expect(listItems(publisher).filter((item) => item.type === 'keyframe-request')).toHaveLength(1);
      expect((await stage.findStream(stream))?.subscriptions[0]?.counters.keyframeRequests).toBe(20);
    });

    test('the publisher is asked for what is missing, and told of arrivals and losses (MED-4)', async () => {
      const publisher = await publish();
      publisher.sendRtp({ sequence: 100 });
      publisher.sendRtp({ sequence: 102 });
      await waitFor(() => listItems(publisher).some((item) => item.type === 'nack' && item.sequences[0] === 101));
      publisher.sendRtp({ sequence: 101 });
      await waitFor(async () => (await stage.findStream(stream))?.publisher.retransmitted === 1);
      await waitFor(() => listItems(publisher).some((item) => item.type === 'report-block' && item.ssrc === 1_000));
      const arrivals = (): number[] =>
        publisher.rtcp.flatMap((packet) => parseTwccFeedback(packet)?.arrivals ?? []).map(({ sequence }) => sequence);
      await waitFor(() => arrivals().length >= 3);
      expect(arrivals()).toEqual([0, 1, 2]);
    });

    test('lost sound is requested as well, where the publisher offers it (MED-4)', async () => {
      const publisher = await stage.open('publisher', (peer) => {
        peer.addPublication({ stream: 'sound', sections: [createAudioSection('sendonly', { ssrcs: [31] })] });
      });
      for (const sequence of [1, 3]) publisher.sendRtp({ sequence, ssrc: 31, payloadType: 111 });
      const isNack = (item: RtcpItem): boolean =>
        item.type === 'nack' && item.ssrc === 31 && item.sequences.includes(2);
      await waitFor(() => listItems(publisher).some(isNack));
      expect(listItems(publisher).some((item) => item.type === 'keyframe-request')).toBe(false);
    });

    test('sender reports reach viewers with the SSRC and timestamps that they see, and the NTP time as it was', async () => {
      const publisher = await publish();
      const viewer = await subscribe();
      sendFrames(publisher, 1, 1);
      publisher.send(Buffer.from('80c80006000003e8e1111111222222220000ea60000000010000000a', 'hex'));
      await waitFor(() => viewer.rtcp.length > 0);
      const late = await subscribe('late');
      sendFrames(publisher, 2, 1);
      await waitFor(() => late.rtcp.length > 0 && late.rtp.length > 0);
      for (const [peer, sequence] of [
        [viewer, 1],
        [late, 2],
      ] as const) {
        const [packet = Buffer.alloc(12)] = peer.rtp;
        expect(parseRtcp(peer.rtcp[0] ?? Buffer.alloc(0))[0]).toEqual({
          type: 'sender-report',
          ssrc: packet.readUInt32BE(8),
          ntpSeconds: 0xe111_1111,
          ntpFraction: 0x2222_2222,
          rtpTimestamp: (packet.readUInt32BE(4) + 60_000 - sequence * 3_000) >>> 0,
        });
      }
    });
  });

  describe('blocking', () => {
    test('a blocked kind reaches no viewer, not even when asked for again, until it is unblocked with a keyframe (RULE-1)', async () => {
      const blockVideo = (video: boolean): Promise<void> => stage.engine.restrict(stream, { audio: false, video });
      const publisher = await publish();
      const viewer = await subscribe();
      sendFrames(publisher, 1, 3);
      await waitFor(() => viewer.rtp.length === 3);
      await blockVideo(true);
      await blockVideo(true);
      header.read(viewer.rtp[0] ?? Buffer.alloc(0));
      viewer.send(writeNack(1, header.ssrc, [header.sequence, header.sequence + 1]));
      sendFrames(publisher, 4, 5);
      await waitFor(async () => ((await stage.findStream(stream))?.publisher.packets ?? 0) === 8);
      expect((await stage.findStream(stream))?.forwardedPackets).toBe(3);
      expect((await stage.findStream(stream))?.subscriptions[0]?.counters.retransmitted).toBe(0);
      const keyframesBefore = (await stage.findStream(stream))?.publisher.keyframeRequests ?? 0;
      await sleep(500);
      await blockVideo(false);
      await waitFor(async () => ((await stage.findStream(stream))?.publisher.keyframeRequests ?? 0) > keyframesBefore);
      sendFrames(publisher, 9, 2);
      await waitFor(() => viewer.rtp.length === 5);
      expect(readSequences(viewer)).toEqual([0, 1, 2, 3, 4]);
      expect(readTexts(viewer).slice(3)).toEqual(['payload 9', 'payload 10']);
    });
  });
}
