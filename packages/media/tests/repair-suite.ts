/**
 * How a media engine repairs loss towards subscribers (RTX-1), whatever transport its workers use.
 *
 * @module
 */

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { MediaKind, TransportKind } from '../src/engine.ts';
import { writeNack } from '../src/rtp/rtcp.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { AUDIO_LEVEL_URI } from '../src/sdp/codecs.ts';
import { expectAllSent, useEngine } from './engine-stage.ts';
import { TRANSPORT_CC_ID } from './offer-builder.ts';
import { createAudioSection, createVideoSection, type SyntheticPeer, waitFor } from './synthetic-peer.ts';

const VIDEO_SSRC = 1_000;
const AUDIO_SSRC = 2_000;
const RTX_TYPE = 97;
const OPUS_TYPE = 111;
const RED_TYPE = 63;
const AUDIO_LEVEL_ID = 1;
const AUDIO_LINES = [
  `a=extmap:${AUDIO_LEVEL_ID} ${AUDIO_LEVEL_URI}`,
  `a=rtpmap:${RED_TYPE} red/48000/2`,
  `a=fmtp:${RED_TYPE} ${OPUS_TYPE}/${OPUS_TYPE}`,
];

/** Declares the tests for one transport. */
export function describeRepair(transport: TransportKind): void {
  vi.setConfig({ testTimeout: 20_000, hookTimeout: 30_000 });
  const header = new RtpHeader();
  const stage = useEngine(transport, expectAllSent);
  let lastNumber = 0;
  let stream = '';
  let publisher: SyntheticPeer;

  beforeEach(async () => {
    lastNumber += 1;
    stream = `repair-${lastNumber}`;
    publisher = await stage.open(`publisher of ${stream}`, (peer) => {
      const video = createVideoSection('sendonly', { ssrcs: [VIDEO_SSRC] });
      const audio = createAudioSection('sendonly', { ssrcs: [AUDIO_SSRC], lines: AUDIO_LINES, formats: [RED_TYPE] });
      peer.addPublication({ stream, sections: [video, audio] });
    });
  });

  async function subscribe(options: { rtx?: boolean; red?: boolean }): Promise<SyntheticPeer> {
    lastNumber += 1;
    return stage.open(`${lastNumber} of ${stream}`, (peer) => {
      const video = createVideoSection('recvonly', options.rtx ? { rtxPayloadType: RTX_TYPE } : {});
      const audioLines = options.red ? { lines: AUDIO_LINES, formats: [RED_TYPE] } : { lines: AUDIO_LINES.slice(0, 1) };
      peer.addSubscription({ stream, sections: [video, createAudioSection('recvonly', audioLines)] });
    });
  }

  function sendVideo(first: number, count: number): void {
    for (let sequence = first; sequence < first + count; sequence += 1) {
      publisher.sendRtp({ ssrc: VIDEO_SSRC, sequence, timestamp: sequence * 3_000, marker: true });
    }
  }

  function sendAudio(sequence: number, payloadType: number, payload: Buffer): void {
    const extensions = [[AUDIO_LEVEL_ID, Buffer.from([0x85])]] as const;
    publisher.sendRtp({ ssrc: AUDIO_SSRC, sequence, timestamp: sequence * 960, payloadType, payload, extensions });
  }

  /** The packets of a kind, in order. */
  const packetsOf = (peer: SyntheticPeer, kind: MediaKind) =>
    peer.rtp.filter((packet) => {
      header.read(packet);
      return kind === 'audio'
        ? header.payloadType >= 111 || header.payloadType === RED_TYPE
        : header.payloadType < 111 && header.payloadType !== RED_TYPE;
    });

  function read(packet: Buffer | undefined) {
    if (packet === undefined || !header.read(packet)) throw new Error('not an RTP packet');
    const { payloadType, sequence, ssrc, payloadOffset } = header;
    const transportSequence = header.findExtension16(packet, TRANSPORT_CC_ID);
    const audioLevel = header.findExtension8(packet, AUDIO_LEVEL_ID);
    return { payloadType, sequence, ssrc, transportSequence, audioLevel, payload: packet.subarray(payloadOffset) };
  }

  describe('repair of loss', () => {
    test('RTX-1: a lost packet of video comes again under the SSRC of retransmissions, with a new number', async () => {
      const viewer = await subscribe({ rtx: true });
      sendVideo(1, 5);
      await waitFor(() => packetsOf(viewer, 'video').length === 5);
      const lost = read(packetsOf(viewer, 'video')[2]);
      viewer.send(writeNack(1, lost.ssrc, [lost.sequence]));
      await waitFor(() => packetsOf(viewer, 'video').length === 6);
      const again = read(packetsOf(viewer, 'video')[5]);
      expect(again.payloadType).toBe(RTX_TYPE);
      expect(again.ssrc).not.toBe(lost.ssrc);
      expect(again.payload.readUInt16BE(0)).toBe(lost.sequence);
      expect(again.payload.subarray(2)).toEqual(lost.payload);
      expect(again.transportSequence).not.toBe(lost.transportSequence);
      expect(viewer.answer).toContain(`a=ssrc-group:FID ${lost.ssrc} ${again.ssrc}\r\n`);
      expect((await stage.findSubscription(viewer, stream))?.counters).toMatchObject({ lost: 1, retransmitted: 1 });
    });

    test('RTX-1: what a publisher repeats to find out what its uplink takes goes to nobody', async () => {
      const [ssrc, rtxSsrc] = [3_000, 3_001];
      const section = createVideoSection('sendonly', { ssrcs: [ssrc, rtxSsrc], rtxPayloadType: RTX_TYPE });
      publisher.addPublication({ stream: `${stream}/rtx`, sections: [section] });
      await publisher.negotiate();
      const viewer = await stage.open(`viewer of ${stream}/rtx`, (peer) => {
        peer.addSubscription({ stream: `${stream}/rtx`, sections: [createVideoSection('recvonly')] });
      });
      const send = (sequence: number) =>
        publisher.sendRtp({ ssrc, sequence, timestamp: sequence * 3_000, marker: true });
      for (let sequence = 1; sequence <= 4; sequence += 1) send(sequence);
      await waitFor(() => viewer.rtp.length === 4);
      const repeat = (sequence: number, ofPacket: number) => {
        const payload = Buffer.concat([Buffer.from([0, ofPacket]), Buffer.from('repeated')]);
        publisher.sendRtp({ ssrc: rtxSsrc, payloadType: RTX_TYPE, sequence, timestamp: ofPacket * 3_000, payload });
      };
      for (let sequence = 1; sequence <= 4; sequence += 1) repeat(sequence, sequence);
      // Packet 5 was lost, and comes as a retransmission.
      send(6);
      repeat(5, 5);
      await waitFor(() => viewer.rtp.length >= 6);
      send(7);
      await waitFor(() => viewer.rtp.length >= 7);
      expect(viewer.rtp).toHaveLength(7);
    });

    test('without RTX, and for audio, a requested packet is sent again under its own number', async () => {
      const viewer = await subscribe({});
      sendVideo(1, 3);
      for (let sequence = 1; sequence <= 3; sequence += 1)
        sendAudio(sequence, OPUS_TYPE, Buffer.from(`sound ${sequence}`));
      await waitFor(() => viewer.rtp.length === 6);
      for (const kind of ['video', 'audio'] as const) {
        const { ssrc, sequence } = read(packetsOf(viewer, kind)[1]);
        viewer.send(writeNack(1, ssrc, [sequence]));
      }
      // The client drops repetitions, because it has lost nothing.
      await waitFor(async () => (await stage.findSubscription(viewer, stream))?.counters.retransmitted === 2);
    });

    test('packets have the transport-wide numbers of their subscriber, and sound has its level', async () => {
      const [first, second] = [await subscribe({}), await subscribe({})];
      sendVideo(1, 4);
      sendAudio(1, OPUS_TYPE, Buffer.from('sound'));
      await waitFor(() => first.rtp.length === 5 && second.rtp.length === 5);
      for (const viewer of [first, second]) {
        const numbers = viewer.rtp.map((packet) => read(packet).transportSequence);
        expect(numbers).toEqual(numbers.map((_, index) => ((numbers[0] ?? 0) + index) & 0xffff));
        expect(packetsOf(viewer, 'audio').map((packet) => read(packet).audioLevel)).toEqual([0x85]);
      }
    });

    test('audio with redundancy is passed to those who take it, and others get its primary block', async () => {
      const [with_, without] = [await subscribe({ red: true }), await subscribe({})];
      const red = Buffer.concat([Buffer.from([0xef, 0x0f, 0x00, 0x03, 0x6f]), Buffer.from('old'), Buffer.from('new!')]);
      sendAudio(1, RED_TYPE, red);
      sendAudio(2, OPUS_TYPE, Buffer.from('plain'));
      await waitFor(() => with_.rtp.length === 2 && without.rtp.length === 2);
      expect(with_.rtp.map((packet) => read(packet).payloadType)).toEqual([RED_TYPE, OPUS_TYPE]);
      expect(read(with_.rtp[0]).payload).toEqual(red);
      expect(without.rtp.map((packet) => read(packet).payloadType)).toEqual([OPUS_TYPE, OPUS_TYPE]);
      expect(without.rtp.map((packet) => read(packet).payload.toString())).toEqual(['new!', 'plain']);
    });

    test('a storm of requests is answered within bounds', async () => {
      const viewer = await subscribe({ rtx: true });
      sendVideo(1, 50);
      await waitFor(() => packetsOf(viewer, 'video').length === 50);
      const { ssrc, sequence } = read(packetsOf(viewer, 'video')[0]);
      const all = Array.from({ length: 50 }, (_, index) => (sequence + index) & 0xffff);
      for (let storm = 0; storm < 200; storm += 1) viewer.send(writeNack(1, ssrc, all));
      sendVideo(51, 1);
      await waitFor(() =>
        packetsOf(viewer, 'video').some((packet) => read(packet).payload.toString().endsWith('payload 51')),
      );
      // Each packet at most once per round trip.
      expect((await stage.findSubscription(viewer, stream))?.counters.retransmitted).toBeLessThanOrEqual(200);
    });
  });
}
