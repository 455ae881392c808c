/**
 * A room server as one writes it with Socket.IO: `node socket-io-server.ts <port> <quiet|talkative>`.
 *
 * Set up as its pages on performance and memory advise: WebSocket only, no compression, the first request forgotten.
 *
 * @module
 */

import { Server, type Socket } from 'socket.io';
import { createBackendServer } from './backend-api.ts';
import { HEARTBEAT_INTERVAL_MS } from './room-server.ts';

const [port, mood] = process.argv.slice(2);
const users = new Map<string, Socket>();
let closing: string | undefined;

const http = createBackendServer({
  kick(_roomId, userId) {
    const socket = users.get(userId);
    if (!socket) return;
    socket.emit('kicked', { reason: 'by the backend' });
    socket.disconnect(true);
  },
  close(roomId) {
    io.to(roomId).emit('closed', { reason: 'by the backend' });
    // All users are removed, so no events about the others are sent.
    closing = roomId;
    io.in(roomId).disconnectSockets(true);
    closing = undefined;
  },
  say(roomId, text) {
    io.to(roomId).emit('message', { text });
  },
});
const io = new Server(http, {
  transports: ['websocket'],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  pingInterval: HEARTBEAT_INTERVAL_MS,
});
io.engine.on('connection', (connection: { request: unknown }) => {
  connection.request = null;
});
io.on('connection', (socket) => {
  const { userId, roomId } = socket.handshake.auth as { userId: string; roomId: string };
  users.set(userId, socket);
  socket.join(roomId);
  socket.emit('in', { roomId });
  if (mood !== 'quiet') socket.to(roomId).emit('joined', { userId });
  socket.on('disconnect', () => {
    users.delete(userId);
    if (mood !== 'quiet' && roomId !== closing) io.to(roomId).emit('left', { userId });
  });
});
http.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'));
