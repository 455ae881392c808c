/**
 * Gavel as a media server: users log in and publish or play by signalling.
 *
 * @module
 */

import { SUBPROTOCOL } from '@gavel/protocol';
import { TEST_APP } from '@gavel/testkit';
import manifest from '../../packages/server/package.json' with { type: 'json' };
import { MemberConnection } from '../harness/member-connection.ts';
import { BASELINE_NAME, OWN_NAME } from '../harness/row.ts';
import type { RtpStream } from '../harness/rtp-stream.ts';
import { ThinWebSocket } from '../harness/thin-websocket.ts';
import { WebRtcPeer } from '../harness/webrtc-peer.ts';
import { connectBackend, findBaselineRoots, startGavelProcess, tokenOf } from './gavel.ts';
import type { MediaServerKind, PublishOptions, RunningMediaServer } from './media-server.ts';

/** As often as the server's default asks for. */
const HEARTBEAT_INTERVAL_MS = 30_000;

interface Answer {
  readonly id?: number;
  readonly result?: Negotiated;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Negotiated {
  readonly answer: string;
  readonly publish: readonly NegotiatedItem[];
  readonly play: readonly NegotiatedItem[];
}

interface NegotiatedItem {
  readonly streamId: string;
  readonly error?: { readonly message: string };
}

type Request = (method: string, params: object) => Promise<Negotiated>;

/** Gavel. */
export const gavelMedia: MediaServerKind = { name: OWN_NAME, start: () => startGavelMedia() };

/** The Gavel of the checkout that `GAVEL_BENCH_BASELINE` names. */
export const findMediaBaseline = (): MediaServerKind[] =>
  findBaselineRoots().map((root) => ({ name: BASELINE_NAME, start: () => startGavelMedia(root) }));

/** Starts Gavel on the servers' core, from this checkout or another. */
async function startGavelMedia(checkout?: string): Promise<RunningMediaServer> {
  const { port, pids, stop } = await startGavelProcess(undefined, checkout);
  const backend = connectBackend(port, 1);
  let members = 0;
  return {
    version: manifest.version,
    pids,
    async join(room) {
      members += 1;
      const userId = `user-${members}`;
      const roomId = `room-${room}`;
      const { publish, play, drop } = await joinGavelMedia(port, userId, roomId);
      return {
        publish: (stream, options) => publish(`stream-${stream}`, options),
        play: (stream) => play(`stream-${stream}`),
        kick: () => backend.call('KickoutUser', { RoomId: roomId, 'UserId[]': [userId] }),
        drop,
      };
    },
    async stop() {
      backend.close();
      await stop();
    },
  };
}

/** A member that publishes and plays streams by their ids. */
export interface GavelMediaMember {
  publish(streamId: string, options?: PublishOptions): Promise<RtpStream>;
  play(streamId: string): Promise<RtpStream>;
  drop(): void;
}

/** Connects a user and logs it in to a room. */
export async function joinGavelMedia(port: number, userId: string, roomId: string): Promise<GavelMediaMember> {
  const socket = await ThinWebSocket.open({ port, path: '/signalling', protocol: SUBPROTOCOL });
  const request = requesterOf(socket);
  const credential = { scheme: 'app-token', appId: TEST_APP.appId, token: tokenOf(userId) };
  await request('login', { credential, clientId: userId, roomId, userId, members: false });
  const heartbeat = setInterval(() => void request('heartbeat', {}), HEARTBEAT_INTERVAL_MS);
  const media = (await joinByOneConnection(request)) ?? joinByConnectionPerStream(request);
  return {
    publish: media.publish,
    play: media.play,
    drop() {
      clearInterval(heartbeat);
      media.drop();
      // A logout, because the place of a lost connection is kept for a while.
      void request('logout', {}).finally(() => socket.drop());
    },
  };
}

/** Makes the member's one connection; undefined if the server does not know `negotiate`. */
async function joinByOneConnection(request: Request): Promise<GavelMediaMember | undefined> {
  const connection = new MemberConnection();
  const lists = { publish: [] as object[], play: [] as object[] };
  /** One offer is answered before the next one is made. */
  let last: Promise<unknown> = Promise.resolve();
  const negotiate = async (): Promise<Negotiated> => {
    const result = await request('negotiate', { offer: await connection.describe(), ...lists });
    connection.accept(result.answer);
    return result;
  };
  const add = async (role: 'publish' | 'play', streamId: string): Promise<RtpStream> => {
    const { stream, mid } = connection.add(role);
    lists[role].push({ streamId, mids: { video: mid } });
    const result = last.then(negotiate);
    last = result.catch(() => undefined);
    const item = (await result)[role].find((one) => one.streamId === streamId);
    if (item?.error) throw new Error(item.error.message);
    await connection.opened();
    return stream;
  };
  try {
    await negotiate();
  } catch (error) {
    connection.close();
    if (error instanceof UnknownMethod) return undefined;
    throw error;
  }
  return {
    publish(streamId, { ignoresRequests = false } = {}) {
      if (!ignoresRequests) connection.listen();
      return add('publish', streamId);
    },
    play: (streamId) => add('play', streamId),
    drop: () => connection.close(),
  };
}

/** As versions before `negotiate`: each stream has a connection. */
function joinByConnectionPerStream(request: Request): GavelMediaMember {
  const peers: WebRtcPeer[] = [];
  const connect = async (role: 'publish' | 'play', params: object): Promise<WebRtcPeer> => {
    const peer = WebRtcPeer.offering(role);
    peers.push(peer);
    peer.accept((await request(role, { ...params, offer: await peer.describe() })).answer);
    await peer.opened();
    return peer;
  };
  return {
    publish: (streamId) => connect('publish', { streamId, extraInfo: '' }),
    play: (streamId) => connect('play', { streamId }),
    drop() {
      for (const peer of peers) peer.close();
    },
  };
}

class UnknownMethod extends Error {}

function requesterOf(socket: ThinWebSocket): Request {
  const waiting = new Map<number, { resolve(result: Negotiated): void; reject(error: Error): void }>();
  let lastId = 0;
  socket.onText = (text) => {
    const { id, result, error } = JSON.parse(text.toString()) as Answer;
    const call = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || call === undefined) return;
    waiting.delete(id);
    if (error) call.reject(new (error.code === 'request.unknown-method' ? UnknownMethod : Error)(error.message));
    else if (result) call.resolve(result);
  };
  return (method, params) =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      socket.send(JSON.stringify({ id: lastId, method, params }));
    });
}
