/**
 * A page that holds the SDK, and records every callback; tests drive it from outside.
 *
 * @module
 */

import { type Participant, RealtimeKitClient, type RealtimeKitError } from '@gavel/client/realtimekit';
import { type ZegoEngineOptions, ZegoExpressEngine } from '@gavel/client/zego';

/** One callback as the SDK raised it. */
export interface Recorded {
  readonly event: string;
  readonly args: readonly unknown[];
  /** Milliseconds since the Unix epoch, fractional. */
  readonly atMs: number;
}

const ZEGO_EVENTS = [
  'roomStateUpdate',
  'roomStateChanged',
  'roomUserUpdate',
  'roomStreamUpdate',
  'publisherStateUpdate',
  'playerStateUpdate',
  'IMRecvBroadcastMessage',
  'IMRecvCustomCommand',
  'remoteCameraStatusUpdate',
  'remoteMicStatusUpdate',
] as const;

const now = (): number => performance.timeOrigin + performance.now();

/** A user of the zego facade: publishes a camera, plays every new stream. */
class ZegoUser {
  readonly recorded: Recorded[] = [];
  /** When the first frame of each stream was shown: milliseconds since the Unix epoch, fractional. */
  readonly firstFrames: Record<string, number> = {};
  local: MediaStream | undefined;
  readonly engine: ZegoExpressEngine;

  constructor(appId: number, server: string, options: ZegoEngineOptions = {}) {
    this.engine = new ZegoExpressEngine(appId, server, options);
    for (const event of ZEGO_EVENTS) {
      this.engine.on(event, (...args: unknown[]) => {
        this.recorded.push({ event, args: JSON.parse(JSON.stringify(args)) as unknown[], atMs: now() });
      });
    }
    this.engine.on('roomStreamUpdate', (_room, type, streams) => {
      if (type === 'ADD') for (const { streamID } of streams) void this.play(streamID);
    });
  }

  async join(room: string, user: string): Promise<void> {
    await this.engine.loginRoom(room, '', { userID: user, userName: `Name of ${user}` }, { userUpdate: true });
  }

  async publish(streamId: string, videoCodec?: 'VP8' | 'H264'): Promise<boolean> {
    this.local ??= await this.engine.createStream({ camera: { audio: true, video: true } });
    return this.engine.startPublishingStream(streamId, this.local, videoCodec ? { videoCodec } : {});
  }

  async play(streamId: string): Promise<void> {
    const video = show(await this.engine.startPlayingStream(streamId));
    video.requestVideoFrameCallback(() => {
      this.firstFrames[streamId] = now();
    });
  }

  tracks(): string[] {
    return (this.local?.getTracks() ?? []).map((track) => `${track.kind}:${track.readyState}`);
  }
}

/** A user of the realtimekit facade. */
class RealtimeKitUser {
  readonly recorded: Recorded[] = [];
  /** The elements that show screens, by track id. */
  readonly screens: Record<string, HTMLVideoElement> = {};
  readonly client: RealtimeKitClient;

  private constructor(client: RealtimeKitClient) {
    this.client = client;
    const record = (event: string, ...args: unknown[]) => this.record(event, ...args);
    client.self.on('roomJoined', (payload) => record('roomJoined', payload));
    client.self.on('roomLeft', (payload) => record('roomLeft', payload));
    client.self.on('waitlisted', () => record('waitlisted'));
    client.participants.waitlisted.on('participantJoined', ({ name }) => record('asks', name));
    client.participants.waitlisted.on('participantLeft', ({ name }) => record('asksNoMore', name));
    client.self.on('audioUpdate', ({ audioEnabled }) => record('selfAudio', audioEnabled));
    client.self.on('videoUpdate', ({ videoEnabled }) => record('selfVideo', videoEnabled));
    client.chat.on('chatUpdate', ({ message }) =>
      record('chat', message.displayName, message.type === 'text' ? message.message : message.type),
    );
    client.participants.joined.on('audioUpdate', ({ name }, state) => record('audio', name, state.audioEnabled));
    const { joined } = client.participants;
    joined.on('screenShareUpdate', ({ name }, state) => record('screen', name, state.screenShareEnabled));
    joined.on('pinned', ({ name }) => record('pinned', name));
    joined.on('unpinned', ({ name }) => record('unpinned', name));
    client.self.on('screenShareUpdate', ({ screenShareEnabled }) => record('selfScreen', screenShareEnabled));
    client.self.on('pinned', () => record('selfPinned'));
    client.participants.on('broadcastedMessage', ({ type, payload }) => record('told', type, payload));
    client.participants.joined.on('participantJoined', ({ name }) => record('participantJoined', name));
    client.participants.joined.on('participantLeft', ({ name }) => record('participantLeft', name));
  }

