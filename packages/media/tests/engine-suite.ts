/**
 * What a media engine does, whatever transport its workers use.
 *
 * @module
 */

import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TransportKind } from '../src/engine.ts';
import { createMediaEngine, type MediaEngine, MediaError } from '../src/index.ts';
import { parseRtcp, writeNack, writePli } from '../src/rtp/rtcp.ts';
import { RtpHeader } from '../src/rtp/rtp-packet.ts';
import { parseTwccFeedback } from '../src/rtp/twcc.ts';
import { SyntheticPeer, TRANSPORT_CC_ID, waitFor } from './synthetic-peer.ts';

/** Declares the tests of a media engine for one transport. */
export function describeEngine(transport: TransportKind): void {
  // Tests start several worker processes, which takes seconds on a busy machine.
  vi.setConfig({ testTimeout: 20_000 });
  const header = new RtpHeader();
  let engine: MediaEngine;
  let nextStream = 0;
  let stream = '';
  const peers: SyntheticPeer[] = [];

  beforeAll(async () => {
    engine = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' });
    await engine.start();
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.close();
    await engine.closeStream(stream);
    // No packet of another content was sent, or tried, under a sequence number that was sent before (RTX-1).
    for (const { transport: dumped } of (await engine.dump()).workers) expect(dumped?.datagrams?.unsent ?? 0).toBe(0);
  });

  afterAll(() => engine.close());

  async function publish(ssrc?: number, payloadType?: number): Promise<SyntheticPeer> {
    if (peers.length === 0) stream = `stream-${nextStream++}`;
    const peer = await SyntheticPeer.publish(engine, stream, ssrc, payloadType);
    peers.push(peer);
    return peer;
  }

  async function play(player = 'player', payloadType?: number): Promise<SyntheticPeer> {
    const peer = await SyntheticPeer.play(engine, stream, player, payloadType);
    peers.push(peer);
    // The client's side may be open a moment before the engine's.
    await waitFor(
      async () =>
        (await dumpStream())?.players.some((entry) => entry.player === player && entry.state === 'connected') ?? false,
    );
    return peer;
  }

  async function dumpStream(): Promise<Awaited<ReturnType<MediaEngine['dump']>>['streams'][number] | undefined> {
    return (await engine.dump()).streams.find((entry) => entry.stream === stream);
  }

  async function portOf(): Promise<number> {
    return (await engine.dump()).workers[0]?.port ?? 0;
  }

  function sendFrames(peer: SyntheticPeer, from: number, count: number): void {
    for (let i = 0; i < count; i += 1) peer.sendRtp({ sequence: from + i, timestamp: (from + i) * 3_000 });
  }

  function readSequence(packet: Buffer | undefined): number {
    return packet === undefined ? -1 : packet.readUInt16BE(2);
  }

  describe('forwarding', () => {
    test("a player gets the publisher's packets under its own payload type, one SSRC and no extensions (MED-1)", async () => {
      const publisher = await publish(4_711, 96);
      const [first, second] = [await play('first', 96), await play('second', 120)];
      sendFrames(publisher, 1, 5);
      await waitFor(() => first.rtp.length === 5 && second.rtp.length === 5);
      const ssrcs = new Set<number>();
      for (const [peer, payloadType] of [
        [first, 96],
        [second, 120],
      ] as const) {
        for (const [index, packet] of peer.rtp.entries()) {
          expect(header.read(packet)).toBe(true);
          expect(header).toMatchObject({ payloadType, sequence: index + 1, extensionBytes: 0 });
          expect(packet.subarray(12).toString()).toBe(`payload ${index + 1}`);
          ssrcs.add(header.ssrc);
        }
      }
      expect(ssrcs.size).toBe(1);
      expect(ssrcs).not.toContain(4_711);
      const dump = await dumpStream();
      expect(dump).toMatchObject({ state: 'connected', codecs: ['VP8'], forwardedPackets: 10 });
      expect(dump?.publisher).toMatchObject({ packets: 5, lost: 0 });
      expect(Math.abs((dump?.publisher.lastPacketAtMs ?? 0) - Date.now())).toBeLessThan(2_000);
    });

    test('packets of an unknown payload type or SSRC, and garbage, are not forwarded', async () => {
      const publisher = await publish();
      const player = await play();
      publisher.sendRtp({ sequence: 1, payloadType: 111 });
      publisher.sendRtp({ sequence: 1, ssrc: 77 });
      publisher.send(Buffer.concat([Buffer.from([0x9f, 96]), randomBytes(20)]));
      publisher.send(Buffer.from([0x80, 206, 0xff, 0xff, 0, 0, 0, 0]));
      sendFrames(publisher, 10, 1);
      await waitFor(() => player.rtp.length > 0);
      expect(player.rtp.map(readSequence)).toEqual([10]);
    });

    test('a publisher that negotiates anew keeps its players running (MED-3)', async () => {
      const before = await publish(1_000);
      const player = await play();
      sendFrames(before, 500, 3);
      await waitFor(() => player.rtp.length === 3);
      const after = await publish(2_000, 104);
      sendFrames(before, 503, 3);
      sendFrames(after, 9, 3);
      await waitFor(() => player.rtp.length === 6);
      expect(player.rtp.map(readSequence)).toEqual([500, 501, 502, 503, 504, 505]);
      expect(new Set(player.rtp.map((packet) => packet.readUInt32BE(8))).size).toBe(1);
      expect(player.rtp.at(-1)?.subarray(12).toString()).toBe('payload 11');
    });

    test('a change of codec ends the players, so that their clients play again', async () => {
      await publish();
      await play();
      const lost = new Promise((resolve) => engine.on('playerLost', (...args) => resolve(args)));
      const offer = SyntheticPeer.createOffer('publish').replace(
        'VP8/90000',
        'H264/90000\r\na=fmtp:96 packetization-mode=1',
      );
      await engine.publish({ group: 'room', stream, offer, allowed: { audio: true, video: true } });
      expect(await lost).toEqual(['player', stream, 'transport-failed']);
    });

    test('a player that plays anew while its loss is being reported is answered, and can be closed (KICK-4)', async () => {
      await publish();
      await play();
      const offer = SyntheticPeer.createOffer('publish').replace(
        'VP8/90000',
        'H264/90000\r\na=fmtp:96 packetization-mode=1',
      );
      const secondOffer = SyntheticPeer.createOffer('play').replace(
        'VP8/90000',
        'H264/90000\r\na=fmtp:96 packetization-mode=1',
      );
      // The worker loses the player because of the new codec, and answers the second offer after that.
      const published = engine.publish({ group: 'room', stream, offer, allowed: { audio: true, video: true } });
      const played = engine.play({ stream, player: 'player', offer: secondOffer });
      await published;
      expect(await played).toMatchObject({ kinds: { video: true } });
      expect((await dumpStream())?.players).toMatchObject([{ player: 'player' }]);
      await engine.closePlayer('player');
      expect((await dumpStream())?.players).toEqual([]);
    });
  });

  describe('RTCP', () => {
    test('a new player makes the publisher be asked for a keyframe at once (MED-2)', async () => {
      const publisher = await publish();
      await sleep(450);
      publisher.rtcp.length = 0;
      await play();
      const isPli = (packet: Buffer): boolean =>
        parseRtcp(packet).some((item) => item.type === 'keyframe-request' && item.ssrc === 1_000);
      await waitFor(() => publisher.rtcp.some(isPli), 300);
    });

    test("a player's PLIs are throttled to one every 400 ms", async () => {
      const publisher = await publish();
      const player = await play();
      sendFrames(publisher, 1, 1);
      await waitFor(() => player.rtp.length === 1);
      await sleep(900);
      publisher.rtcp.length = 0;
      for (let i = 0; i < 20; i += 1) player.send(writePli(1, player.rtp[0]?.readUInt32BE(8) ?? 0));
      await sleep(300);
      const plis = publisher.rtcp.flatMap(parseRtcp).filter((item) => item.type === 'keyframe-request');
      expect(plis).toHaveLength(1);
      expect((await dumpStream())?.players[0]?.counters.keyframeRequests).toBe(20);
    });

    test('a player gets lost packets again, once per round trip (MED-4)', async () => {
      const publisher = await publish();
      // The client's SRTP drops what it has had already, so it asks for packets from before its time.
      sendFrames(publisher, 1, 10);
      await waitFor(async () => (await dumpStream())?.publisher.packets === 10);
      const player = await play('player', 120);
      sendFrames(publisher, 11, 1);
      await waitFor(() => player.rtp.length === 1);
      const ssrc = player.rtp[0]?.readUInt32BE(8) ?? 0;
      player.send(writeNack(1, ssrc, [3, 7, 4_000]));
      player.send(writeNack(1, ssrc, [3, 7]));
      await waitFor(() => player.rtp.length === 3);
      expect(player.rtp.slice(1).map((packet) => packet.subarray(12).toString())).toEqual(['payload 3', 'payload 7']);
      expect(player.rtp[1]?.[1]).toBe(120);
      await waitFor(async () => (await dumpStream())?.players[0]?.counters.lost === 5);
      expect((await dumpStream())?.players[0]?.counters).toMatchObject({ packets: 3, retransmitted: 2 });
    });

    test('the publisher is asked for what is missing, and told of arrivals and losses (MED-4)', async () => {
      const publisher = await publish();
      await play();
      publisher.sendRtp({ sequence: 100 });
      publisher.sendRtp({ sequence: 102 });
      const items = (): ReturnType<typeof parseRtcp> => publisher.rtcp.flatMap(parseRtcp);
      await waitFor(() => items().some((item) => item.type === 'nack' && item.sequences[0] === 101));
      publisher.sendRtp({ sequence: 101 });
      await waitFor(async () => (await dumpStream())?.publisher.retransmitted === 1);
      await waitFor(() => items().some((item) => item.type === 'report-block' && item.ssrc === 1_000));
      const arrivals = (): number[] =>
        publisher.rtcp.flatMap((packet) => parseTwccFeedback(packet)?.arrivals ?? []).map(({ sequence }) => sequence);
      await waitFor(() => arrivals().length >= 3);
      expect(arrivals()).toEqual([0, 1, 2]);
      expect(TRANSPORT_CC_ID).toBe(5);
    });

    test('sender reports reach players with the SSRC and timestamps that players see, and the NTP time as it was', async () => {
      const publisher = await publish();
      const player = await play();
      sendFrames(publisher, 1, 1);
      const report = Buffer.from('80c80006000003e8e1111111222222220000ea60000000010000000a', 'hex');
      publisher.send(report);
      const late = await (async () => {
        await waitFor(() => player.rtcp.length > 0);
        return play('late');
      })();
      await waitFor(() => late.rtcp.length > 0);
      for (const peer of [player, late]) {
        expect(parseRtcp(peer.rtcp[0] ?? Buffer.alloc(0))[0]).toEqual({
          type: 'sender-report',
          ssrc: player.rtp[0]?.readUInt32BE(8),
          ntpSeconds: 0xe111_1111,
          ntpFraction: 0x2222_2222,
          rtpTimestamp: 60_000,
        });
      }
    });
  });

  describe('closing', () => {
    test('a closed stream takes no packet in and sends none, whatever a hostile publisher goes on sending (KICK-4, STRM-3)', async () => {
      const publisher = await publish();
      const player = await play();
      let sequence = 0;
      const timer = setInterval(() => {
        sendFrames(publisher, sequence, 20);
        sequence += 20;
      }, 2);
      await waitFor(() => player.rtp.length > 200);
      await engine.closeStream(stream);
      const closedAtMs = performance.timeOrigin + performance.now();
      await sleep(300);
      clearInterval(timer);
      const dump = await engine.dump();
      expect(dump.streams.find((entry) => entry.stream === stream)).toBeUndefined();
      const closed = dump.closed.filter((entry) => entry.stream === stream);
      expect(closed.map((entry) => [entry.kind, entry.packetsAfterClose])).toEqual([
        ['publisher', 0],
        ['player', 0],
      ]);
      for (const entry of closed) {
        expect(entry.counters.packets).toBeGreaterThan(100);
        expect(entry.counters.lastPacketAtMs).toBeLessThanOrEqual(entry.closedAtMs);
        expect(entry.closedAtMs).toBeLessThanOrEqual(closedAtMs);
      }
      const received = player.rtp.length;
      await sleep(100);
      expect(player.rtp.length).toBe(received);
      expect(closed.find((entry) => entry.kind === 'player')?.counters.packets).toBeGreaterThanOrEqual(received);
    });

    test('a closed player gets nothing more, and the others go on (KICK-4)', async () => {
      const publisher = await publish();
      const [victim, other] = [await play('victim'), await play('other')];
      sendFrames(publisher, 1, 3);
      await waitFor(() => victim.rtp.length === 3 && other.rtp.length === 3);
      await engine.closePlayer('victim');
      sendFrames(publisher, 4, 3);
      await waitFor(() => other.rtp.length === 6);
      expect(victim.rtp.length).toBe(3);
      const closed = (await engine.dump()).closed.filter((entry) => entry.stream === stream);
      expect(closed).toMatchObject([
        { kind: 'player', player: 'victim', packetsAfterClose: 0, counters: { packets: 3 } },
      ]);
    });

    test('a close that overtakes the answer to a play or a publish holds (KICK-4)', async () => {
      await publish();
      const playing = engine.play({ stream, player: 'quick', offer: SyntheticPeer.createOffer('play') });
      const refused = expect(playing).rejects.toMatchObject({ code: 'no-such-stream' });
      await engine.closePlayer('quick');
      await refused;
      expect((await dumpStream())?.players).toEqual([]);
      const offer = SyntheticPeer.createOffer('publish');
      const publishing = engine.publish({
        group: 'room',
        stream: 'quick',
        offer,
        allowed: { audio: true, video: true },
      });
      const refusedToo = expect(publishing).rejects.toMatchObject({ code: 'no-such-stream' });
      await engine.closeStream('quick');
      await refusedToo;
      expect((await engine.dump()).streams.map((entry) => entry.stream)).not.toContain('quick');
    });

    test('closing what is not there resolves', async () => {
      await engine.closeStream('nobody');
      await engine.closePlayer('nobody');
    });

    test('a play that waits for a publish that is refused finds no stream', async () => {
      const allowed = { audio: true, video: true };
      const publishing = engine.publish({ group: 'room', stream: 'never', offer: 'v=0', allowed });
      const playing = engine.play({ stream: 'never', player: 'p', offer: SyntheticPeer.createOffer('play') });
      const outcomes = await Promise.allSettled([publishing, playing]);
      expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
        'bad-offer',
        'no-such-stream',
      ]);
    });

    test('playing a player again replaces its peer connection', async () => {
      await publish();
      await play('same');
      await play('same');
      expect((await dumpStream())?.players.map((entry) => entry.player)).toEqual(['same']);
    });
  });

  describe('restricting', () => {
    const blockVideo = (video: boolean) => engine.restrict(stream, { audio: false, video });

    test('a blocked kind reaches no player, not even when asked for again, until it is let go with a keyframe (RULE-1)', async () => {
      const publisher = await publish();
      const player = await play();
      sendFrames(publisher, 1, 3);
      await waitFor(() => player.rtp.length === 3);
      await blockVideo(true);
      await blockVideo(true);
      header.read(player.rtp[0] ?? Buffer.alloc(0));
      player.send(writeNack(1, header.ssrc, [1, 2]));
      sendFrames(publisher, 4, 5);
      await waitFor(async () => ((await dumpStream())?.publisher.packets ?? 0) === 8);
      expect((await dumpStream())?.forwardedPackets).toBe(3);
      const keyframesBefore = (await dumpStream())?.publisher.keyframeRequests ?? 0;
      await sleep(500);
      await blockVideo(false);
      await waitFor(async () => ((await dumpStream())?.publisher.keyframeRequests ?? 0) > keyframesBefore);
      sendFrames(publisher, 9, 2);
      await waitFor(() => player.rtp.length === 5);
      expect(player.rtp.map(readSequence)).toEqual([1, 2, 3, 4, 5]);
    });

    test('it holds over a new publish and over the death of a worker (RULE-1)', async () => {
      const own = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1' });
      await own.start();
      const find = async () => (await own.dump()).streams.find((entry) => entry.stream === 'own');
      const expectSilence = async (ssrc: number, name: string): Promise<void> => {
        const publisher = await SyntheticPeer.publish(own, 'own', ssrc);
        peers.push(publisher, await SyntheticPeer.play(own, 'own', name));
        await waitFor(async () => {
          const entry = await find();
          return entry?.state === 'connected' && entry.players.some(({ state }) => state === 'connected');
        });
        sendFrames(publisher, 1, 3);
        await waitFor(async () => ((await find())?.publisher.packets ?? 0) === 3);
        expect(await find()).toMatchObject({ forwardedPackets: 0 });
      };
      try {
        peers.push(await SyntheticPeer.publish(own, 'own'));
        await own.restrict('own', { audio: false, video: true });
        await expectSilence(2_000, 'before');
        const { pid = 0 } = (await own.dump()).workers[0] ?? {};
        const died = new Promise<void>((resolve) => own.on('workerDied', () => resolve()));
        process.kill(pid, 'SIGKILL');
        await died;
        await expectSilence(3_000, 'after');
      } finally {
        await own.close();
      }
    });

    test('of what is not there resolves', async () => {
      await engine.restrict('nothing', { audio: true, video: true });
    });
  });

  describe('what is hostile', () => {
    test('garbage at the UDP port does no harm', async () => {
      const publisher = await publish();
      const player = await play();
      const socket = createSocket('udp4');
      const port = await portOf();
      for (let i = 0; i < 300; i += 1) {
        const datagram = randomBytes(1 + ((i * 37) % 1_200));
        // Looks like STUN, DTLS, RTP and TURN channel data in turn.
        datagram[0] = [0, 22, 0x80, 0x40][i % 4] ?? 0;
        socket.send(datagram, port, '127.0.0.1');
      }
      await sleep(50);
      socket.close();
      sendFrames(publisher, 1, 3);
      await waitFor(() => player.rtp.length === 3);
      expect((await engine.dump()).workers[0]?.restarts).toBe(0);
    });

    test('garbage for an offer is a bad offer and leaves nothing behind', async () => {
      const allowed = { audio: true, video: true };
      for (const offer of ['', 'v=0\r\n', 'x'.repeat(70_000), SyntheticPeer.createOffer('play')]) {
        await expect(engine.publish({ group: 'room', stream: 'bad', offer, allowed })).rejects.toMatchObject({
          code: 'bad-offer',
        });
      }
      expect((await engine.dump()).streams.map((entry) => entry.stream)).not.toContain('bad');
      await expect(engine.play({ stream: 'bad', player: 'p', offer: '' })).rejects.toMatchObject({
        code: 'no-such-stream',
      });
    });

    test('a bad offer for a running stream changes nothing', async () => {
      const publisher = await publish();
      const player = await play();
      await expect(
        engine.publish({ group: 'room', stream, offer: 'v=0', allowed: { audio: true, video: true } }),
      ).rejects.toBeInstanceOf(MediaError);
      await expect(engine.play({ stream, player: 'player', offer: 'v=0' })).rejects.toBeInstanceOf(MediaError);
      sendFrames(publisher, 1, 1);
      await waitFor(() => player.rtp.length === 1);
    });
  });

  describe('workers', () => {
    test('a killed worker is told, comes back on the same port, and takes players even before the publisher (MED-3)', async () => {
      const publisher = await publish();
      await play('survivor');
      const before = (await engine.dump()).workers[0];
      const events: unknown[][] = [];
      engine.on('workerDied', (worker) => events.push(['workerDied', worker]));
      engine.on('streamLost', (...args) => events.push(['streamLost', ...args]));
      engine.on('playerLost', (...args) => events.push(['playerLost', ...args]));
      const killedAtMs = performance.now();
      process.kill(before?.pid ?? 0, 'SIGKILL');
      // Asked while it dies, a dump answers all the same.
      await expect(engine.dump()).resolves.toMatchObject({ workers: [{ worker: 0 }] });
      await waitFor(() => events.length === 3);
      expect(events).toEqual([
        ['workerDied', 0],
        ['streamLost', stream, 'worker-died'],
        ['playerLost', 'survivor', stream, 'worker-died'],
      ]);
      const player = await play('survivor');
      // MED-3: at most 5 s.
      expect(performance.now() - killedAtMs).toBeLessThan(5_000);
      publisher.close();
      const again = await publish();
      sendFrames(again, 1, 2);
      await waitFor(() => player.rtp.length === 2);
      const after = (await engine.dump()).workers[0];
      expect(after).toMatchObject({ port: before?.port, restarts: 1 });
      expect(after?.pid).not.toBe(before?.pid);
    });

    test('a worker ends when its parent is gone, and has none of its environment', async () => {
      const worker = fork(new URL('../src/worker/main.ts', import.meta.url), {
        execArgv: [],
        env: {},
        serialization: 'advanced',
      });
      worker.send({ id: 1, method: 'ping', params: undefined });
      await once(worker, 'message');
      worker.disconnect();
      expect(await once(worker, 'exit')).toEqual([null, 'SIGKILL']);
    });

    test('groups are spread over workers, and the streams of one stay together', async () => {
      const spread = createMediaEngine({ transport, ports: 0, workers: 2 });
      await spread.start();
      const allowed = { audio: true, video: true };
      for (const [group, name] of [
        ['a', 'a1'],
        ['b', 'b1'],
        ['a', 'a2'],
      ] as const) {
        await spread.publish({ group, stream: name, offer: SyntheticPeer.createOffer('publish'), allowed });
      }
      const placed = Object.fromEntries((await spread.dump()).streams.map((entry) => [entry.stream, entry.worker]));
      expect(placed.a1).toBe(placed.a2);
      expect(placed.a1).not.toBe(placed.b1);
      await spread.close();
    });

    test('a worker that hangs is killed when a close does not hold in time (KICK-4)', async () => {
      // Long enough for a worker to start on a busy machine, which is a call too.
      const hanging = createMediaEngine({ transport, ports: 0, callTimeoutMs: 1500 });
      await hanging.start();
      const allowed = { audio: true, video: true };
      await hanging.publish({ group: 'a', stream: 'a', offer: SyntheticPeer.createOffer('publish'), allowed });
      const pid = (await hanging.dump()).workers[0]?.pid ?? 0;
      process.kill(pid, 'SIGSTOP');
      await expect(
        hanging.play({ stream: 'a', player: 'p', offer: SyntheticPeer.createOffer('play') }),
      ).rejects.toMatchObject({
        code: 'unavailable',
      });
      const died = new Promise((resolve) => hanging.on('workerDied', resolve));
      await hanging.closeStream('a');
      await died;
      await waitFor(async () => (await hanging.dump().catch(() => undefined))?.workers[0]?.restarts === 1);
      await hanging.close();
    }, 20_000);

    test('transports bear names too long to meet: they share a port, and a second of one name would never come up', async () => {
      const offer = SyntheticPeer.createOffer('publish');
      const allowed = { audio: true, video: true };
      const names: (string | undefined)[] = [];
      for (let count = 0; count < 3; count += 1) {
        stream = `named-${count}`;
        const { answer } = await engine.publish({ group: 'room', stream, offer, allowed });
        names.push(/a=ice-ufrag:(\S+)/.exec(answer)?.[1]);
        expect(/a=ice-pwd:(\S+)/.exec(answer)?.[1]).toMatch(/^[\w+/]{32}$/);
        await engine.closeStream(stream);
      }
      for (const name of names) expect(name).toMatch(/^[\w+/]{16}$/);
      expect(new Set(names).size).toBe(3);
    });

    test('a UDP port that is taken fails the start', async () => {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, resolve));
      const blocked = createMediaEngine({ transport, ports: socket.address().port });
      await expect(blocked.start()).rejects.toMatchObject({ code: 'unavailable' });
      socket.close();
    });
  });
}
