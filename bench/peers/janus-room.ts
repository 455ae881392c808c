/**
 * Janus with its VideoRoom as a room server: users join as publishers who never publish, each on a WebSocket of its own,
 * and the backend is one more session, which knows the secret of all rooms.
 *
 * @module
 */

import { hasCommand } from '../harness/processes.ts';
import { startJanusProcess, VIDEOROOM } from './janus-process.ts';
import { JanusSession } from './janus-session.ts';
import type { RoomServerKind, RoomServerOptions, RunningRoomServer, UserEvents } from './room-server.ts';

const SECRET = 'backend';
const NO_LIMIT = 100_000;
/** Longer than it takes to fill the rooms of a row. */
const SESSION_TIMEOUT_SECONDS = 120;

/** Janus. */
export const janusRoom: RoomServerKind = {
  name: 'Janus',
  cannot: { say: 'VideoRoom carries no messages' },
  findObstacle: () => (hasCommand('janus') ? undefined : 'apt-get install janus'),
  start,
};

async function start({ quiet }: RoomServerOptions): Promise<RunningRoomServer> {
  const server = await startJanusProcess({ sessionTimeoutSeconds: SESSION_TIMEOUT_SECONDS, stringIds: true });
  const enter = async (): Promise<JanusSession> => {
    const session = await JanusSession.open(server.port);
    await session.attach(VIDEOROOM);
    return session;
  };
  let backend = await enter();
  const beats = setInterval(() => backend.keepAlive(), (SESSION_TIMEOUT_SECONDS * 1000) / 4);
  return {
    version: server.version,
    pids: server.pids,
    async prepare(_userIds, roomIds) {
      const options = { request: 'create', secret: SECRET, publishers: NO_LIMIT, notify_joining: !quiet };
      for (const room of roomIds) await backend.ask({ ...options, room });
    },
    async join(userId, roomId, events) {
      const session = await enter();
      session.onEvent = (text) => tell(text, events);
      await session.tell({ request: 'join', ptype: 'publisher', room: roomId, id: userId });
      return { beat: () => session.keepAlive(), drop: () => session.drop() };
    },
    kick: (userId, roomId) => backend.ask({ request: 'kick', room: roomId, id: userId, secret: SECRET }),
    close: (roomId) => backend.ask({ request: 'destroy', room: roomId, secret: SECRET }),
    say: () => Promise.reject(new Error('VideoRoom carries no messages')),
    async restart() {
      backend.drop();
      await server.restart();
      backend = await enter();
    },
    async stop() {
      clearInterval(beats);
      backend.drop();
      await server.stop();
    },
  };
}

function tell(text: Buffer, events: UserEvents): void {
  if (text.includes('"reason":"kicked"') || text.includes('"videoroom":"destroyed"')) events.onOut?.();
  else if (text.includes('"kicked":')) events.onOtherOut?.();
}
