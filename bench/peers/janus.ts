/**
 * Janus with its VideoRoom, forwarding media.
 *
 * @module
 */

import { hasCommand } from '../harness/processes.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { startJanusProcess, VIDEOROOM } from './janus-process.ts';
import { JanusSession } from './janus-session.ts';
import type { MediaMember, MediaServerKind, RunningMediaServer } from './media-server.ts';

/** Janus. */
export const janus: MediaServerKind = {
  name: 'Janus',
  findObstacle: () => (hasCommand('janus') ? undefined : 'apt-get install janus'),
  start: startJanus,
};

async function startJanus(): Promise<RunningMediaServer> {
  const server = await startJanusProcess({ sessionTimeoutSeconds: 0 });
  const enter = async (): Promise<JanusSession> => {
    const session = await JanusSession.open(server.port);
    await session.attach(VIDEOROOM);
    return session;
  };
  const backend = await enter();
  const rooms = new Map<number, Promise<void>>();
  const feeds = new Map<number, number>();
  const ensureRoom = (room: number): Promise<void> => {
    const made = rooms.get(room) ?? backend.ask({ request: 'create', room, publishers: 100, videocodec: 'vp8' });
    rooms.set(room, made);
    return made;
  };
  const join = async (room: number): Promise<MediaMember> => {
    await ensureRoom(room);
    const sessions: JanusSession[] = [];
    const peers: WebRtcPeer[] = [];
    /** Each stream has a session of its own. */
    const begin = async (): Promise<JanusSession> => {
      const session = await enter();
      sessions.push(session);
      return session;
    };
    return {
      async publish(stream) {
        const peer = WebRtcPeer.offering('publish');
        peers.push(peer);
        const session = await begin();
        const { data } = await session.tell<{ id: number }>({ request: 'join', ptype: 'publisher', room });
        feeds.set(stream, data.id);
        const offer = { type: 'offer', sdp: await peer.describe() };
        const { jsep } = await session.tell({ request: 'configure', audio: false, video: true }, offer);
        peer.accept(jsep?.sdp ?? '');
        // Nobody can play it before Janus itself has noticed that it is up.
        await Promise.all([peer.opened(), session.mediaUp]);
        return peer;
      },
      async play(stream) {
        const session = await begin();
        const streams = [{ feed: feeds.get(stream) }];
        const { jsep } = await session.tell({ request: 'join', ptype: 'subscriber', room, streams });
        const peer = WebRtcPeer.answering(jsep?.sdp ?? '');
        peers.push(peer);
        await session.tell({ request: 'start' }, { type: 'answer', sdp: await peer.describe() });
        await peer.opened();
        return peer;
      },
      drop() {
        for (const peer of peers) peer.close();
        for (const session of sessions) session.drop();
      },
    };
  };
  return {
    version: server.version,
    pids: server.pids,
    join,
    async stop() {
      backend.drop();
      await server.stop();
    },
  };
}
