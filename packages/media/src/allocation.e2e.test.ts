/**
 * What a media engine sends to viewers that show a video small, or not at all, or have little bandwidth (BWE-1 to BWE-4).
 *
 * @module
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { LayeredPublisher, RIDS, readLayer } from '../tests/layered-publisher.ts';
import { TRANSPORT_CC_ID } from '../tests/offer-builder.ts';
import { createVideoSection, SyntheticPeer, waitFor } from '../tests/synthetic-peer.ts';
import type { StreamDemand, SubscriptionPreferences } from './engine.ts';
import { createMediaEngine, type MediaEngine } from './index.ts';
import { RtpHeader } from './rtp/rtp-packet.ts';
import { TwccCollector } from './worker/twcc-collector.ts';

const FRAME_MS = 20;
/** Bytes of a frame in each layer: 80, 240 and 460 kbit/s. */
const FRAME_BYTES = [200, 600, 1_150];
const RTX_TYPE = 97;

/** A viewer. One behind a slow link reports when packets arrive, as a browser does; the others give no feedback. */
class Viewer {
  readonly peer: SyntheticPeer;
  /** The layers of the packets that have arrived. */
  readonly layers: number[] = [];
  /** Bits per second; undefined without feedback. */
  linkBps: number | undefined;
  readonly #collector = new TwccCollector(1);
  readonly #header = new RtpHeader();
  #queue: { readonly sequence: number; readonly arrivesAtMs: number }[] = [];
  #busyUntilMs = 0;

  constructor(peer: SyntheticPeer) {
    this.peer = peer;
    peer.receiveRtp = (packet) => this.#receive(packet, performance.now());
  }

  /** Reports the packets that have arrived, as the link permits. */
  report(nowMs: number): void {
    const arrived = this.#queue.filter(({ arrivesAtMs }) => arrivesAtMs <= nowMs);
    this.#queue = this.#queue.filter(({ arrivesAtMs }) => arrivesAtMs > nowMs);
    for (const { sequence, arrivesAtMs } of arrived) this.#collector.handlePacket(sequence, arrivesAtMs);
    for (const packet of this.#collector.collect(1)) this.peer.send(packet);
  }

  #receive(packet: Buffer, nowMs: number): void {
    const { linkBps } = this;
    const header = this.#header;
    if (!header.read(packet)) return;
    const layer = readLayer(packet.subarray(header.payloadOffset));
    if (layer >= 0) this.layers.push(layer);
    if (linkBps === undefined) return;
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + (packet.length * 8_000) / linkBps;
    const sequence = header.findExtension16(packet, TRANSPORT_CC_ID);
    this.#queue.push({ sequence, arrivesAtMs: this.#busyUntilMs });
  }

  /** The last layer that was sent to it. */
  get layer(): number | undefined {
    return this.layers.at(-1);
  }
}

vi.setConfig({ testTimeout: 60_000 });
let engine: MediaEngine;
let stream = '';
let nextStream = 0;
let publisher: LayeredPublisher;
let timer: NodeJS.Timeout;
let events: unknown[][] = [];
/** The layers that are sent. */
let sent = [...RIDS.keys()];
const viewers: Viewer[] = [];

beforeAll(async () => {
  engine = createMediaEngine({ ports: 0, announcedAddress: '127.0.0.1' });
  for (const event of ['videoPaused', 'demandChanged'] as const) {
    engine.on(event, (...args) => void events.push([event, ...args]));
  }
  await engine.start();
});

beforeEach(async () => {
  stream = `allocation-${nextStream++}`;
  publisher = await LayeredPublisher.start(engine, stream);
  let frame = 0;
  timer = setInterval(() => {
    frame += 1;
    const requested = new Set(publisher.requestedLayers);
    publisher.peer.rtcp.length = 0;
    for (const layer of sent) publisher.send(layer, frame < 5 || requested.has(layer), FRAME_BYTES[layer]);
    for (const viewer of viewers) viewer.report(performance.now());
  }, FRAME_MS);
});

afterEach(async () => {
  clearInterval(timer);
  for (const { peer } of [publisher, ...viewers.splice(0)]) {
    peer.close();
    await engine.closePeer(peer.name);
  }
  sent = [...RIDS.keys()];
  events = [];
  for (const { transport: dumped } of (await engine.dump()).workers) expect(dumped?.datagrams?.unsent ?? 0).toBe(0);
});

afterAll(() => engine.close());

