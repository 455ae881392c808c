/**
 * Real Chromium pages as publishers and players.
 *
 * @module
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { launchChromium } from '@gavel/testkit/chromium';
import type { Browser, Page } from 'playwright-core';
import type { MediaAnswer, MediaEngine, MediaKinds } from '../src/index.ts';

/** The statistics of a player's page. */
export interface PlayerStats {
  readonly framesDecoded: number;
  readonly packetsLost: number;
  readonly nackCount: number;
  readonly pliCount: number;
  readonly audioPackets: number;
  readonly codec: string;
  readonly freezeCount: number;
  readonly width: number;
}

/** The statistics of a publisher's page. */
export interface PublisherStats {
  readonly availableOutgoingBitrate: number;
  readonly roundTripTime: number;
  readonly pliCount: number;
  readonly nackCount: number;
  readonly packetsSent: number;
  readonly codec: string;
  readonly remoteReports: number;
}

declare global {
  interface Window {
    peers: Map<string, RTCPeerConnection>;
    prepareOffer(name: string, role: 'publish' | 'play', codec: string): Promise<string>;
    acceptAnswer(name: string, answer: string): Promise<void>;
    firstFrame(name: string): Promise<number>;
    readStats(name: string): Promise<Record<string, Record<string, unknown>>>;
  }
}

const pageSource = `<!doctype html><title>media</title><script>
window.peers = new Map();
const video = new Map();
const firstFrames = new Map();
const codecOrder = (kind, codec) => {
  const all = RTCRtpReceiver.getCapabilities(kind).codecs;
  return [...all.filter((c) => c.mimeType.endsWith('/' + codec)), ...all.filter((c) => !c.mimeType.endsWith('/' + codec))];
};
window.prepareOffer = async (name, role, codec) => {
  window.peers.get(name)?.close();
  const pc = new RTCPeerConnection();
  window.peers.set(name, pc);
  if (role === 'publish') {
    window.media ??= await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480, frameRate: 30 } });
    for (const track of window.media.getTracks()) {
      const transceiver = pc.addTransceiver(track, { direction: 'sendonly', streams: [window.media] });
      if (track.kind === 'video') transceiver.setCodecPreferences(codecOrder('video', codec));
    }
  } else {
    pc.addTransceiver('audio', { direction: 'recvonly' });
    pc.addTransceiver('video', { direction: 'recvonly' });
    pc.ontrack = ({ track, streams }) => {
      if (track.kind !== 'video') return;
      const element = document.createElement('video');
      element.muted = true; element.autoplay = true; element.playsInline = true;
      element.srcObject = streams[0] ?? new MediaStream([track]);
      firstFrames.set(name, new Promise((resolve) => element.requestVideoFrameCallback(() => resolve(performance.timeOrigin + performance.now()))));
      document.body.append(element);
    };
  }
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
};
window.acceptAnswer = (name, sdp) => window.peers.get(name).setRemoteDescription({ type: 'answer', sdp });
window.firstFrame = (name) => firstFrames.get(name);
window.readStats = async (name) => Object.fromEntries(await window.peers.get(name).getStats());
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

  async openPage(): Promise<Page> {
    const context = await this.#browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://localhost:${(this.#server.address() as AddressInfo).port}/`);
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    this.#server.close();
  }
}

/** Publishes a stream from a page. */
export async function publishFrom(
  page: Page,
  engine: MediaEngine,
  stream: string,
  codec: string,
  options: { readonly allowed?: MediaKinds; readonly rewrite?: (answer: string) => string } = {},
): Promise<MediaAnswer & { readonly offer: string }> {
  const { allowed = { audio: true, video: true }, rewrite = (answer) => answer } = options;
  const offer = await page.evaluate(([name, wanted]) => window.prepareOffer(name, 'publish', wanted), [
    stream,
    codec,
  ] as const);
  const answer = await engine.publish({ group: 'room', stream, offer, allowed });
  await page.evaluate(([name, sdp]) => window.acceptAnswer(name, sdp), [stream, rewrite(answer.answer)] as const);
  return { ...answer, offer };
}

/** Plays a stream in a page; returns the time from the call to the first frame, in milliseconds. */
export async function playIn(
  page: Page,
  engine: MediaEngine,
  stream: string,
  player: string,
  rewrite: (answer: string) => string = (answer) => answer,
): Promise<MediaAnswer & { readonly offer: string; readonly firstFrame: Promise<number> }> {
  const offer = await page.evaluate((name) => window.prepareOffer(name, 'play', 'VP8'), player);
  const startedAtMs = performance.timeOrigin + performance.now();
  const answer = await engine.play({ stream, player, offer });
  await page.evaluate(([name, sdp]) => window.acceptAnswer(name, sdp), [player, rewrite(answer.answer)] as const);
  const firstFrame = page.evaluate((name) => window.firstFrame(name), player).then((atMs) => atMs - startedAtMs);
  return { ...answer, offer, firstFrame };
}

/** Reads the statistics of a player's page. */
export async function readPlayerStats(page: Page, name: string): Promise<PlayerStats> {
  const stats = Object.values(await page.evaluate((peer) => window.readStats(peer), name));
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

/** Reads the statistics of a publisher's page. */
export async function readPublisherStats(page: Page, name: string): Promise<PublisherStats> {
  const stats = Object.values(await page.evaluate((peer) => window.readStats(peer), name));
  const transport = stats.find((entry) => entry.type === 'transport') ?? {};
  const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId) ?? {};
  const video = stats.find((entry) => entry.type === 'outbound-rtp' && entry.kind === 'video') ?? {};
  const codec = stats.find((entry) => entry.id === video.codecId) ?? {};
  const remote = stats.filter((entry) => entry.type === 'remote-inbound-rtp');
  return {
    availableOutgoingBitrate: Number(pair.availableOutgoingBitrate ?? 0),
    roundTripTime: Number(pair.currentRoundTripTime ?? 0),
    pliCount: Number(video.pliCount ?? 0),
    nackCount: Number(video.nackCount ?? 0),
    packetsSent: Number(video.packetsSent ?? 0),
    codec: String(codec.mimeType ?? ''),
    remoteReports: remote.length,
  };
}
