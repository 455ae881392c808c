/**
 * The `ws` package under a loop over sockets (`ws-room-server.ts`): what connections and messages cost at the least in
 * Node, with no names, no logins and no order.
 *
 * @module
 */

import { fileURLToPath } from 'node:url';
import manifest from 'ws/package.json' with { type: 'json' };
import { findFreePort } from '../../tests/chaos/processes.ts';
import { startOnServerCore } from '../harness/processes.ts';
import { ThinHttp } from '../harness/thin-http.ts';
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import { backendCalls } from './backend-api.ts';
import type { RoomServerKind, RoomServerOptions, RunningRoomServer } from './room-server.ts';

const MAIN = fileURLToPath(new URL('ws-room-server.ts', import.meta.url));
const NO_ORDER = 'a loop over sockets that knows no users';
const MESSAGE = Buffer.from('{"type":"message"');
const CLOSED = Buffer.from('{"type":"closed"');

/** Plain `ws`. */
export const wsRoom: RoomServerKind = {
  name: 'plain ws',
  cannot: { kick: NO_ORDER, close: NO_ORDER },
  isFloorIn: ['join', 'idle', 'restart'],
  start,
};

async function start({ connections = 1 }: RoomServerOptions): Promise<RunningRoomServer> {
  const port = await findFreePort();
  const server = await startOnServerCore({
    command: process.execPath,
    args: [MAIN, String(port)],
    isReady: (output) => output.includes('ready'),
  });
  const http = new ThinHttp(port, connections);
  return {
    version: manifest.version,
    pids: server.pids,
    async join(_userId, roomId, events) {
      const socket = await ThinWebSocket.open({ port, path: `/${roomId}` });
      await new Promise<void>((resolve, reject) => {
        socket.onClose = () => reject(new Error('connection closed during the login'));
        socket.onText = () => resolve();
      });
      socket.onClose = () => {};
      socket.onText = (text) => {
        if (text.subarray(0, MESSAGE.length).equals(MESSAGE)) events.onMessage?.();
        else if (text.subarray(0, CLOSED.length).equals(CLOSED)) events.onOut?.();
      };
      // The server asks for heartbeats here.
      return { beat: () => {}, drop: () => socket.drop() };
    },
    ...backendCalls(http),
    restart: server.restart,
    async stop() {
      http.close();
      await server.stop();
    },
  };
}
