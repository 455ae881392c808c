/**
 * Real Chromium pages as members: each has one peer connection for all that it publishes and plays.
 *
 * @module
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchChromium } from '@gavel/testkit/chromium';
import type { Browser, Page } from 'playwright-core';
import type { MediaEngine, NegotiateAnswer, PublishItem, SectionMids, SubscribeItem } from '../src/index.ts';

/** The statistics of one played stream. */
export interface ViewerStats {
  readonly framesDecoded: number;
  readonly packetsLost: number;
  readonly nackCount: number;
  readonly pliCount: number;
  readonly audioPackets: number;
  readonly codec: string;
  readonly freezeCount: number;
  readonly width: number;
}

/** The statistics of one published stream. */
export interface PublisherStats {
  readonly availableOutgoingBitrate: number;
  readonly pliCount: number;
  readonly nackCount: number;
  readonly packetsSent: number;
  readonly codec: string;
  readonly remoteReports: number;
}

type StatsReport = Record<string, Record<string, unknown>>;

declare global {
  interface Window {
    pc: RTCPeerConnection;
    connect(): void;
    addPublication(name: string, codec: string): Promise<void>;
    addStill(name: string): void;
    drawStill(): void;
    addSubscription(name: string): void;
    stop(name: string): void;
    createOffer(): Promise<{ offer: string; mids: Record<string, SectionMids> }>;
    acceptAnswer(answer: string): Promise<void>;
    firstFrame(name: string): Promise<number>;
    readStats(name: string): Promise<StatsReport>;
  }
}

const pageSource = `<!doctype html><title>media</title><script>
let streams = new Map();
const firstFrames = new Map();
const codecOrder = (codec) => {
  const all = RTCRtpReceiver.getCapabilities('video').codecs;
  return [...all.filter((c) => c.mimeType.endsWith('/' + codec)), ...all.filter((c) => !c.mimeType.endsWith('/' + codec))];
};
window.connect = () => {
  window.pc?.close();
  window.pc = new RTCPeerConnection();
  streams = new Map();
};
window.addPublication = async (name, codec) => {
  window.media ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480, frameRate: 30 } });
  const transceivers = {};
  for (const track of window.media.getTracks()) {
    const transceiver = pc.addTransceiver(track.clone(), { direction: 'sendonly', streams: [window.media] });
    if (track.kind === 'video') transceiver.setCodecPreferences(codecOrder(codec));
    transceivers[track.kind] = transceiver;
  }
  streams.set(name, transceivers);
};
window.addStill = (name) => {
  const canvas = document.createElement('canvas');
  canvas.width = 320; canvas.height = 240;
  canvas.getContext('2d').fillRect(0, 0, 100, 100);
  const [track] = canvas.captureStream(0).getVideoTracks();
  window.drawStill = () => { canvas.getContext('2d').fillRect(0, 0, 200, 200); track.requestFrame(); };
  const transceiver = pc.addTransceiver(track, { direction: 'sendonly' });
  streams.set(name, { video: transceiver });
};
window.addSubscription = (name) => {
  const transceivers = {};
  for (const kind of ['audio', 'video']) transceivers[kind] = pc.addTransceiver(kind, { direction: 'recvonly' });
  streams.set(name, transceivers);
  const element = document.createElement('video');
  element.muted = true; element.autoplay = true; element.playsInline = true;
  element.srcObject = new MediaStream([transceivers.audio.receiver.track, transceivers.video.receiver.track]);
  firstFrames.set(name, new Promise((resolve) => element.requestVideoFrameCallback(() => resolve(performance.timeOrigin + performance.now()))));
  document.body.append(element);
};
window.stop = (name) => {
  for (const transceiver of Object.values(streams.get(name))) transceiver.direction = 'inactive';
  streams.delete(name);
};
window.createOffer = async () => {
  await pc.setLocalDescription();
  const mids = {};
  for (const [name, transceivers] of streams) {
    mids[name] = Object.fromEntries(Object.entries(transceivers).map(([kind, { mid }]) => [kind, mid]));
  }
  return { offer: pc.localDescription.sdp, mids };
};
window.acceptAnswer = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp });
window.firstFrame = (name) => firstFrames.get(name);
window.readStats = async (name) => {
  const reports = {};
  for (const { sender, receiver, direction, currentDirection } of Object.values(streams.get(name))) {
    const source = currentDirection === 'sendonly' ? sender : receiver;
    for (const [id, report] of await source.getStats()) reports[id] = report;
  }
  return reports;
};
</script>`;

