import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createVideoSection, SyntheticPeer, waitFor } from '../tests/synthetic-peer.ts';
import { LINGER_MS } from './demand-sum.ts';
import { createMediaEngine, type MediaEngine, type StreamDemand } from './index.ts';
import { parseRtcp } from './rtp/rtcp.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let engine: MediaEngine;
let nextStream = 0;
let stream: string;
let peers: SyntheticPeer[];

beforeAll(async () => {
  engine = createMediaEngine({
    ports: 0,
    workers: 2,
    maxSubscriptionsPerWorker: 1,
    announcedAddress: '127.0.0.1',
    callTimeoutMs: 20_000,
  });
  await engine.start();
});

beforeEach(() => {
  stream = `piped-${nextStream++}`;
  peers = [];
});

afterEach(async () => {
  for (const peer of peers) {
    peer.close();
    await engine.closePeer(peer.name);
  }
  const { workers, closed } = await engine.dump();
  for (const { transport } of workers) expect(transport?.datagrams?.unsent ?? 0).toBe(0);
  for (const record of closed) expect(record.packetsAfterClose).toBe(0);
});

afterAll(() => engine.close());

async function publish(name = `publisher of ${stream}`): Promise<SyntheticPeer> {
  const peer = await SyntheticPeer.publish(engine, stream, { name });
  peers.push(peer);
  return peer;
}

async function subscribe(name: string): Promise<SyntheticPeer> {
  const peer = await SyntheticPeer.subscribe(engine, stream, `${name} of ${stream}`);
  peers.push(peer);
  await waitFor(async () => (await dumpPeer(peer))?.state === 'connected');
  return peer;
}

const dumpPeer = async ({ name }: SyntheticPeer) => (await engine.dump()).peers.find(({ peer }) => peer === name);
const dumpStream = async () => (await engine.dump()).streams.find((entry) => entry.stream === stream);

/** A publisher and a viewer on one worker, and a viewer on the other. */
async function openRoom() {
  const publisher = await publish();
  const near = await subscribe('near');
  const far = await subscribe('far');
  const workers = await Promise.all([publisher, near, far].map(async (peer) => (await dumpPeer(peer))?.worker));
  expect(workers).toEqual([workers[0], workers[0], 1 - (workers[0] ?? 0)]);
  return { publisher, near, far, home: workers[0] ?? 0 };
}

let nextSequence = 1;
function sendFrames(peer: SyntheticPeer, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const sequence = nextSequence++;
    peer.sendRtp({ sequence, timestamp: sequence * 3_000, marker: true });
  }
}

/** Sends until a packet has come through the pipe: it may be opened a moment after the answer. */
async function sendUntilPiped(publisher: SyntheticPeer, far: SyntheticPeer): Promise<void> {
  const before = far.rtp.length;
  await waitFor(
    () => {
      sendFrames(publisher, 1);
      return far.rtp.length > before;
    },
    5_000,
    20,
  );
}

const textsOf = (peer: SyntheticPeer) =>
  peer.rtp.map((packet) => packet.toString('latin1').replace(/^.*payload /s, ''));

