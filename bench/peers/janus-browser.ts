/**
 * Janus with its VideoRoom, in pages of Chromium: a publisher with three layers, and viewers that Janus gives a lower layer when
 * packets of the higher one fail to come (its `fallback`). It does not estimate what a viewer's network can take.
 *
 * @module
 */

import { UdpRelay } from '@gavel/testkit/udp-relay';
import type { SourceOptions } from '../../tests/e2e/page/sources.ts';
import { hasCommand } from '../harness/processes.ts';
import {
  type BrowserServerKind,
  findBrowserObstacle,
  openBrowser,
  type RunningBrowserServer,
  STREAM,
} from './browser-server.ts';
import { startJanusProcess, VIDEOROOM } from './janus-process.ts';
import { JanusSession } from './janus-session.ts';

/** The layers that the SDK of Gavel sends of the pages' source, from the lowest: bits per second at most. */
const LAYERS: readonly RTCRtpEncodingParameters[] = [
  { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120_000 },
  { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 360_000 },
  { rid: 'h', scaleResolutionDownBy: 1, maxBitrate: 1_020_000 },
];
/** The time without packets of a layer after which Janus sends a lower one, in microseconds: its default. */
const FALLBACK_US = 250_000;
const HIGHEST_LAYER = 2;

/** Janus. */
export const janusBrowser: BrowserServerKind = {
  name: 'Janus',
  findObstacle: () => findBrowserObstacle() ?? (hasCommand('janus') ? undefined : 'apt-get install janus'),
  start: startJanusBrowser,
};

async function startJanusBrowser(): Promise<RunningBrowserServer> {
  const [stage, server] = await Promise.all([openBrowser(), startJanusProcess({ sessionTimeoutSeconds: 0 })]);
  // As for Gavel, so that every packet takes the same way.
  const open = new UdpRelay();
  const sessions: JanusSession[] = [];
  const feeds = new Map<number, number>();
  const enter = async (): Promise<JanusSession> => {
    const session = await JanusSession.open(server.port);
    sessions.push(session);
    await session.attach(VIDEOROOM);
    return session;
  };
  return {
    version: server.version,
    pids: server.pids,
    async publish(room, source) {
      const session = await enter();
      await session.ask({ request: 'create', room, publishers: 10, videocodec: 'vp8', bitrate: 0 });
      const { data } = await session.tell<{ id: number }>({ request: 'join', ptype: 'publisher', room });
      const page = await stage.through(open).open();
      const offer = { type: 'offer', sdp: await page.evaluate(offerSource, [source, LAYERS] as const) };
      const { jsep } = await session.tell({ request: 'configure', audio: true, video: true }, offer);
      await page.evaluate(acceptAnswer, jsep?.sdp ?? '');
      await session.mediaUp;
      feeds.set(room, data.id);
      return page;
    },
    async play(room, relay = open) {
      const page = await stage.through(relay).open();
      const session = await enter();
      const feed = await waitForFeed(feeds, room);
      const layers = { substream: HIGHEST_LAYER, temporal: HIGHEST_LAYER, fallback: FALLBACK_US };
      const { jsep } = await session.tell({ request: 'join', ptype: 'subscriber', room, streams: [{ feed }] });
      const sdp = await page.evaluate(answerOffer, [jsep?.sdp ?? '', STREAM] as const);
      await session.tell({ request: 'start' }, { type: 'answer', sdp });
      await session.tell({ request: 'configure', ...layers });
      return page;
    },
    async stop() {
      for (const session of sessions) session.drop();
      await Promise.all([stage.close(), server.stop(), open.close()]);
    },
  };
}

const MAX_WAIT_MS = 30_000;

/** Waits until a room has its publisher: publisher and viewers open their pages at the same time. */
async function waitForFeed(feeds: ReadonlyMap<number, number>, room: number): Promise<number> {
  for (const endMs = performance.now() + MAX_WAIT_MS; performance.now() < endMs; ) {
    const feed = feeds.get(room);
    if (feed !== undefined) return feed;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Janus has no publisher');
}

/** In a page: returns the offer of a source in three layers, with all candidates. */
async function offerSource([source, layers]: readonly [SourceOptions, readonly RTCRtpEncodingParameters[]]) {
  const peer = new RTCPeerConnection();
  const stream = e2e.createSource(source);
  for (const track of stream.getTracks()) {
    const sendEncodings = track.kind === 'video' ? [...layers] : [];
    peer.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings });
  }
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
  return peer.localDescription?.sdp ?? '';
}

/** In a page: ends the negotiation of its newest peer connection. */
const acceptAnswer = (sdp: string): Promise<void> =>
  e2e.newestConnection().setRemoteDescription({ type: 'answer', sdp });

/** In a page: shows what a server offers, and returns the answer with all candidates. */
async function answerOffer([sdp, name]: readonly [string, string]): Promise<string> {
  const peer = new RTCPeerConnection();
  peer.ontrack = ({ track }) => {
    if (track.kind === 'video') e2e.show(new MediaStream([track]), name);
    else e2e.show(new MediaStream([track]));
  };
  await peer.setRemoteDescription({ type: 'offer', sdp });
  await peer.setLocalDescription();
  while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 20));
  return peer.localDescription?.sdp ?? '';
}
