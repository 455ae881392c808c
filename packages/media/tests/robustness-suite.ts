/**
 * How a media engine treats viewers that come late, clients that misbehave, and many that come and go, whatever transport
 * its workers use.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { NegotiateRequest, TransportKind } from '../src/engine.ts';
import { parseRtcp, writeNack } from '../src/rtp/rtcp.ts';
import { readSequences, readTexts, sendFrames, useEngine } from './engine-stage.ts';
import { createStaticTransport, type SectionFields, writeOffer } from './offer-builder.ts';
import { createAudioSection, createVideoSection, DEFAULT_SSRC, SyntheticPeer, waitFor } from './synthetic-peer.ts';

/** RTCP packets of the fuzzing test; a long run sets more, such as 100,000. */
const FUZZED_PACKETS = Number(process.env.GAVEL_FUZZED_PACKETS ?? 5_000);
/** The native client takes up to 3 ms for a packet on a busy machine. */
const FUZZ_TIMEOUT_MS = 30_000 + FUZZED_PACKETS * 5;
/** Less than 1,000 leaked peers would take. */
const MAX_GROWTH_BYTES = 32 * 2 ** 20;
const BOTH = { audio: true, video: true };
let nextStream = 0;

/** Declares the tests for one transport. */
export function describeRobustness(transport: TransportKind): void {
  const stage = useEngine(transport, ({ workers }) => expect(workers.map(({ restarts }) => restarts)).toEqual([0]));
  let stream = '';

  async function publish(): Promise<SyntheticPeer> {
    stream = `robust-${nextStream++}`;
    return stage.add(await SyntheticPeer.publish(stage.engine, stream));
  }

  async function subscribe(name = 'viewer'): Promise<SyntheticPeer> {
    const peer = stage.add(await SyntheticPeer.subscribe(stage.engine, stream, name));
    await stage.waitUntilConnected(peer);
    return peer;
  }

  /** Opens a peer that has nothing but a section in reserve. */
  async function openReserve(name: string): Promise<SyntheticPeer> {
    const peer = stage.add(new SyntheticPeer(stage.engine, name));
    peer.addSubscription({ stream: 'nothing', sections: [createAudioSection('recvonly')] });
    await peer.negotiate();
    await stage.waitUntilConnected(peer);
    return peer;
  }

  function countKeyframeRequests({ rtcp }: SyntheticPeer): number {
    return rtcp.flatMap(parseRtcp).filter((item) => item.type === 'keyframe-request').length;
  }

  describe('late viewers', () => {
    test('a viewer that comes to a still picture gets the last keyframe and what followed it', async () => {
      const publisher = await publish();
      const delta = Buffer.from([0x10, 1, 1]);
      publisher.sendRtp({ sequence: 1, timestamp: 3_000, marker: true });
      publisher.sendRtp({ sequence: 2, timestamp: 6_000, marker: true });
      publisher.sendRtp({ sequence: 3, timestamp: 9_000, marker: true, payload: delta });
      await waitFor(async () => (await stage.findStream(stream))?.publisher.packets === 3);
      await sleep(300);
      const viewer = await subscribe();
      await waitFor(() => viewer.rtp.length >= 2, 2_000);
      expect(readTexts(viewer)[0]).toBe('payload 2');
      expect(readSequences(viewer).slice(0, 2)).toEqual([0, 1]);
      const before = viewer.rtp.length;
      sendFrames(publisher, 4, 1);
      await waitFor(() => viewer.rtp.length > before);
      const sequences = readSequences(viewer);
      // Without a gap, whether or not the picture was repeated for a viewer that does not report packets.
      expect(sequences).toEqual(sequences.map((_, index) => index));
      expect(readTexts(viewer).at(-1)).toBe('payload 4');
    });

    test('a still picture that was blocked is not sent to late viewers (RULE-1)', async () => {
      const publisher = await publish();
      sendFrames(publisher, 1, 2);
      await waitFor(async () => (await stage.findStream(stream))?.publisher.packets === 2);
      await stage.engine.restrict(stream, { audio: false, video: true });
      const viewer = await subscribe();
      await sleep(600);
      expect(viewer.rtp).toEqual([]);
      await stage.engine.restrict(stream, { audio: false, video: false });
      await sleep(600);
      expect(viewer.rtp).toEqual([]);
    });

    test('a keyframe for many new viewers at once is asked for once (MED-2)', async () => {
      const publisher = await publish();
      sendFrames(publisher, 1, 1);
      const viewers = await Promise.all(Array.from({ length: 10 }, (_, index) => openReserve(`crowd-${index}`)));
      await sleep(500);
      publisher.rtcp.length = 0;
      for (const viewer of viewers) {
        viewer.addSubscription({ stream, sections: [createVideoSection('recvonly')] });
      }
      await Promise.all(viewers.map((viewer) => viewer.negotiate()));
      await waitFor(() => countKeyframeRequests(publisher) > 0);
      await sleep(100);
      expect(countKeyframeRequests(publisher)).toBe(1);
    });
  });

  describe('bad input', () => {
    /** Publishes each section as a stream of its own, from a client that never connects. */
    function createRequest(sections: readonly SectionFields[]): NegotiateRequest {
      return {
        group: 'room',
        peer: 'hostile',
        offer: writeOffer(sections, createStaticTransport('EE')),
        publish: sections.map(({ mid, kind }, index) => ({
          stream: `hostile-${index}`,
          mids: { [kind]: mid },
          allowed: BOTH,
        })),
        subscribe: [],
      };
    }

    function createSections(count: number, fields: Partial<SectionFields> = {}): SectionFields[] {
      return Array.from({ length: count }, () => createVideoSection('sendonly', fields));
    }

    test('an offer of 200 sections is answered, again and again, and is quick to close', async () => {
      const request = createRequest(createSections(200));
      for (let round = 0; round < 3; round += 1) {
        const { publish } = await stage.engine.negotiate(request);
        expect(publish.every((result) => 'kinds' in result)).toBe(true);
      }
      expect((await stage.engine.dump()).streams).toHaveLength(200);
      await stage.engine.closePeer('hostile');
      expect((await stage.engine.dump()).streams).toEqual([]);
    });

    test('all sources of a peer with 200 streams are received', async () => {
      const peer = stage.add(new SyntheticPeer(stage.engine, 'wide'));
      for (let index = 0; index < 200; index += 1) {
        const sections = createSections(1, { ssrcs: [10_000 + index] });
        peer.addPublication({ stream: `wide-${index}`, sections });
      }
      await peer.negotiate();
      await stage.waitUntilConnected(peer);
      await peer.opened();
      const readPackets = async (): Promise<number> =>
        (await stage.engine.dump()).peers.find(({ peer: name }) => name === 'wide')?.received.packets ?? 0;
      // The first packets may come before the engine's keys are ready.
      for (let round = 1; (await readPackets()) < 200 && round < 20; round += 1) {
        for (let index = 0; index < 200; index += 1) peer.sendRtp({ sequence: round, ssrc: 10_000 + index });
        await sleep(50);
      }
      const { streams } = await stage.engine.dump();
      expect(streams.filter(({ publisher }) => publisher.packets > 0)).toHaveLength(200);
    });

    test('offers that contradict themselves are answered or refused, and harm nobody', async () => {
      const publisher = await publish();
      const viewer = await subscribe();
      const rids = ['a=rid:h send', 'a=rid:l send', 'a=rid:h send', 'a=rid:x recv', 'a=rid:', 'a=simulcast:recv h;l;;'];
      const offers: SectionFields[][] = [
        createSections(2, { mid: 'same' }),
        createSections(3, { ssrcs: [DEFAULT_SSRC, DEFAULT_SSRC] }),
        createSections(2, { lines: rids }),
        createSections(2, { lines: ['a=simulcast:send h;l', ...rids] }),
        createSections(2, {
          lines: ['a=ssrc-group:FID', 'a=ssrc-group:FID 1', 'a=ssrc-group:SIM 1 2 3 4', 'a=ssrc:x'],
        }),
        createSections(2, { rtxPayloadType: 96 }),
        createSections(2, { lines: ['a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=99', 'a=fmtp:97 apt=96;apt=97'] }),
        createSections(2, {
          lines: ['a=extmap:0 urn:x', 'a=extmap:15 urn:x', 'a=extmap:-1 urn:x', 'a=extmap:99999 u'],
        }),
        createSections(2, { payloadType: 72 }),
        createSections(2, { feedback: [] }),
      ];
      for (const sections of offers) {
        const outcome = await stage.engine.negotiate(createRequest(sections)).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'MediaError', code: 'bad-offer' });
      }
      await stage.engine.closePeer('hostile');
      sendFrames(publisher, 1, 3);
      await waitFor(() => viewer.rtp.length === 3);
    });

    test('a viewer that requests everything again, without end, gets about twice its media and disturbs nobody', async () => {
      const publisher = await publish();
      const [greedy, other] = [await subscribe('greedy'), await subscribe('other')];
      sendFrames(publisher, 1, 100);
      await waitFor(() => greedy.rtp.length >= 100 && other.rtp.length >= 100);
      const first = greedy.rtp[0] ?? Buffer.alloc(12);
      const sequences = Array.from({ length: 100 }, (_, index) => (first.readUInt16BE(2) + index) & 0xffff);
      const nack = writeNack(1, first.readUInt32BE(8), sequences);
      for (let round = 0; round < 40; round += 1) {
        for (let repeat = 0; repeat < 25; repeat += 1) greedy.send(nack);
        sendFrames(publisher, 101 + round, 1);
        await sleep(10);
      }
      await waitFor(() => readTexts(other).includes('payload 140'));
      const dump = await stage.findStream(stream);
      const resent = dump?.subscriptions.find(({ peer }) => peer === 'greedy')?.counters.retransmitted ?? 0;
      expect(resent).toBeGreaterThan(0);
      // Not more often than once per round trip, of at least 20 ms, and within the budget.
      expect(resent).toBeLessThan(4_000);
      expect(dump?.subscriptions.find(({ peer }) => peer === 'other')?.counters.retransmitted).toBe(0);
    });

    test(
      'authenticated RTCP that is garbage does no harm',
      async () => {
        const publisher = await publish();
        const [fuzzer, viewer] = [await subscribe('fuzzer'), await subscribe()];
        sendFrames(publisher, 1, 1);
        await waitFor(() => fuzzer.rtp.length > 0);
        const ssrc = fuzzer.rtp[0]?.readUInt32BE(8) ?? 0;
        for (let sent = 0; sent < FUZZED_PACKETS; sent += 1) {
          (sent % 2 === 0 ? fuzzer : publisher).send(createGarbage(sent, sent % 2 === 0 ? ssrc : DEFAULT_SSRC));
          if (sent % 500 === 499) await sleep(1);
        }
        const before = readTexts(viewer).length;
        sendFrames(publisher, 2, 3);
        await waitFor(() => readTexts(viewer).length >= before + 3);
        expect(readTexts(viewer).slice(-3)).toEqual(['payload 2', 'payload 3', 'payload 4']);
      },
      FUZZ_TIMEOUT_MS,
    );
  });

  test('memory: a worker is as large after a thousand members as before them', async () => {
    const { pid = 0 } = (await stage.engine.dump()).workers[0] ?? {};
    // The native binding keeps closed connections for 5 s, on a busy machine longer.
    const releaseDelayMs = transport === 'libdatachannel' ? 6_000 : 0;
    const releaseTimeoutMs = releaseDelayMs * 5;
    await publish();
    const comeAndGo = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const [own, played] = [createVideoSection('sendonly'), createVideoSection('recvonly')];
        await stage.engine.negotiate({
          group: 'room',
          peer: 'guest',
          offer: writeOffer([own, played], createStaticTransport('EE')),
          publish: [{ stream: `guest-${index}`, mids: { video: own.mid }, allowed: BOTH }],
          subscribe: [{ stream, mids: { video: played.mid } }],
        });
        await stage.engine.closePeer('guest');
      }
    };
    await comeAndGo(1_500);
    await sleep(releaseDelayMs);
    const before = readResidentBytes(pid);
    await comeAndGo(1_000);
    await sleep(releaseDelayMs);
    await waitFor(() => readResidentBytes(pid) - before < MAX_GROWTH_BYTES, releaseTimeoutMs, 500).catch(() => {});
    expect(readResidentBytes(pid) - before).toBeLessThan(MAX_GROWTH_BYTES);
    expect((await stage.engine.dump()).peers).toHaveLength(1);
  }, 120_000);
}

/** An RTCP packet whose type, lengths or contents are wrong in one of several ways. */
function createGarbage(index: number, ssrc: number): Buffer {
  const packet = randomBytes(8 + ((index * 4) % 200));
  packet[0] = 0x80 | (packet[0] as number & 0x3f);
  packet[1] = 200 + ((packet[1] as number) % 8);
  // The client's SRTP searches the sender's SSRC in a list, so there are few of them.
  packet.writeUInt32BE(1 + (index % 4), 4);
  // Every third packet has a length that fits, and a known SSRC where the media's is.
  if (index % 3 === 0) packet.writeUInt16BE(packet.length / 4 - 1, 2);
  if (index % 3 === 0 && packet.length >= 12) packet.writeUInt32BE(ssrc, index % 2 === 0 ? 8 : 4);
  return packet;
}

function readResidentBytes(pid: number): number {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
