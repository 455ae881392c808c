/**
 * The simplest room server on `ws`, a loop over sockets: `node ws-room-server.ts <port>`. It tells nobody of others.
 *
 * @module
 */

import { type WebSocket, WebSocketServer } from 'ws';
import { createBackendServer } from './backend-api.ts';
import { HEARTBEAT_INTERVAL_MS } from './room-server.ts';

const [port] = process.argv.slice(2);
const rooms = new Map<string, Set<WebSocket>>();

function tellAll(roomId: string, message: object): void {
  const data = Buffer.from(JSON.stringify(message));
  for (const socket of rooms.get(roomId) ?? []) socket.send(data, { binary: false });
}

const http = createBackendServer({
  close(roomId) {
    tellAll(roomId, { type: 'closed', reason: 'by the backend' });
    for (const socket of rooms.get(roomId) ?? []) socket.close();
    rooms.delete(roomId);
  },
  say(roomId, text) {
    tellAll(roomId, { type: 'message', text });
  },
});
const sockets = new WebSocketServer({ server: http });
const alive = new WeakSet<WebSocket>();
sockets.on('connection', (socket, request) => {
  const roomId = (request.url ?? '').slice(1);
  const room = rooms.get(roomId) ?? new Set();
  rooms.set(roomId, room);
  room.add(socket);
  alive.add(socket);
  socket.on('pong', () => alive.add(socket));
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    room.delete(socket);
    if (room.size === 0 && rooms.get(roomId) === room) rooms.delete(roomId);
  });
  socket.send('{"type":"in"}');
});
setInterval(() => {
  for (const socket of sockets.clients) {
    if (alive.delete(socket)) socket.ping();
    else socket.terminate();
  }
}, HEARTBEAT_INTERVAL_MS);
http.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'));
