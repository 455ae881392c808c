/**
 * What a media engine does when media is closed, when input is hostile, and when workers die, whatever transport they use.
 *
 * @module
 */

import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClosedDump, MediaEngineEvents, StreamDump, TransportKind } from '../src/engine.ts';
import { createMediaEngine, type MediaEngine, type NegotiateRequest } from '../src/index.ts';
import { createStaticTransport, writeOffer } from './offer-builder.ts';
import { createVideoSection, DEFAULT_SSRC, SyntheticPeer, waitFor } from './synthetic-peer.ts';

const BOTH = { audio: true, video: true };
let nextStream = 0;

/** Declares the tests for one transport. */
export function describeClosing(transport: TransportKind): void {
  let engine: MediaEngine;
  let stream = '';
  const peers: SyntheticPeer[] = [];
  const engines: MediaEngine[] = [];

  async function createEngine(options: { workers?: number; callTimeoutMs?: number } = {}): Promise<MediaEngine> {
    const created = createMediaEngine({ transport, ports: 0, announcedAddress: '127.0.0.1', ...options });
    await created.start();
    return created;
  }

  beforeAll(async () => {
    engine = await createEngine();
  }, 30_000);

  afterEach(async () => {
    for (const peer of peers.splice(0)) {
      peer.close();
      await engine.closePeer(peer.name);
    }
    await Promise.all(engines.splice(0).map((one) => one.close()));
  });

  afterAll(() => engine.close());

  /** An engine of a test's own. */
  async function createOwnEngine(options?: Parameters<typeof createEngine>[0]): Promise<MediaEngine> {
    const own = await createEngine(options);
    engines.push(own);
    return own;
  }

  async function publish(on = engine, ssrc = DEFAULT_SSRC): Promise<SyntheticPeer> {
    const peer = await SyntheticPeer.publish(on, stream, { ssrc });
    peers.push(peer);
    return peer;
  }

  async function subscribe(name: string, on = engine): Promise<SyntheticPeer> {
    const peer = await SyntheticPeer.subscribe(on, stream, name);
    peers.push(peer);
    await waitFor(async () =>
      (await on.dump()).peers.some(({ peer: one, state }) => one === name && state === 'connected'),
    );
    return peer;
  }

  /** Publishes a stream and subscribes to it. */
  async function connect(...viewers: string[]): Promise<SyntheticPeer[]> {
    stream = `closing-${nextStream++}`;
    const publisher = await publish();
    return [publisher, ...(await Promise.all(viewers.map((name) => subscribe(name))))];
  }

  async function dumpStream(on = engine): Promise<StreamDump | undefined> {
    return (await on.dump()).streams.find((entry) => entry.stream === stream);
  }

  async function listClosed(): Promise<ClosedDump[]> {
    return (await engine.dump()).closed.filter((entry) => entry.stream === stream);
  }

  function sendFrames(peer: SyntheticPeer, from: number, count: number, ssrc = DEFAULT_SSRC): void {
    for (let i = from; i < from + count; i += 1) peer.sendRtp({ sequence: i, timestamp: i * 3_000, ssrc });
  }

  /** Sends without end; returns how to stop. */
  function startSending(peer: SyntheticPeer): () => void {
    let sequence = 0;
    const timer = setInterval(() => {
      sendFrames(peer, sequence, 20);
      sequence += 20;
    }, 2);
    return () => clearInterval(timer);
  }

  /** The request of a client that never connects. */
  function createRequest(group: string, name: string, streams: readonly string[] = [name]): NegotiateRequest {
    const sections = streams.map(() => createVideoSection('sendonly'));
    return {
      group,
      peer: name,
      offer: writeOffer(sections, createStaticTransport('EF')),
      publish: streams.map((one, index) => ({
        stream: one,
        mids: { video: sections[index]?.mid ?? '' },
        allowed: BOTH,
      })),
      subscribe: [],
    };
  }

  describe('closing', () => {
    test('a closed stream takes no packet in and sends none, whatever a hostile publisher goes on sending (KICK-4, STRM-3)', async () => {
      const [publisher, viewer] = (await connect('viewer')) as [SyntheticPeer, SyntheticPeer];
      const stop = startSending(publisher);
      await waitFor(() => viewer.rtp.length > 200);
      await engine.closeStream(stream);
      // The worker counts from its start, so the system's clock may have been adjusted by a little since.
      const closedAtMs = Date.now() + 5;
      await sleep(50);
      const received = viewer.rtp.length;
      await sleep(300);
      stop();
      const closed = await listClosed();
      expect(closed.map(({ kind, peer, packetsAfterClose }) => [kind, peer, packetsAfterClose])).toEqual([
        ['subscription', 'viewer', 0],
        ['publisher', publisher.name, 0],
      ]);
      for (const entry of closed) {
        expect(entry.counters.packets).toBeGreaterThan(100);
        expect(entry.counters.lastPacketAtMs).toBeLessThanOrEqual(entry.closedAtMs);
        expect(entry.closedAtMs).toBeLessThanOrEqual(closedAtMs);
      }
      // The publisher's peer stays, so its packets still arrive, and are dropped at the first check.
      expect(closed[1]?.arrivedAfterClose).toBeGreaterThan(100);
      expect(viewer.rtp.length).toBe(received);
      expect(closed[0]?.counters.packets).toBeGreaterThanOrEqual(received);
      expect((await engine.dump()).peers.map(({ state }) => state)).toEqual(['connected', 'connected']);
    });

    test('a closed peer sends and gets nothing more, and the others go on (KICK-4)', async () => {
      const [publisher, victim, other] = (await connect('victim', 'other')) as [
        SyntheticPeer,
        SyntheticPeer,
        SyntheticPeer,
      ];
      victim.addPublication({ stream: 'own', sections: [createVideoSection('sendonly', { ssrcs: [9] })] });
      await victim.negotiate();
      sendFrames(publisher, 1, 3);
      sendFrames(victim, 1, 3, 9);
      await waitFor(() => victim.rtp.length === 3 && other.rtp.length === 3);
      await engine.closePeer('victim');
      sendFrames(publisher, 4, 3);
      sendFrames(victim, 4, 3, 9);
      await waitFor(() => other.rtp.length === 6);
      await sleep(50);
      expect(victim.rtp.length).toBe(3);
      const closed = (await engine.dump()).closed.filter(({ peer }) => peer === 'victim').slice(-2);
      expect(closed).toMatchObject([
        { kind: 'publisher', stream: 'own', packetsAfterClose: 0, arrivedAfterClose: 0, counters: { packets: 3 } },
        { kind: 'subscription', stream, packetsAfterClose: 0, counters: { packets: 3 } },
      ]);
    });

    test('the packets of peers, streams and subscriptions that have ended stay in the totals of their worker', async () => {
      const readTotals = async () => {
        const { totals } = (await engine.dump()).workers[0] ?? {};
        return [totals?.received.packets ?? 0, totals?.sent.packets ?? 0] as const;
      };
      const [receivedBefore, sentBefore] = await readTotals();
      const [publisher, one, other] = (await connect('one', 'other')) as [SyntheticPeer, SyntheticPeer, SyntheticPeer];
      const checkTotals = async (received: number, sent: number) =>
        expect(await readTotals()).toEqual([receivedBefore + received, sentBefore + sent]);
      sendFrames(publisher, 1, 3);
      await waitFor(() => one.rtp.length === 3 && other.rtp.length === 3);
      await checkTotals(3, 6);
      await engine.closePeer('one');
      sendFrames(publisher, 4, 2);
      await waitFor(() => other.rtp.length === 5);
      await engine.closeStream(stream);
      await checkTotals(5, 8);
      await engine.closePeer('other');
      await engine.closePeer(publisher.name);
      await checkTotals(5, 8);
    });

    test('an ended subscription gets nothing more, and the rest of its peer goes on', async () => {
      const [publisher, viewer] = (await connect('viewer')) as [SyntheticPeer, SyntheticPeer];
      publisher.addPublication({ stream: 'second', sections: [createVideoSection('sendonly', { ssrcs: [8] })] });
      await publisher.negotiate();
      viewer.addSubscription({ stream: 'second', sections: [createVideoSection('recvonly')] });
      await viewer.negotiate();
      sendFrames(publisher, 1, 2);
      sendFrames(publisher, 1, 2, 8);
      await waitFor(() => viewer.rtp.length === 4);
      await engine.unsubscribe('viewer', stream);
      sendFrames(publisher, 3, 2);
      sendFrames(publisher, 3, 2, 8);
      await waitFor(() => viewer.rtp.length === 6);
      await sleep(50);
      expect(viewer.rtp.length).toBe(6);
      expect(await listClosed()).toMatchObject([
        { kind: 'subscription', peer: 'viewer', packetsAfterClose: 0, counters: { packets: 2 } },
      ]);
    });

    test('a stream that an offer does not list any longer takes no packet in (KICK-4)', async () => {
      const [publisher, viewer] = (await connect('viewer')) as [SyntheticPeer, SyntheticPeer];
      const stop = startSending(publisher);
      await waitFor(() => viewer.rtp.length > 20);
      publisher.remove(stream);
      await publisher.negotiate();
      await sleep(100);
      stop();
      const closed = await listClosed();
      expect(closed.map(({ kind, packetsAfterClose }) => [kind, packetsAfterClose])).toEqual([
        ['subscription', 0],
        ['publisher', 0],
      ]);
      expect(closed[1]?.arrivedAfterClose).toBeGreaterThan(0);
    });
  });

  describe('hostile input', () => {
    test('garbage at the UDP port does no harm', async () => {
      const [publisher, viewer] = (await connect('viewer')) as [SyntheticPeer, SyntheticPeer];
      const socket = createSocket('udp4');
      const port = (await engine.dump()).workers[0]?.port ?? 0;
      for (let i = 0; i < 300; i += 1) {
        const datagram = randomBytes(1 + ((i * 37) % 1_200));
        // Looks like STUN, DTLS, RTP and TURN channel data in turn.
        datagram[0] = [0, 22, 0x80, 0x40][i % 4] ?? 0;
        socket.send(datagram, port, '127.0.0.1');
      }
      await sleep(50);
      socket.close();
      sendFrames(publisher, 1, 3);
      await waitFor(() => viewer.rtp.length === 3);
      expect((await engine.dump()).workers[0]?.restarts).toBe(0);
    });

    test('peers have names too long to meet: they share a port, and a second of one name would never come up', async () => {
      const names: (string | undefined)[] = [];
      for (let count = 0; count < 3; count += 1) {
        const { answer } = await engine.negotiate(createRequest('room', `named-${count}`));
        names.push(/a=ice-ufrag:(\S+)/.exec(answer)?.[1]);
        expect(/a=ice-pwd:(\S+)/.exec(answer)?.[1]).toMatch(/^[\w+/]{32}$/);
        await engine.closePeer(`named-${count}`);
      }
      for (const name of names) expect(name).toMatch(/^[\w+/]{16}$/);
      expect(new Set(names).size).toBe(3);
    });
  });

  describe('workers', () => {
    test('a killed worker is told, comes back on the same port, and takes viewers even before the publisher (MED-3)', async () => {
      const own = await createOwnEngine();
      stream = 'survivor';
      const publisher = await publish(own);
      await subscribe('viewer', own);
      const [before] = (await own.dump()).workers;
      const events: unknown[][] = [];
      for (const event of ['workerDied', 'peerLost', 'subscriptionLost'] as const) {
        own.on(event, (...args: MediaEngineEvents[typeof event]) => void events.push([event, ...args]));
      }
      const killedAtMs = performance.now();
      process.kill(before?.pid ?? 0, 'SIGKILL');
      // Asked while it dies, a dump answers all the same.
      await expect(own.dump()).resolves.toMatchObject({ workers: [{ worker: 0 }] });
      await waitFor(() => events.length === 3);
      expect(events.map(([event, subject, cause]) => [event, subject, event === 'peerLost' ? cause : ''])).toEqual([
        ['workerDied', 0, ''],
        ['peerLost', publisher.name, 'worker-died'],
        ['peerLost', 'viewer', 'worker-died'],
      ]);
      expect((await own.dump()).peers.map(({ state }) => state)).toEqual(['lost', 'lost']);
      const viewer = await subscribe('viewer', own);
      // MED-3: at most 5 s.
      expect(performance.now() - killedAtMs).toBeLessThan(5_000);
      expect(await dumpStream(own)).toMatchObject({ state: 'lost', subscriptions: [{ peer: 'viewer' }] });
      sendFrames(await publish(own), 1, 2);
      await waitFor(() => viewer.rtp.length === 2);
      const [after] = (await own.dump()).workers;
      expect(after).toMatchObject({ port: before?.port, restarts: 1 });
      expect(after?.pid).not.toBe(before?.pid);
    });

    test('a block holds over another publisher and over the death of a worker (RULE-1)', async () => {
      const own = await createOwnEngine();
      stream = 'blocked';
      const expectSilence = async (ssrc: number, name: string): Promise<void> => {
        const publisher = await publish(own, ssrc);
        await subscribe(name, own);
        await waitFor(async () => (await dumpStream(own))?.state === 'connected');
        sendFrames(publisher, 1, 3, ssrc);
        await waitFor(async () => ((await dumpStream(own))?.publisher.packets ?? 0) === 3);
        expect(await dumpStream(own)).toMatchObject({ forwardedPackets: 0 });
      };
      await publish(own);
      await own.restrict(stream, { audio: false, video: true });
      await expectSilence(2_000, 'before');
      const died = new Promise<void>((resolve) => own.on('workerDied', () => resolve()));
      process.kill((await own.dump()).workers[0]?.pid ?? 0, 'SIGKILL');
      await died;
      await expectSilence(3_000, 'after');
    });

    test('a peer that is closed after the death of its worker takes its streams with it (KICK-4)', async () => {
      const own = await createOwnEngine();
      stream = 'orphan';
      const publisher = await publish(own);
      const died = new Promise<void>((resolve) => own.on('workerDied', () => resolve()));
      process.kill((await own.dump()).workers[0]?.pid ?? 0, 'SIGKILL');
      await died;
      await subscribe('viewer', own);
      expect(await dumpStream(own)).toMatchObject({ state: 'lost', subscriptions: [{ peer: 'viewer' }] });
      await own.closePeer(publisher.name);
      expect(await dumpStream(own)).toBeUndefined();
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

    test('groups are spread over workers, and the peers and streams of one stay together', async () => {
      const spread = await createOwnEngine({ workers: 2 });
      for (const [group, name] of [
        ['a', 'a1'],
        ['b', 'b1'],
        ['a', 'a2'],
      ] as const) {
        await spread.negotiate(createRequest(group, name));
      }
      const { streams, peers: dumped } = await spread.dump();
      for (const placed of [
        Object.fromEntries(streams.map((entry) => [entry.stream, entry.worker])),
        Object.fromEntries(dumped.map((entry) => [entry.peer, entry.worker])),
      ]) {
        expect(placed.a1).toBe(placed.a2);
        expect(placed.a1).not.toBe(placed.b1);
      }
    });

    test('a worker that hangs is killed when a close does not hold in time (KICK-4)', async () => {
      // Long enough for a worker to start on a busy machine, which is a call too.
      const hanging = await createOwnEngine({ callTimeoutMs: 1_500 });
      await hanging.negotiate(createRequest('a', 'a'));
      process.kill((await hanging.dump()).workers[0]?.pid ?? 0, 'SIGSTOP');
      await expect(hanging.negotiate(createRequest('a', 'b'))).rejects.toMatchObject({ code: 'unavailable' });
      const died = new Promise((resolve) => hanging.on('workerDied', resolve));
      await hanging.closeStream('a');
      await died;
      await waitFor(async () => (await hanging.dump()).workers[0]?.restarts === 1);
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