async function watch(preferences?: SubscriptionPreferences): Promise<Viewer> {
  const peer = new SyntheticPeer(engine, `${stream}/${viewers.length}`);
  const viewer = new Viewer(peer);
  viewers.push(viewer);
  const sections = [createVideoSection('recvonly', { rtxPayloadType: RTX_TYPE })];
  peer.addSubscription({ stream, sections, ...(preferences && { preferences }) });
  await peer.negotiate();
  await peer.opened();
  return viewer;
}

async function findSubscription({ peer: { name } }: Viewer) {
  const dump = (await engine.dump()).streams.find((entry) => entry.stream === stream);
  return dump?.subscriptions.find(({ peer }) => peer === name);
}

/** The highest layers that the publisher was asked for. */
const listDemands = (): number[] =>
  events.flatMap(([event, name, demand]) =>
    event === 'demandChanged' && name === stream ? [(demand as StreamDemand).highestLayer] : [],
  );
const lastDemand = () => listDemands().at(-1);

describe('what a page shows', () => {
  test('SIM-1: a viewer gets the lowest layer that is about as high as it shows the picture', async () => {
    const viewer = await watch({ height: 200 });
    await waitFor(() => viewer.layer === 0, 10_000);
    for (const [height, layer] of [
      [300, 1],
      [720, 2],
      [4_000, 2],
      [90, 0],
    ] as const) {
      await engine.preferVideo(viewer.peer.name, stream, { height });
      await waitFor(() => viewer.layer === layer, 20_000);
      expect(await findSubscription(viewer)).toMatchObject({ height });
    }
  });

  test('BWE-2: no video is sent to a viewer that does not show it, which is no pause; it goes on with a keyframe', async () => {
    const viewer = await watch();
    const other = await watch();
    await waitFor(() => viewer.layers.length > 0 && other.layers.length > 0);
    await engine.preferVideo(viewer.peer.name, stream, { height: 0 });
    viewer.layers.length = 0;
    other.layers.length = 0;
    await waitFor(() => other.layers.length > 20);
    // What was on its way when the call was made.
    expect(viewer.layers.length).toBeLessThan(5);
    expect(await findSubscription(viewer)).toMatchObject({ height: 0 });
    await engine.preferVideo(viewer.peer.name, stream, {});
    await waitFor(() => viewer.layers.length > 20);
    expect(events.filter(([event]) => event === 'videoPaused')).toEqual([]);
  });
});

describe('demand', () => {
  test('BWE-4: layers that nobody takes are not demanded after 2 s, and are again at once', async () => {
    await waitFor(() => listDemands().length > 0, 10_000);
    expect(listDemands()).toEqual([-1]);
    const viewer = await watch({ height: 180 });
    await waitFor(() => listDemands().length > 1);
    await waitFor(() => viewer.layer === 0, 10_000);
    expect(lastDemand()).toBe(0);
    sent = [0];
    await engine.preferVideo(viewer.peer.name, stream, { height: 720 });
    await waitFor(() => lastDemand() === 2);
    // The lower layer goes on until the higher one has a keyframe.
    viewer.layers.length = 0;
    await waitFor(() => viewer.layers.length > 10);
    expect(new Set(viewer.layers)).toEqual(new Set([0]));
    sent = [0, 1, 2];
    await waitFor(() => viewer.layer === 2, 20_000);
    await engine.unsubscribe(viewer.peer.name, stream);
    await waitFor(() => lastDemand() === -1, 10_000);
  });
});

describe('a slow link', () => {
  test('BWE-2, BWE-3: its viewer gets less, then nothing, and all again; another viewer notices nothing', async () => {
    const [slow, fast] = [await watch(), await watch()];
    slow.linkBps = Number.POSITIVE_INFINITY;
    await waitFor(() => slow.layer === 2 && fast.layer === 2, 20_000);
    slow.linkBps = 200_000;
    await waitFor(() => slow.layer === 0, 20_000);
    slow.linkBps = 40_000;
    await waitFor(async () => (await findSubscription(slow))?.isPaused === true, 30_000, 50);
    expect(events).toContainEqual(['videoPaused', slow.peer.name, stream, true]);
    slow.linkBps = Number.POSITIVE_INFINITY;
    await waitFor(async () => (await findSubscription(slow))?.isPaused !== true, 60_000, 50);
    expect(events).toContainEqual(['videoPaused', slow.peer.name, stream, false]);
    await waitFor(() => slow.layer === 2, 60_000);
    const layers = fast.layers.slice(fast.layers.indexOf(2));
    expect(new Set(layers)).toEqual(new Set([2]));
    expect(events.some(([, peer]) => peer === fast.peer.name)).toBe(false);
  }, 240_000);
});
