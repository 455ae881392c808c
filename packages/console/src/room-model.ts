/**
 * The room model: calls the SDK and converts its callbacks into state.
 *
 * @module
 */

import type { ZegoBarrageMessageInfo, ZegoBroadcastMessageInfo } from '@gavel/client/zego';
import type { DeviceKind, Devices } from './devices.ts';
import { CALLBACKS, type Engine, type EngineEvent } from './engine.ts';
import { describeCode, describeError, type PlainError } from './errors.ts';
import type { Log } from './log.ts';
import { reduceEvent, toUser, updateOwn, updateStream } from './room-reducer.ts';
import { type ChatLine, isConnected, isInRoom, OUTSIDE, type RoomState, type User } from './room-state.ts';
import type { OpenDevice, OpenSource, SourceHandle, SourceKind } from './sources.ts';
import { Store } from './store.ts';

/** The parameters of a join. */
export interface JoinOptions {
  readonly appId: number;
  readonly roomId: string;
  readonly userId: string;
  readonly userName: string;
  /** Empty if the server lets users in without one. */
  readonly token: string;
  readonly source: SourceKind;
}

/** Dependencies of a room model. */
export interface RoomModelParts {
  /** Creates an engine for an App; may throw. */
  readonly createEngine: (appId: number) => Engine;
  readonly openSource: OpenSource;
  readonly openDevice: OpenDevice;
  readonly devices: Devices;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** The maximum number of chat lines. */
const MAX_CHAT = 200;

/** Returns the id of the stream that a user of this page publishes; characters that are not allowed become `-`. */
export function ownStreamId(userId: string): string {
  return `${userId.replace(/[^0-9A-Za-z_-]/g, '-')}-main`;
}

/** Holds the state of the room on this page. */
export class RoomModel extends Store<RoomState> {
  readonly #parts: RoomModelParts;
  #engine: Engine | undefined;
  #source: SourceHandle | undefined;
  #sourceKind: SourceKind = 'none';
  #isClosing = false;
  /** Increases with every change of a device, so that the last selection wins. */
  readonly #deviceChanges = { camera: 0, microphone: 0 };
  #lastChatId = 0;

  constructor(parts: RoomModelParts) {
    super(OUTSIDE);
    this.#parts = parts;
  }