  static async init(authToken: string, baseURI: string, retryWindowMs?: number): Promise<RealtimeKitUser> {
    const defaults = { audio: true, video: true };
    const more = retryWindowMs === undefined ? {} : { retryWindowMs };
    const onError = ({ code, cause }: RealtimeKitError) =>
      users.realtimekit?.record('error', code, (cause as { code?: string }).code);
    return new RealtimeKitUser(await RealtimeKitClient.init({ authToken, baseURI, defaults, onError, ...more }));
  }

  record(event: string, ...args: unknown[]): void {
    this.recorded.push({ event, args, atMs: now() });
  }

  /** Finds a participant by its name. */
  find(name: string): Participant {
    const found = this.client.participants.joined.toArray().find((each) => each.name === name);
    if (!found) throw new Error(`${name} is not in the room`);
    return found;
  }

  tracks(): string[] {
    const { audioTrack, videoTrack } = this.client.self;
    return [audioTrack, videoTrack].flatMap((track) => (track ? `${track.kind}:${track.readyState}` : []));
  }

  /** Shows a participant's screen, so that its frames are decoded; returns the number of frames shown so far. */
  screenFrames(name: string): number {
    const { video } = this.find(name).screenShareTracks;
    if (!video) return 0;
    this.screens[video.id] ??= show(new MediaStream([video]));
    return this.screens[video.id]?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  }

  /** Shows every participant's video, so that frames are decoded. */
  showAll(): void {
    for (const { videoTrack } of this.client.participants.joined.toArray()) {
      if (videoTrack) show(new MediaStream([videoTrack]));
    }
  }
}

function show(stream: MediaStream): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.srcObject = stream;
  document.body.append(video);
  return video;
}

/** Sums of all peer connections that the page ever made, by direction. */
async function mediaTotals(): Promise<{
  framesDecoded: number;
  packetsReceived: number;
  audioPacketsReceived: number;
  packetsSent: number;
  outgoingBitrate: number;
}> {
  const totals = { framesDecoded: 0, packetsReceived: 0, audioPacketsReceived: 0, packetsSent: 0, outgoingBitrate: 0 };
  for (const [index, pc] of peerConnections.entries()) {
    for (const [id, stats] of await pc.getStats()) {
      if (stats.type === 'inbound-rtp' || stats.type === 'outbound-rtp') streamStats.set(`${index} ${id}`, stats);
      if (stats.type === 'candidate-pair') totals.outgoingBitrate += stats.availableOutgoingBitrate ?? 0;
    }
  }
  for (const stats of streamStats.values()) {
    totals.framesDecoded += stats.framesDecoded ?? 0;
    totals.packetsReceived += stats.packetsReceived ?? 0;
    if (stats.kind === 'audio') totals.audioPacketsReceived += stats.packetsReceived ?? 0;
    totals.packetsSent += stats.packetsSent ?? 0;
  }
  return totals;
}

/** The latest counters of every stream, also of those whose sections were stopped since: the browser forgets them. */
const streamStats = new Map<
  string,
  { kind?: string; framesDecoded?: number; packetsReceived?: number; packetsSent?: number }
>();

/** The kinds of the local candidates over which the page's connected peer connections send: `relay/udp`, `host/`. */
async function localPaths(): Promise<string[]> {
  const paths: string[] = [];
  for (const pc of peerConnections) {
    const stats = await pc.getStats();
    for (const { type, selectedCandidatePairId } of stats.values()) {
      if (type !== 'transport' || pc.connectionState !== 'connected') continue;
      const { candidateType, relayProtocol = '' } =
        stats.get(stats.get(selectedCandidatePairId)?.localCandidateId) ?? {};
      paths.push(`${candidateType}/${relayProtocol}`);
    }
  }
  return paths;
}

const peerConnections: RTCPeerConnection[] = [];
const NativePeerConnection = globalThis.RTCPeerConnection;
globalThis.RTCPeerConnection = class extends NativePeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    peerConnections.push(this);
  }
};

/** The API of the page for tests. */
const users: { zego?: ZegoUser; realtimekit?: RealtimeKitUser } = {};
/** How many peer connections the page has made, and how many of them are not closed. */
function connectionCounts(): { made: number; open: number } {
  const open = peerConnections.filter(({ connectionState }) => connectionState !== 'closed');
  return { made: peerConnections.length, open: open.length };
}

/** The ICE credentials of the page's newest peer connection: they change when ICE is restarted. */
function iceUser(): string {
  return /^a=ice-ufrag:(\S+)/m.exec(peerConnections.at(-1)?.localDescription?.sdp ?? '')?.[1] ?? '';
}

const surface = {
  ZegoUser,
  RealtimeKitUser,
  mediaTotals,
  localPaths,
  connectionCounts,
  iceUser,
  now,
  users,
  zego(): ZegoUser {
    if (!users.zego) throw new Error('no zego user on this page');
    return users.zego;
  },
  realtimekit(): RealtimeKitUser {
    if (!users.realtimekit) throw new Error('no realtimekit user on this page');
    return users.realtimekit;
  },
};

declare global {
  /** The API of the page for tests. */
  var e2e: typeof surface;
}
globalThis.e2e = surface;
