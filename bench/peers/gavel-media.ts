/**
 * Gavel as a media server: users log in and publish or play by signalling.
 *
 * @module
 */

import { SUBPROTOCOL } from '@gavel/protocol';
import { TEST_APP } from '@gavel/testkit';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { BASELINE_NAME, OWN_NAME } from '../harness/row.ts';
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { findBaselineRoots, startGavelProcess, tokenOf } from './gavel.ts';
import type { MediaServerKind, RunningMediaServer } from './media-server.ts';

/** As often as the server's default asks for. */
const HEARTBEAT_INTERVAL_MS = 30_000;

interface Answer {
  readonly id?: number;
  readonly result?: { readonly answer: string };
  readonly error?: { readonly message: string };
}

/** Gavel. */
export const gavelMedia: MediaServerKind = { name: OWN_NAME, start: () => startGavelMedia() };

/** The Gavel of the checkout that `GAVEL_BENCH_BASELINE` names. */
export const findMediaBaseline = (): MediaServerKind[] =>
  findBaselineRoots().map((root) => ({ name: BASELINE_NAME, start: () => startGavelMedia(root) }));

/** Starts Gavel on the servers' core, from this checkout or another. */
async function startGavelMedia(checkout?: string): Promise<RunningMediaServer> {
  const { port, pids, stop } = await startGavelProcess(undefined, checkout);
  let members = 0;
  return {
    version: manifest.version,
    pids,
    async join(room) {
      members += 1;
      const { publish, play, drop } = await joinGavelMedia(port, `user-${members}`, `room-${room}`);
      return { publish: (stream) => publish(`stream-${stream}`), play: (stream) => play(`stream-${stream}`), drop };
    },
    stop,
  };
}

/** A member that publishes and plays streams by their ids. */
export interface GavelMediaMember {
  publish(streamId: string): Promise<WebRtcPeer>;
  play(streamId: string): Promise<WebRtcPeer>;
  drop(): void;
}

/** Connects a user and logs it in to a room. */
export async function joinGavelMedia(port: number, userId: string, roomId: string): Promise<GavelMediaMember> {
  const socket = await ThinWebSocket.open({ port, path: '/signalling', protocol: SUBPROTOCOL });
  const request = requesterOf(socket);
  const credential = { scheme: 'app-token', appId: TEST_APP.appId, token: tokenOf(userId) };
  await request('login', { credential, clientId: userId, roomId, userId, members: false });
  const heartbeat = setInterval(() => void request('heartbeat', {}), HEARTBEAT_INTERVAL_MS);
  const peers: WebRtcPeer[] = [];
  const negotiate = async (role: 'publish' | 'play', params: object): Promise<WebRtcPeer> => {
    const peer = WebRtcPeer.offering(role);
    peers.push(peer);
    peer.accept((await request(role, { ...params, offer: await peer.describe() })).answer);
    await peer.opened();
    return peer;
  };
  return {
    publish: (streamId) => negotiate('publish', { streamId, extraInfo: '' }),
    play: (streamId) => negotiate('play', { streamId }),
    drop() {
      clearInterval(heartbeat);
      for (const peer of peers) peer.close();
      // A logout, because the place of a lost connection is kept for a while.
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