  /** Joins a room, and publishes at once unless the source is `none`. Failures show in the state. */
  async join(options: JoinOptions): Promise<void> {
    this.#discard();
    const self: User = { userId: options.userId, userName: options.userName || options.userId };
    this.set({ ...OUTSIDE, phase: { kind: 'joining' }, roomId: options.roomId, self });
    this.#sourceKind = options.source;
    this.#isClosing = false;
    let engine: Engine | undefined;
    try {
      engine = this.#start(options.appId);
      const user = { userID: self.userId, userName: self.userName };
      await engine.loginRoom(options.roomId, options.token, user, { userUpdate: true });
    } catch (error) {
      // Ignore the failure of a login that this page has cancelled.
      if (engine !== this.#engine) return;
      this.set({ phase: { kind: 'outside', error: describeError(error) } });
      return;
    }
    if (options.source !== 'none' && engine === this.#engine) await this.publish();
  }

  /** Leaves the room. */
  leave(): void {
    this.#discard();
    this.set({ phase: { kind: 'outside', error: undefined }, members: [], streams: [], own: { kind: 'none' } });
  }

  /** Returns from the end banner to the join form. */
  dismissEnding(): void {
    this.leave();
  }

  /** Opens a source (default: the previous one) and publishes it. Failures show in the state. */
  async publish(kind: SourceKind = this.#sourceKind): Promise<void> {
    const engine = this.#engine;
    const { phase, self, own } = this.state;
    if (!engine || !isConnected(phase) || own.kind === 'opening' || 'media' in own) return;
    // A user who joined only to watch has selected no source.
    this.#sourceKind = kind === 'none' ? 'test' : kind;
    this.set({ own: { kind: 'opening' } });
    try {
      const source = await this.#parts.openSource(this.#sourceKind, engine, self, this.#parts.devices.state);
      // With the permission granted, the browser now reveals the device names.
      void this.#parts.devices.refresh();
      // The user may have left, or been removed, while the browser asked for the camera.
      if (this.#engine !== engine || !isInRoom(this.state.phase)) {
        source.close();
        return;
      }
      this.#source = source;
      const streamId = ownStreamId(self.userId);
      const isCamera = this.#sourceKind === 'camera';
      const isOn = { micOn: true, cameraOn: true, quality: undefined };
      this.set({ own: { kind: 'requesting', streamId, media: source.stream, isCamera, ...isOn } });
      // If it cannot start, a callback has reported the reason.
      engine.startPublishingStream(streamId, source.stream);
    } catch (error) {
      this.#closeSource();
      if (this.#engine === engine) this.set({ own: { kind: 'failed', error: describeError(error) } });
    }
  }

  /** Stops publishing and closes the camera. */
  unpublish(): void {
    const { own } = this.state;
    if (!('media' in own)) return;
    this.set({ own: { kind: 'none' } });
    this.#engine?.stopPublishingStream(own.streamId);
    this.#closeSource();
  }

  /** Mutes or unmutes the own microphone. */
  setMic(on: boolean): void {
    const { own } = this.state;
    if (!('media' in own) || !this.#engine) return;
    this.#engine.mutePublishStreamAudio(own.media, !on);
    this.#setState(updateOwn(this.state, own.streamId, () => ({ micOn: on })));
  }

  /** Switches the own camera off or on. */
  setCamera(on: boolean): void {
    const { own } = this.state;
    if (!('media' in own) || !this.#engine) return;
    this.#engine.mutePublishStreamVideo(own.media, !on);
    this.#setState(updateOwn(this.state, own.streamId, () => ({ cameraOn: on })));
  }

  /** Selects another camera or microphone, and switches to it at once while publishing. Failures show in the devices. */
  async setDevice(kind: DeviceKind, id: string): Promise<void> {
    const { devices, openDevice } = this.#parts;
    devices.choose(kind, id);
    const { own } = this.state;
    const engine = this.#engine;
    if (!engine || !('media' in own) || !own.isCamera) return;
    this.#deviceChanges[kind] += 1;
    const change = this.#deviceChanges[kind];
    const { media } = own;
    try {
      const track = await openDevice(kind, id);
      const now = this.state.own;
      if (change !== this.#deviceChanges[kind] || !('media' in now) || now.media !== media) {
        track.stop();
        return;
      }
      track.enabled = kind === 'camera' ? now.cameraOn : now.micOn;
      const old = kind === 'camera' ? media.getVideoTracks() : media.getAudioTracks();
      const { errorCode } = await engine.replaceTrack(media, track);
      if (errorCode === 0) {
        for (const each of old) each.stop();
      } else {
        track.stop();
        devices.fail({ errorCode });
      }
      // If publishing has stopped meanwhile, nothing else stops this track.
      const last = this.state.own;
      if (!('media' in last) || last.media !== media) track.stop();
    } catch (error) {
      if (change === this.#deviceChanges[kind]) {
        const text = error instanceof Error ? `${error.name} ${error.message}` : String(error);
        devices.fail({ errorCode: 0, extendedData: text });
      }
    }
  }

  /** Retries the connection at once. */
  retryNow(): void {
    this.#engine?.retryNow();
  }

  /** Sends a message to everyone in the room; returns what went wrong, if anything. */
  async say(text: string): Promise<PlainError | undefined> {
    const { roomId, self } = this.state;
    try {
      const result = await this.#engine?.sendBroadcastMessage(roomId, text);
      if (!result) return { code: undefined, text: 'You are not in a room.' };
      if (result.errorCode !== 0) return { code: result.errorCode, text: describeCode(result.errorCode) };
    } catch (error) {
      return describeError(error);
    }
    this.#addChat({ from: self, text, atMs: this.#parts.now(), own: true });
    return undefined;
  }

  /**
   * Records that this page has asked the server to close the room, or that the server refused. The SDK reports the end of the
   * room as a kick; the user who closed the room should read that it was closed.
   */
  expectClose(isExpected: boolean): void {
    this.#isClosing = isExpected;
  }

  #start(appId: number): Engine {
    const engine = this.#parts.createEngine(appId);
    this.#engine = engine;
    for (const name of CALLBACKS) {
      engine.on(name, (...args: unknown[]) => this.#handle(engine, [name, ...args] as unknown as EngineEvent));
    }
    return engine;
  }

  #handle(engine: Engine, event: EngineEvent): void {
    const [name, ...args] = event;
    this.#parts.log.add(name, args);
    if (engine !== this.#engine) return;
    const before = this.state;
    this.#setState(reduceEvent(before, event, this.#parts.now()));
    this.#follow(engine, event, before);
    const { phase } = this.state;
    if (phase.kind === 'ended' && phase.ending.kind === 'removed' && this.#isClosing) {
      this.set({ phase: { kind: 'ended', ending: { ...phase.ending, kind: 'closed' } } });
    }
    if ('media' in before.own && !('media' in this.state.own)) this.#closeSource();
  }

  /** Handles the side effects of a callback. */
  #follow(engine: Engine, event: EngineEvent, before: RoomState): void {
    if (event[0] === 'roomStreamUpdate') {
      const known = new Set(before.streams.map((stream) => stream.streamId));
      const now = new Set(this.state.streams.map((stream) => stream.streamId));
      for (const streamId of now) if (!known.has(streamId)) void this.#play(engine, streamId);
      for (const streamId of known) if (!now.has(streamId)) engine.stopPlayingStream(streamId);
    } else if (event[0] === 'IMRecvBroadcastMessage' || event[0] === 'IMRecvBarrageMessage') {
      for (const message of event[2]) this.#receive(message);
    }
  }

  async #play(engine: Engine, streamId: string): Promise<void> {
    try {
      const media = await engine.startPlayingStream(streamId);
      if (engine !== this.#engine) return;
      this.#setState(updateStream(this.state, streamId, () => ({ media })));
    } catch (error) {
      if (engine !== this.#engine) return;
      const play = { kind: 'stopped', error: describeError(error) } as const;
      this.#setState(updateStream(this.state, streamId, () => ({ play })));
    }
  }

  #receive({ fromUser, message, sendTime }: ZegoBroadcastMessageInfo | ZegoBarrageMessageInfo): void {
    this.#addChat({ from: toUser(fromUser), text: message, atMs: sendTime, own: false });
  }

  #addChat(line: Omit<ChatLine, 'id'>): void {
    this.#lastChatId += 1;
    this.set({ chat: [...this.state.chat.slice(1 - MAX_CHAT), { ...line, id: this.#lastChatId }] });
  }

  #setState(state: RoomState): void {
    if (state !== this.state) this.set(state);
  }

  #closeSource(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  /** Destroys the current engine, in any state. */
  #discard(): void {
    const engine = this.#engine;
    const { roomId } = this.state;
    this.#closeSource();
    if (!engine) return;
    if (this.state.phase.kind !== 'ended') engine.logoutRoom(roomId);
    this.#engine = undefined;
    engine.destroyEngine();
  }
}
