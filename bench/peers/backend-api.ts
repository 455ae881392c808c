/**
 * The HTTP side of the servers that are written here to be compared with: the least that a backend needs to act on
 * rooms, without signatures or checks, and the load's way to call it.
 *
 * @module
 */

import { createServer, type Server } from 'node:http';
import { requestText, type ThinHttp } from '../harness/thin-http.ts';
import type { RunningRoomServer } from './room-server.ts';

/** What a backend may do. */
export interface BackendActs {
  kick?(roomId: string, userId: string): void;
  close(roomId: string): void;
  say(roomId: string, text: string): void;
}

/** Serves `/kick`, `/close` and `/say`, parameters in the query; answers 204 when it is done. */
export function createBackendServer(acts: BackendActs): Server {
  return createServer((request, response) => {
    const [path, query = ''] = (request.url ?? '').split('?');
    const params = new URLSearchParams(query);
    const roomId = params.get('room') ?? '';
    if (path === '/kick' && acts.kick) acts.kick(roomId, params.get('user') ?? '');
    else if (path === '/close') acts.close(roomId);
    else if (path === '/say') acts.say(roomId, params.get('text') ?? '');
    else response.statusCode = 404;
    if (response.statusCode === 200) response.statusCode = 204;
    response.end();
  });
}

/** Calls such a server. */
export function backendCalls(http: ThinHttp): Pick<RunningRoomServer, 'kick' | 'close' | 'say'> {
  const post = async (path: string, params: Record<string, string>): Promise<void> => {
    const { status } = await http.call(requestText('POST', `${path}?${new URLSearchParams(params)}`));
    if (status !== 204) throw new Error(`${path} was answered ${status}`);
  };
  return {
    kick: (userId, roomId) => post('/kick', { room: roomId, user: userId }),
    close: (roomId) => post('/close', { room: roomId }),
    say: (roomId, text) => post('/say', { room: roomId, text }),
  };
}