/** A Chromium with a server for its pages. */
export class BrowserPeers {
  readonly #browser: Browser;
  readonly #server: Server;

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser;
    this.#server = server;
  }

  static async launch(): Promise<BrowserPeers> {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(pageSource);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await launchChromium();
    return new BrowserPeers(browser, server);
  }

  /** Opens a page, which is a peer of that name. */
  async openPeer(engine: MediaEngine, name: string): Promise<BrowserPeer> {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://localhost:${(this.#server.address() as AddressInfo).port}/`);
    const peer = new BrowserPeer(engine, name, page);
    await peer.connect();
    return peer;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

/** A page with one peer connection. */
export class BrowserPeer {
  readonly name: string;
  readonly page: Page;
  /** Changes every answer before the page gets it, such as for a relay. */
  rewrite: (answer: string) => string | Promise<string> = (answer) => answer;
  readonly #engine: MediaEngine;
  readonly #published = new Map<string, PublishItem['allowed']>();
  readonly #subscribed = new Map<string, number | undefined>();

  constructor(engine: MediaEngine, name: string, page: Page) {
    this.#engine = engine;
    this.name = name;
    this.page = page;
  }

  /** Makes a new connection; what was published and played before is not in its offers. */
  async connect(): Promise<void> {
    this.#published.clear();
    this.#subscribed.clear();
    await this.page.evaluate(() => window.connect());
  }

  /** Includes a published stream in the next offer. */
  async addPublication(stream: string, codec = 'VP8', allowed = { audio: true, video: true }): Promise<void> {
    await this.page.evaluate(([name, wanted]) => window.addPublication(name, wanted), [stream, codec] as const);
    this.#published.set(stream, allowed);
  }

  /** Includes a picture without sound in the next offer, of which only the frames that `drawStill` draws are sent. */
  async addStill(stream: string): Promise<void> {
    await this.page.evaluate((name) => window.addStill(name), stream);
    this.#published.set(stream, { audio: true, video: true });
  }

  /** Sends one frame of the still picture. */
  async drawStill(): Promise<void> {
    await this.page.evaluate(() => window.drawStill());
  }

  /** Includes a played stream in the next offer. */
  async addSubscription(stream: string, maxLayer?: number): Promise<void> {
    await this.page.evaluate((name) => window.addSubscription(name), stream);
    this.#subscribed.set(stream, maxLayer);
  }

  /** Leaves a stream out of the next offer. */
  async stop(stream: string): Promise<void> {
    this.#published.delete(stream);
    this.#subscribed.delete(stream);
    await this.page.evaluate((name) => window.stop(name), stream);
  }

  /** Makes an offer of everything that was added, and accepts the answer. */
  async negotiate(): Promise<NegotiateAnswer> {
    const { offer, mids } = await this.page.evaluate(() => window.createOffer());
    const midsOf = (stream: string): SectionMids => mids[stream] ?? {};
    const publish = [...this.#published].map(([stream, allowed]) => ({ stream, mids: midsOf(stream), allowed }));
    const subscribe = [...this.#subscribed].map(
      ([stream, maxLayer]): SubscribeItem => ({
        stream,
        mids: midsOf(stream),
        ...(maxLayer !== undefined && { preferences: { maxLayer } }),
      }),
    );
    const answer = await this.#engine.negotiate({ group: 'room', peer: this.name, offer, publish, subscribe });
    await this.page.evaluate((sdp) => window.acceptAnswer(sdp), await this.rewrite(answer.answer));
    return answer;
  }

  /** Publishes one more stream. */
  async publish(stream: string, codec?: string, allowed?: PublishItem['allowed']): Promise<NegotiateAnswer> {
    await this.addPublication(stream, codec, allowed);
    return this.negotiate();
  }

  /** Plays one more stream; returns the time from the call to the first frame, in milliseconds. */
  async play(stream: string): Promise<number> {
    await this.addSubscription(stream);
    const startedAtMs = performance.timeOrigin + performance.now();
    await this.negotiate();
    return (await this.page.evaluate((name) => window.firstFrame(name), stream)) - startedAtMs;
  }

  /** Closes the page's connection, as a page that hangs up. */
  async hangUp(): Promise<void> {
    await this.page.evaluate(() => window.pc.close());
  }

  async readViewerStats(stream: string): Promise<ViewerStats> {
    const stats = await this.#readStats(stream);
    const video = stats.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video') ?? {};
    const audio = stats.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'audio') ?? {};
    const codec = stats.find((entry) => entry.id === video.codecId) ?? {};
    return {
      framesDecoded: Number(video.framesDecoded ?? 0),
      packetsLost: Number(video.packetsLost ?? 0),
      nackCount: Number(video.nackCount ?? 0),
      pliCount: Number(video.pliCount ?? 0),
      audioPackets: Number(audio.packetsReceived ?? 0),
      codec: String(codec.mimeType ?? ''),
      freezeCount: Number(video.freezeCount ?? 0),
      width: Number(video.frameWidth ?? 0),
    };
  }

  async readPublisherStats(stream: string): Promise<PublisherStats> {
    const stats = await this.#readStats(stream);
    const transport = stats.find((entry) => entry.type === 'transport') ?? {};
    const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId) ?? {};
    const video = stats.find((entry) => entry.type === 'outbound-rtp' && entry.kind === 'video') ?? {};
    const codec = stats.find((entry) => entry.id === video.codecId) ?? {};
    const remote = stats.filter((entry) => entry.type === 'remote-inbound-rtp');
    return {
      availableOutgoingBitrate: Number(pair.availableOutgoingBitrate ?? 0),
      pliCount: Number(video.pliCount ?? 0),
      nackCount: Number(video.nackCount ?? 0),
      packetsSent: Number(video.packetsSent ?? 0),
      codec: String(codec.mimeType ?? ''),
      remoteReports: remote.length,
    };
  }

  async #readStats(stream: string): Promise<Record<string, unknown>[]> {
    return Object.values(await this.page.evaluate((name) => window.readStats(name), stream));
  }
}
