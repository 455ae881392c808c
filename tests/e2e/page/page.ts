/**
 * A page that holds the SDK, and records every callback; tests drive it from outside.
 *
 * @module
 */

import { type Participant, RealtimeKitClient, type RealtimeKitError } from '@gavel/client/realtimekit';
import {
  type ZegoEngineOptions,
  ZegoExpressEngine,
  type ZegoPlayOptions,
  type ZegoPublishOptions,
} from '@gavel/client/zego';
import { FrameRecorder, type Reception, readReception, type ShownFrames } from './reception.ts';
import { createSource, type SourceOptions } from './sources.ts';
import { measureSwitches, type SwitchReport } from './switches.ts';

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
  /** How new streams are played. */
  playOptions: ZegoPlayOptions = {};
  /** The size of the views of the SDK in which new streams are shown, in pixels; undefined: in elements of the page. */
  viewSize: { readonly width: number; readonly height: number } | undefined;

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
    this.engine.on('playerRecvSEI', (streamID, data) => {
      this.recorded.push({ event: 'playerRecvSEI', args: [streamID, new TextDecoder().decode(data)], atMs: now() });
    });
  }

  async join(room: string, user: string, token = ''): Promise<void> {
    await this.engine.loginRoom(room, token, { userID: user, userName: `Name of ${user}` }, { userUpdate: true });
  }

  async publish(streamId: string, options: ZegoPublishOptions = {}): Promise<boolean> {
    this.local ??= await this.engine.createStream({ camera: { audio: true, video: true } });
    return this.engine.startPublishingStream(streamId, this.local, options);
  }

  async play(streamId: string): Promise<void> {
    const stream = await this.engine.startPlayingStream(streamId, this.playOptions);
    const video = this.viewSize ? this.#showInView(stream, streamId, this.viewSize) : show(stream, streamId);
    video.requestVideoFrameCallback(() => {
      this.firstFrames[streamId] = now();
    });
  }

  /** Shows a stream in a view, in a container with the name of the stream, and records its frames. */
  #showInView(stream: MediaStream, name: string, { width, height }: { width: number; height: number }) {
    const container = Object.assign(document.createElement('div'), { id: `view-of-${name}` });
    Object.assign(container.style, { width: `${width}px`, height: `${height}px` });
    document.body.append(container);
    this.engine.createRemoteStreamView(stream).play(container, { muted: true });
    const video = container.querySelector('video');
    if (!video) throw new Error('the view shows nothing');
    recorders.set(name, new FrameRecorder(video));
    return video;
  }

  /** Publishes a picture that moves much, and sound that does not pause. */
  async publishSource(streamId: string, source: SourceOptions): Promise<boolean> {
    this.local = await this.engine.createStream({ custom: { source: createSource(source), bitrate: SOURCE_KBPS } });
    return this.engine.startPublishingStream(streamId, this.local);
  }

  /** Publishes a picture of four colours instead of a camera. */
  async publishColours(streamId: string, options: ZegoPublishOptions = {}): Promise<boolean> {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    let turn = 0;
    setInterval(() => {
      COLOURS.forEach((colour, index) => {
        if (context) context.fillStyle = colour;
        context?.fillRect((index % 2) * 160, index < 2 ? 0 : 120, 160, 120);
      });
      // Something has to move, or frames are left out.
      turn += 1;
      if (context) context.fillStyle = turn % 2 === 0 ? 'white' : 'black';
      context?.fillRect(150, 110, 20, 20);
    }, 50);
    this.local = await this.engine.createStream({ custom: { source: canvas.captureStream(20) } });
    return this.engine.startPublishingStream(streamId, this.local, options);
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
    client.participants.on('activeSpeaker', ({ peerId }) => record('speaks', this.nameOf(peerId)));
    client.participants.on('broadcastedMessage', ({ type, payload }) => record('told', type, payload));
    client.participants.joined.on('participantJoined', ({ name }) => record('participantJoined', name));
    client.participants.joined.on('participantLeft', ({ name }) => record('participantLeft', name));
  }

  static async init(
    authToken: string,
    baseURI: string,
    retryWindowMs?: number,
    defaults = { audio: true, video: true },
  ): Promise<RealtimeKitUser> {
    const more = retryWindowMs === undefined ? {} : { retryWindowMs };
    const onError = ({ code, cause }: RealtimeKitError) =>
      users.realtimekit?.record('error', code, (cause as { code?: string }).code);
    return new RealtimeKitUser(await RealtimeKitClient.init({ authToken, baseURI, defaults, onError, ...more }));
  }

  record(event: string, ...args: unknown[]): void {
    this.recorded.push({ event, args, atMs: now() });
  }

  nameOf(peerId: string): string {
    return this.client.participants.joined.get(peerId)?.name ?? '';
  }

  /** Sends sound that swells like speech in the place of the microphone. */
  async speak(): Promise<void> {
    const [voice] = createSource({ width: 16, height: 16, framesPerSecond: 1 }).getAudioTracks();
    await this.client.self.enableAudio(voice);
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

/** Shows a stream, and records its frames if it has a name. */
function show(stream: MediaStream, name?: string): HTMLVideoElement {
  const video = document.createElement('video');
  video.muted = true;
  video.autoplay = true;
  video.srcObject = stream;
  document.body.append(video);
  if (name !== undefined) recorders.set(name, new FrameRecorder(video));
  return video;
}

const recorders = new Map<string, FrameRecorder>();

/** The frames shown of each stream, by its name, since the previous call. */
function takeFrames(): Record<string, ShownFrames> {
  return Object.fromEntries([...recorders].map(([name, recorder]) => [name, recorder.drain()]));
}

/** At most, for all layers together. */
const SOURCE_KBPS = 1_500;
const COLOURS = ['#c02020', '#20c020', '#2020c0', '#c0c020'];

/** The colours in the middle of the four quarters of the newest video element, as red, green and blue. */
function shownColours(): number[][] {
  const [video] = [...document.querySelectorAll('video')].slice(-1);
  const context = Object.assign(document.createElement('canvas'), { width: 320, height: 240 }).getContext('2d');
  if (!video || !context) return [];
  context.drawImage(video, 0, 0, 320, 240);
  return COLOURS.map((_, index) => {
    const { data } = context.getImageData((index % 2) * 160 + 80, (index < 2 ? 0 : 120) + 60, 1, 1);
    return [...data.slice(0, 3)];
  });
}

/** What the decoders of the page's peer connections found wrong. */
async function decoderTroubles(): Promise<{ keyFrameRequests: number; framesDropped: number }> {
  const troubles = { keyFrameRequests: 0, framesDropped: 0 };
  for (const pc of peerConnections) {
    for (const stats of (await pc.getStats()).values()) {
      if (stats.type !== 'inbound-rtp' || stats.kind !== 'video') continue;
      troubles.keyFrameRequests += stats.pliCount ?? 0;
      troubles.framesDropped += stats.framesDropped ?? 0;
    }
  }
  return troubles;
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
      const {
        candidateType,
        protocol,
        relayProtocol = protocol,
      } = stats.get(stats.get(selectedCandidatePairId)?.localCandidateId) ?? {};
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

  override async setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    const { type, sdp = '' } = description;
    await super.setRemoteDescription({ type, sdp: (await globalThis.rewriteRemote?.(sdp)) ?? sdp });
  }
};

