/**
 * Janus with its VideoRoom, forwarding media.
 *
 * @module
 */

import { hasCommand } from '../harness/processes.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { startJanusProcess, VIDEOROOM } from './janus-process.ts';
import { JanusSession } from './janus-session.ts';
import type { MediaServerKind, MediaUser, RunningMediaServer } from './media-server.ts';

/** Janus. */
export const janus: MediaServerKind = {
  name: 'Janus',
  findObstacle: () => (hasCommand('janus') ? undefined : 'janus is not installed'),
  start: startJanus,
};

async function startJanus(): Promise<RunningMediaServer> {
  const server = await startJanusProcess({ sessionTimeoutSeconds: 0 });
  const known = new Set<number>();
  let lastSsrc = 0;

  const enter = async (): Promise<JanusSession> => {
    const session = await JanusSession.open(server.port);
    await session.attach(VIDEOROOM);
    return session;
  };
  const toUser = (peer: WebRtcPeer, session: JanusSession): MediaUser => ({
    peer,
    drop() {
      peer.close();
      session.drop();
    },
  });
  const feeds = new Map<number, number>();
  return {
    version: server.version,
    pids: server.pids,
    async publish(room) {
      lastSsrc += 1;
      const peer = WebRtcPeer.offering('publish', lastSsrc);
      const session = await enter();
      if (!known.has(room)) {
        known.add(room);
        await session.ask({ request: 'create', room, publishers: 1, videocodec: 'vp8' });
      }
      const { data } = await session.tell<{ id: number }>({ request: 'join', ptype: 'publisher', room });
      feeds.set(room, data.id);
      const offer = { type: 'offer', sdp: await peer.describe() };
      const { jsep } = await session.tell({ request: 'configure', audio: false, video: true }, offer);
      peer.accept(jsep?.sdp ?? '');
      // Before Janus knows that it is up nobody can play it.
      await Promise.all([peer.opened(), session.mediaUp]);
      return toUser(peer, session);
    },
    async play(room) {
      lastSsrc += 1;
      const session = await enter();
      const streams = [{ feed: feeds.get(room) }];
      const { jsep } = await session.tell({ request: 'join', ptype: 'subscriber', room, streams });
      const peer = WebRtcPeer.answering(jsep?.sdp ?? '', lastSsrc);
      await session.tell({ request: 'start' }, { type: 'answer', sdp: await peer.describe() });
      await peer.opened();
      return toUser(peer, session);
    },
    stop: server.stop,
  };
}
