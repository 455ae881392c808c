/**
 * mediasoup, where it and its worker are installed: `npm install --no-save mediasoup`, or any installation of it with
 * `MEDIASOUP_WORKER_BIN`.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOnServerCore } from '../harness/processes.ts';
import { requestText, ThinHttp } from '../harness/thin-http.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import type { MediaServerKind, RunningMediaServer } from './media-server.ts';

const HOST = fileURLToPath(new URL('../support/mediasoup-host.ts', import.meta.url));
const CALLS_AT_ONCE = 16;
const READY = /listening on (\d+)/;

/** mediasoup. */
export const mediasoup: MediaServerKind = { name: 'mediasoup', findObstacle, start };

/** The folder of the installed package, or undefined. */
function findPackage(): string | undefined {
  const { resolve } = createRequire(import.meta.url);
  for (const folder of resolve.paths('mediasoup') ?? []) {
    if (existsSync(join(folder, 'mediasoup', 'package.json'))) return join(folder, 'mediasoup');
  }
  return undefined;
}

function findObstacle(): string | undefined {
  const folder = findPackage();
  if (folder === undefined) return 'the package mediasoup is not installed, and is no dependency';
  const bin = process.env.MEDIASOUP_WORKER_BIN ?? join(folder, 'worker', 'out', 'Release', 'mediasoup-worker');
  return existsSync(bin) ? undefined : `there is no worker at ${bin}`;
}

async function start(): Promise<RunningMediaServer> {
  const manifest = JSON.parse(readFileSync(join(findPackage() ?? '', 'package.json'), 'utf8')) as { version: string };
  const bin = process.env.MEDIASOUP_WORKER_BIN;
  const server = await startOnServerCore({
    command: process.execPath,
    args: [HOST],
    env: bin === undefined ? {} : { MEDIASOUP_WORKER_BIN: bin },
    isReady: (output) => READY.test(output),
  });
  const http = new ThinHttp(Number(READY.exec(server.output())?.[1]), CALLS_AT_ONCE);
  return {
    version: manifest.version,
    pids: server.pids,
    async join(room) {
      const peers: WebRtcPeer[] = [];
      const connect = async (role: 'publish' | 'play', stream: number): Promise<WebRtcPeer> => {
        const peer = WebRtcPeer.offering(role);
        peers.push(peer);
        const request = requestText('POST', `/${role}/${room}/${stream}`, {}, await peer.describe());
        const { status, body } = await http.call(request);
        if (status !== 200) throw new Error(`mediasoup did not ${role}: ${body}`);
        peer.accept(body);
        await peer.opened();
        return peer;
      };
      return {
        publish: (stream) => connect('publish', stream),
        play: (stream) => connect('play', stream),
        drop() {
          for (const peer of peers) peer.close();
        },
      };
    },
    async stop() {
      http.close();
      await server.stop();
    },
  };
}
