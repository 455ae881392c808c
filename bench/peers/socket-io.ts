/**
 * Socket.IO, as a room server of few lines (`socket-io-server.ts`). Users speak its protocol over one WebSocket each.
 *
 * @module
 */

import { fileURLToPath } from 'node:url';
import manifest from 'socket.io/package.json' with { type: 'json' };
import { findFreePort } from '../../tests/chaos/processes.ts';
import { startOnServerCore } from '../harness/processes.ts';
import { ThinHttp } from '../harness/thin-http.ts';
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import { backendCalls } from './backend-api.ts';
import type { RoomServerKind, RoomServerOptions, RunningRoomServer, UserEvents } from './room-server.ts';

const MAIN = fileURLToPath(new URL('socket-io-server.ts', import.meta.url));
const PATH = '/socket.io/?EIO=4&transport=websocket';
/** Engine.IO's packets are told apart by their first character. */
const [OPEN, PING, PONG, MESSAGE] = ['0', '2', '3', '4'].map((digit) => digit.charCodeAt(0));

/** Socket.IO. */
export const socketIo: RoomServerKind = { name: 'Socket.IO', start };

async function start({ quiet, connections = 1 }: RoomServerOptions): Promise<RunningRoomServer> {
  const port = await findFreePort();
  const server = await startOnServerCore({
    command: process.execPath,
    args: [MAIN, String(port), quiet ? 'quiet' : 'talkative'],
    env: { NODE_ENV: 'production' },
    isReady: (output) => output.includes('ready'),
  });
  const http = new ThinHttp(port, connections);
  return {
    version: manifest.version,
    pids: server.pids,
    async join(userId, roomId, events) {
      const socket = await ThinWebSocket.open({ port, path: PATH });
      await new Promise<void>((resolve, reject) => {
        socket.onClose = () => reject(new Error('connection closed during the login'));
        socket.onText = (text) => {
          if (text[0] === OPEN) socket.send(`40${JSON.stringify({ userId, roomId })}`);
          else if (eventOf(text) === 'in') resolve();
        };
      });
      socket.onClose = () => {};
      socket.onText = (text) => {
        if (text[0] === PING) socket.send(String.fromCharCode(PONG ?? 0));
        else tell(text, events);
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

/** Returns the name of an event (`42["name",…]`). */
function eventOf(text: Buffer): string | undefined {
  return text[0] === MESSAGE ? text.toString('latin1', 4, text.indexOf('"', 4)) : undefined;
}

function tell(text: Buffer, events: UserEvents): void {
  const event = eventOf(text);
  if (event === 'message') events.onMessage?.();
  else if (event === 'left') events.onOtherOut?.();
  else if (event === 'kicked' || event === 'closed') events.onOut?.();
}
