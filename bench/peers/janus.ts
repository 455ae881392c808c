/**
 * Janus with its VideoRoom, set up for speed as its documentation advises: two event loops, next to no log.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../tests/chaos/processes.ts';
import { debianVersion, hasCommand, processTree, startOnServerCore } from '../harness/processes.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { JanusSession } from './janus-session.ts';
import type { MediaServerKind, MediaUser, RunningMediaServer } from './media-server.ts';

const EVENT_LOOPS = 2;
/** Only fatal errors, errors and warnings. */
const LOG_LEVEL = 3;
const PLUGIN = 'janus.plugin.videoroom';
const OTHER_PLUGINS = ['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'streaming'].concat(
  'textroom',
  'videocall',
  'voicemail',
);
const OTHER_TRANSPORTS = ['http', 'mqtt', 'nanomsg', 'pfunix', 'rabbitmq'];

/** Janus. */
export const janus: MediaServerKind = {
  name: 'Janus',
  findObstacle: () => (hasCommand('janus') ? undefined : 'janus is not installed'),
  start: startJanus,
};

async function startJanus(): Promise<RunningMediaServer> {
  const folder = mkdtempSync(join(tmpdir(), 'janus-bench-'));
  const port = await findFreePort();
  const server = await startOnServerCore({
    command: 'janus',
    args: ['-F', writeConfig(folder, port), '-o'],
    isReady: () => canOpen(port),
  });
  const pids = processTree(server.child.pid ?? -1);
  const known = new Set<number>();
  let lastSsrc = 0;

  const enter = async (): Promise<JanusSession> => {
    const session = await JanusSession.open(port);
    await session.attach(PLUGIN);
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
    version: debianVersion('janus') ?? 'unknown',
    pids: () => pids,
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
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function canOpen(port: number): Promise<boolean> {
  (await JanusSession.open(port)).drop();
  return true;
}

function writeConfig(folder: string, port: number): string {
  const config = join(folder, 'config');
  mkdirSync(config);
  const write = (name: string, text: string): void => writeFileSync(join(config, `${name}.jcfg`), `${text}\n`);
  write(
    'janus',
    `general: {
  configs_folder = "${config}"
  debug_level = ${LOG_LEVEL}
  event_loops = ${EVENT_LOOPS}
  session_timeout = 0
}
plugins: { disable = "${OTHER_PLUGINS.map((name) => `libjanus_${name}.so`).join(',')}" }
transports: { disable = "${OTHER_TRANSPORTS.map((name) => `libjanus_${name}.so`).join(',')}" }`,
  );
  write(
    'janus.transport.websockets',
    `general: { ws = true\n ws_port = ${port}\n ws_ip = "127.0.0.1"\n json = "compact" }`,
  );
  write(PLUGIN, 'general: { }');
  return config;
}