describe('a room on two workers', () => {
  test('PIPE-1: every subscriber gets every packet, once, and a track is piped once per worker', async () => {
    const { publisher, near, far, home } = await openRoom();
    const further = await subscribe('further');
    await sendUntilPiped(publisher, far);
    for (const peer of [near, far, further]) peer.rtp.length = 0;
    sendFrames(publisher, 200);
    await waitFor(() => [near, far, further].every(({ rtp }) => rtp.length >= 200));
    expect(textsOf(far).slice(-200)).toEqual(textsOf(near).slice(-200));
    const dump = await dumpStream();
    expect(dump).toMatchObject({ worker: home, state: 'connected', pipedTo: [1 - home] });
    expect(dump?.subscriptions.map(({ state }) => state)).toEqual(['connected', 'connected', 'connected']);
    expect((await engine.dump()).workers.map(({ droppedPipeFrames }) => droppedPipeFrames)).toEqual([0, 0]);
  });

  test('PIPE-1: a keyframe request reaches the publisher over the pipe', async () => {
    const { publisher, far } = await openRoom();
    await sendUntilPiped(publisher, far);
    await new Promise((resolve) => setTimeout(resolve, 450));
    publisher.rtcp.length = 0;
    const [ssrc = 0] = far.ssrcsOf(far.offer.match(/a=mid:(\S+)/)?.[1] ?? '');
    far.requestKeyframe(ssrc);
    await waitFor(() =>
      publisher.rtcp.flatMap((packet) => parseRtcp(packet)).some(({ type }) => type === 'keyframe-request'),
    );
  });

  test('RULE-1: a blocked kind is blocked on both workers when the call resolves', async () => {
    const { publisher, near, far } = await openRoom();
    await sendUntilPiped(publisher, far);
    const timer = setInterval(() => sendFrames(publisher, 5), 2);
    try {
      await engine.restrict(stream, { audio: false, video: true });
      const before = (await dumpStream())?.forwardedPackets;
      const received = ((await dumpStream())?.publisher.packets ?? 0) + 50;
      await waitFor(async () => ((await dumpStream())?.publisher.packets ?? 0) > received);
      expect((await dumpStream())?.forwardedPackets).toBe(before);
      await engine.restrict(stream, { audio: false, video: false });
      const [nearBefore, farBefore] = [near.rtp.length, far.rtp.length];
      await waitFor(() => near.rtp.length > nearBefore && far.rtp.length > farBefore);
    } finally {
      clearInterval(timer);
    }
  });

  test.each(['closePeer', 'closeStream'] as const)('KICK-4: %s stops the stream on both workers', async (method) => {
    const { publisher, far } = await openRoom();
    await sendUntilPiped(publisher, far);
    const timer = setInterval(() => sendFrames(publisher, 5), 2);
    try {
      await engine[method](method === 'closePeer' ? publisher.name : stream);
      const sent = (await dumpPeer(far))?.sent.packets;
      expect(await dumpStream()).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await dumpPeer(far))?.sent.packets).toBe(sent);
      const records = (await engine.dump()).closed.filter((record) => record.stream === stream);
      expect(records.map(({ kind }) => kind).sort()).toEqual(['publisher', 'subscription', 'subscription']);
    } finally {
      clearInterval(timer);
    }
  });

  test('the last subscriber of a worker closes the pipe, and the next one opens it again', async () => {
    const { publisher, near, far } = await openRoom();
    await sendUntilPiped(publisher, far);
    await engine.unsubscribe(far.name, stream);
    await waitFor(async () => (await dumpStream())?.pipedTo === undefined);
    await far.negotiate();
    await sendUntilPiped(publisher, far);
    expect(near.rtp.length).toBeGreaterThan(0);
  });

  test('publishing again, also at the other worker, keeps all subscribers', async () => {
    const { publisher, near, far, home } = await openRoom();
    await sendUntilPiped(publisher, far);
    const second = new SyntheticPeer(engine, `second of ${stream}`);
    peers.push(second);
    second.addPublication({ stream, sections: [createVideoSection('sendonly', { ssrcs: [1_000] })] });
    await second.negotiate();
    await second.opened();
    expect((await dumpPeer(second))?.worker).toBe(1 - home);
    near.rtp.length = 0;
    far.rtp.length = 0;
    await waitFor(
      () => {
        sendFrames(second, 1);
        return near.rtp.length > 0 && far.rtp.length > 0;
      },
      5_000,
      20,
    );
    expect(await dumpStream()).toMatchObject({ worker: 1 - home, peer: second.name, pipedTo: [home] });
  });

  test('a killed worker costs its own peers only: the others go on when the publisher is back', async () => {
    const { publisher, far, home } = await openRoom();
    await sendUntilPiped(publisher, far);
    const lost: string[] = [];
    const handle = (peer: string) => lost.push(peer);
    engine.on('peerLost', handle);
    const pid = (await engine.dump()).workers.find(({ worker }) => worker === home)?.pid;
    process.kill(pid ?? 0, 'SIGKILL');
    await waitFor(() => lost.length === 2);
    expect(lost).not.toContain(far.name);
    const again = await publish(publisher.name);
    await sendUntilPiped(again, far);
    engine.off('peerLost', handle);
  });

  test('a killed worker of subscribers disturbs nobody elsewhere, and its peers come back', async () => {
    const { publisher, near, far, home } = await openRoom();
    await sendUntilPiped(publisher, far);
    const lost = new Promise((resolve) => engine.on('peerLost', resolve));
    const pid = (await engine.dump()).workers.find(({ worker }) => worker !== home)?.pid;
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await lost).toBe(far.name);
    near.rtp.length = 0;
    sendFrames(publisher, 20);
    await waitFor(() => near.rtp.length === 20);
    const back = await subscribe('far');
    await sendUntilPiped(publisher, back);
  });

  test('BWE-4: what the subscribers at all workers take counts for the publisher (PIPE-1)', async () => {
    const demands: StreamDemand[] = [];
    const handle = (name: string, demand: StreamDemand): void => {
      if (name === stream) demands.push(demand);
    };
    engine.on('demandChanged', handle);
    const { near, far } = await openRoom();
    const show = (peer: SyntheticPeer, height: number) => engine.preferVideo(peer.name, stream, { height });
    await show(near, 0);
    // The far one takes the video still, for longer than a layer that nobody takes is demanded.
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS + 500));
    expect(demands).toEqual([]);
    await show(far, 0);
    await waitFor(() => demands.length === 1);
    await show(far, 720);
    await waitFor(() => demands.length === 2);
    expect(demands).toEqual([{ highestLayer: -1 }, { highestLayer: 0 }]);
    engine.off('demandChanged', handle);
  });
});
