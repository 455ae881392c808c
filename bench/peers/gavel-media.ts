/**
 * Gavel as a media server: users log in and publish or play by signalling.
 *
 * @module
 */

import { SUBPROTOCOL } from '@gavel/protocol';
import { TEST_APP } from '@gavel/testkit';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { startGavelProcess, tokenOf } from './gavel.ts';
import type { MediaServerKind, MediaUser, RunningMediaServer } from './media-server.ts';

/** As often as the server's default asks for. */
const HEARTBEAT_INTERVAL_MS = 30_000;

interface Answer {
  readonly id?: number;
  readonly result?: { readonly answer: string };
  readonly error?: { readonly message: string };
}

/** Gavel. */
export const gavelMedia: MediaServerKind = { name: 'Gavel', start: startGavelMedia };

/** Starts Gavel on the servers' core. */
export async function startGavelMedia(): Promise<RunningMediaServer> {
  const { port, pids, stop } = await startGavelProcess();
  let users = 0;
  const connect = (role: 'publish' | 'play', room: number): Promise<MediaUser> => {
    users += 1;
    return connectMediaUser(port, {
      role,
      ssrc: users,
      userId: `user-${users}`,
      roomId: `room-${room}`,
      streamId: `stream-${room}`,
    });
  };
  return {
    version: manifest.version,
    pids: () => pids,
    publish: (room) => connect('publish', room),
    play: (room) => connect('play', room),
    stop,
  };
}

/** A user who publishes or plays one stream. */
export interface GavelMediaLogin {
  readonly role: 'publish' | 'play';
  readonly ssrc: number;
  readonly userId: string;
  readonly roomId: string;
  readonly streamId: string;
}

/** Connects a user, logs it in and publishes or plays; resolves when media can go. */
export async function connectMediaUser(
  port: number,
  { role, ssrc, userId, roomId, streamId }: GavelMediaLogin,
): Promise<MediaUser> {
  const peer = WebRtcPeer.offering(role, ssrc);
  const socket = await ThinWebSocket.open({ port, path: '/signalling', protocol: SUBPROTOCOL });
  const request = requesterOf(socket);
  const credential = { scheme: 'app-token', appId: TEST_APP.appId, token: tokenOf(userId) };
  await request('login', { credential, clientId: userId, roomId, userId, members: false });
  const offer = await peer.describe();
  const params = role === 'publish' ? { streamId, offer, extraInfo: '' } : { streamId, offer };
  peer.accept((await request(role, params)).answer);
  await peer.opened();
  const heartbeat = setInterval(() => void request('heartbeat', {}), HEARTBEAT_INTERVAL_MS);
  return {
    peer,
    drop() {
      clearInterval(heartbeat);
      peer.close();
      // Said, and not only dropped: the place of a lost connection is kept for a while.
      void request('logout', {}).finally(() => socket.drop());
    },
  };
}

function requesterOf(socket: ThinWebSocket) {
  const waiting = new Map<number, { resolve(result: { answer: string }): void; reject(error: Error): void }>();
  let lastId = 0;
  socket.onText = (text) => {
    const { id, result, error } = JSON.parse(text.toString()) as Answer;
    const call = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || call === undefined) return;
    waiting.delete(id);
    if (error) call.reject(new Error(error.message));
    else if (result) call.resolve(result);
  };
  return (method: string, params: object): Promise<{ readonly answer: string }> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      socket.send(JSON.stringify({ id: lastId, method, params }));
    });
}