/** The API of the page for tests. */
const users: { zego?: ZegoUser; realtimekit?: RealtimeKitUser } = {};
/** How many peer connections the page has made, and how many of them are not closed. */
function connectionCounts(): { made: number; open: number } {
  const open = peerConnections.filter(({ connectionState }) => connectionState !== 'closed');
  return { made: peerConnections.length, open: open.length };
}

/** What each layer of the page's published video has sent so far, by its `rid`, and whether it is switched on. */
async function sentLayers(): Promise<Record<string, { readonly isOn: boolean; readonly frames: number }>> {
  const layers: Record<string, { readonly isOn: boolean; readonly frames: number }> = {};
  for (const pc of peerConnections) {
    for (const { type, kind, rid = '', active, framesSent = 0 } of (await pc.getStats()).values()) {
      if (type === 'outbound-rtp' && kind === 'video') layers[rid] = { isOn: active, frames: framesSent };
    }
  }
  return layers;
}

/** Switches a played stream, whose source is marked, between its lowest layer and its highest one. @param width of the highest, four times that of the lowest */
function switchLayers(id: string, width: number, count: number, maxMs: number): Promise<SwitchReport> {
  const recorder = recorders.get(id);
  if (!recorder) throw new Error('the stream is not shown');
  return measureSwitches({
    video: recorder.video,
    choose: (quality) => surface.zego().engine.setPlayStreamVideoType(id, quality === 'lowest' ? 0 : 1),
    drainFrames: () => recorder.drain(),
    widths: { lowest: width / 4, highest: width },
    count,
    maxMs,
  });
}

/** The ICE credentials of the page's newest peer connection: they change when ICE is restarted. */
function iceUser(): string {
  return /^a=ice-ufrag:(\S+)/m.exec(peerConnections.at(-1)?.localDescription?.sdp ?? '')?.[1] ?? '';
}

const surface = {
  ZegoUser,
  RealtimeKitUser,
  mediaTotals,
  reception: (): Promise<Reception> => readReception(peerConnections),
  takeFrames,
  show,
  createSource,
  /** The peer connection that the page has made last. */
  newestConnection(): RTCPeerConnection {
    const newest = peerConnections.at(-1);
    if (!newest) throw new Error('no peer connection on this page');
    return newest;
  },
  localPaths,
  shownColours,
  decoderTroubles,
  connectionCounts,
  sentLayers,
  switchLayers,
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
  /** Changes descriptions of the server; present on pages that reach it through a relay. */
  var rewriteRemote: ((sdp: string) => Promise<string>) | undefined;
}
globalThis.e2e = surface;
