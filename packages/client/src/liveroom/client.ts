/**
 * `ZegoClient`: the older LiveRoom call surface over Gavel's core (reference zego 4.10).
 *
 * @example
 * const client = new ZegoClient({ appid, server: 'https://rooms.example.org', idName: 'ann' });
 * client.onKickOut = (reason, roomID, customReason) => console.log(reason, customReason);
 * const streams = await client.login('lobby', token);
 *
 * @module
 */

import type { WireMember, WireStream } from '@gavel/protocol';
import type { Environment } from '@gavel/protocol/ids';
import { toSessionError } from '../core/errors.ts';
import type { MediaEnd } from '../core/media/media-context.ts';
import { completePlatform, type Platform, randomId } from '../core/platform.ts';
import type { RoomChange } from '../core/room-view.ts';
import { RoomSession } from '../core/session.ts';
import type { SessionEnd } from '../core/session-state.ts';
import { DISCONNECTED, END_OF_CAUSE, KICK_OUT_REASONS } from './causes.ts';

/** Who logs in, and where. */
export interface LiveRoomConfig {
  readonly appid: number;
  /** Base address of the server. */
  readonly server: string;
  /** The user id. */
  readonly idName: string;
  /** The user's name; default: its id. */
  readonly nickName?: string;
  /** Whether `onUserStateUpdate` is wanted; default false. */
  readonly userStateUpdate?: boolean;
  /** Which of the App's two environments to log in to; default: the server's choice. */
  readonly environment?: Environment;
  /** STUN and TURN servers, instead of those of the server. */
  readonly iceServers?: readonly RTCIceServer[];
  /** `relay` sends and receives media through TURN servers only; default `all`. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /** Replaces browser APIs in tests and other runtimes. */
  readonly platform?: Partial<Platform>;
}

/** A stream of the room. */
export interface LiveRoomStream {
  readonly stream_id: string;
  readonly anchor_id_name: string;
  readonly anchor_nick_name: string;
  readonly extra_info: string;
}

/** A user that joined (action 1) or left (action 2). */
export interface LiveRoomUser {
  readonly idName: string;
  readonly nickName: string;
  readonly action: 1 | 2;
}

/** The type of `onStreamUpdated`. */
export const STREAM_UPDATE = { added: 2001, deleted: 2002 } as const;

/** The type of `onPublishStateUpdate` and `onPlayStateUpdate` (inferred). */
export const MEDIA_STATE = { started: 0, failed: 1 } as const;

/** The error of a login or of a stream: the protocol's code and a text. */
export interface LiveRoomError {
  readonly code: string;
  readonly msg: string;
}

const ignore = (): void => {};

/** The LiveRoom call surface: one room at a time, handlers as properties. */
export class ZegoClient {
  /** Removed: 16777219 by another login, 16777220 by an API call, 16777221 session not valid; with the caller's text. */
  onKickOut: (reason: number, roomID: string, customReason: string) => void = ignore;
  /** The connection was lost and could not be re-established. */
  onDisconnect: (errorCode: number, roomID: string) => void = ignore;
  /** Other users joined or left; only with `userStateUpdate`. */
  onUserStateUpdate: (roomID: string, users: LiveRoomUser[]) => void = ignore;
  /** Streams of others were added (2001) or removed (2002). */
  onStreamUpdated: (type: number, streams: LiveRoomStream[], roomID: string) => void = ignore;
  /** An own stream is being sent (0), or failed (1): `client.no-media-path` and `client.turn-refused` within 10 s (CONN-4). */
  onPublishStateUpdate: (type: number, streamID: string, error?: LiveRoomError) => void = ignore;
  /** The same for a stream that is played. */
  onPlayStateUpdate: (type: number, streamID: string, error?: LiveRoomError) => void = ignore;
  readonly #config: LiveRoomConfig;
  readonly #platform: Platform;
  readonly #clientId = randomId();
  #session: RoomSession | undefined;

  constructor(config: LiveRoomConfig) {
    this.#config = config;
    this.#platform = completePlatform(config.platform);
  }

  /**
   * Leaves the current room, if any, and logs in to a room; returns its streams.
   *
   * @throws LiveRoomError
   */
  async login(roomID: string, token: string): Promise<LiveRoomStream[]> {
    this.logout();
    try {
      const session = this.#createSession(roomID, token);
      this.#session = session;
      session.on('stateChanged', (state, before) => {
        if (state.name !== 'ended') return;
        if (this.#session === session) this.#session = undefined;
        // A failed first login is reported by its rejection.
        if (before.name !== 'connecting') this.#handleEnd(state.end, roomID);
      });
      session.on('changed', (change) => this.#handleChange(change, roomID));
      await session.login();
      return (session.room?.othersStreams() ?? []).map(toStream);
    } catch (error) {
      const { code, message } = toSessionError(error);
      throw { code, msg: message } satisfies LiveRoomError;
    }
  }

  /** Leaves the room; returns false if no room is logged in to. */
  logout(): boolean {
    const session = this.#session;
    this.#session = undefined;
    session?.logout();
    return session !== undefined;
  }

  /** Publishes a stream; returns false if no room is logged in to or the stream is already published. */
  startPublishingStream(streamID: string, stream: MediaStream, extraInfo = ''): boolean {
    const media = this.#session?.media;
    if (!media?.isAvailable || media.publications.has(streamID)) return false;
    const publication = media.publish(streamID, stream, { extraInfo });
    publication.on('stateChanged', (state, end) => {
      if (state !== 'requesting' && isReported(end)) this.onPublishStateUpdate(...toMediaState(streamID, end));
    });
    return true;
  }

  /** Stops publishing; returns false if the stream is not published. */
  stopPublishingStream(streamID: string): boolean {
    return this.#session?.media.unpublish(streamID) ?? false;
  }

  /**
   * Plays a stream.
   *
   * @throws LiveRoomError
   */
  async startPlayingStream(streamID: string): Promise<MediaStream> {
    if (!this.#session) throw { code: 'client.not-joined', msg: 'no room is logged in to' } satisfies LiveRoomError;
    try {
      const { media } = this.#session;
      const isNew = !media.playbacks.has(streamID);
      const playback = media.play(streamID);
      if (isNew) {
        playback.on('stateChanged', (state, end) => {
          if (state !== 'requesting' && isReported(end)) this.onPlayStateUpdate(...toMediaState(streamID, end));
        });
      }
      return await playback.ready;
    } catch (error) {
      const { code, message } = toSessionError(error);
      throw { code, msg: message } satisfies LiveRoomError;
    }
  }

  /** Stops playing; returns false if the stream is not played. */
  stopPlayingStream(streamID: string): boolean {
    return this.#session?.media.stop(streamID) ?? false;
  }

  #createSession(roomID: string, token: string): RoomSession {
    const { appid, server, idName, nickName = idName, userStateUpdate = false, environment } = this.#config;
    const { iceServers, iceTransportPolicy = 'all' } = this.#config;
    return new RoomSession({
      server,
      login: {
        credential: {
          scheme: 'app-token',
          appId: appid,
          ...(token && { token }),
          ...(environment && { environment }),
        },
        clientId: this.#clientId,
        roomId: roomID,
        userId: idName,
        userName: nickName,
        members: userStateUpdate,
      },
      ...(iceServers && { iceServers }),
      iceTransportPolicy,
      platform: this.#platform,
    });
  }

  #handleEnd(end: SessionEnd, roomID: string): void {
    switch (end.kind) {
      case 'left':
        break;
      case 'gave-up':
        this.onDisconnect(DISCONNECTED, roomID);
        break;
      case 'refused':
        this.onKickOut(KICK_OUT_REASONS.sessionError, roomID, '');
        break;
      case 'removed': {
        const shown = END_OF_CAUSE[end.cause];
        if (shown.handler === 'onKickOut') this.onKickOut(shown.reason, roomID, end.reason);
        if (shown.handler === 'onDisconnect') this.onDisconnect(shown.errorCode, roomID);
      }
    }
  }

  #handleChange(change: RoomChange, roomID: string): void {
    const removed = change.streamsRemoved.filter(({ own, cause }) => !own || cause === 'deleted');
    if (removed.length > 0) {
      this.onStreamUpdated(
        STREAM_UPDATE.deleted,
        removed.map(({ stream }) => toStream(stream)),
        roomID,
      );
    }
    const users = [
      ...change.membersLeft.map(({ member }) => toUser(member, 2)),
      ...change.membersJoined.map((member) => toUser(member, 1)),
    ];
    if (users.length > 0) this.onUserStateUpdate(roomID, users);
    if (change.streamsAdded.length > 0) {
      this.onStreamUpdated(STREAM_UPDATE.added, change.streamsAdded.map(toStream), roomID);
    }
  }
}

function toStream({ streamId, user, extraInfo }: WireStream): LiveRoomStream {
  return { stream_id: streamId, anchor_id_name: user.id, anchor_nick_name: user.name, extra_info: extraInfo };
}

function toUser({ user }: WireMember, action: 1 | 2): LiveRoomUser {
  return { idName: user.id, nickName: user.name, action };
}

/** Only a start and a failure are reported: the application knows of the ends that it or the room has caused. */
function isReported(end: MediaEnd | undefined): boolean {
  return end === undefined || end.kind === 'failed';
}

function toMediaState(streamID: string, end: MediaEnd | undefined): [number, string, LiveRoomError?] {
  if (end?.kind !== 'failed') return [MEDIA_STATE.started, streamID];
  const { code, message } = end.error;
  return [MEDIA_STATE.failed, streamID, { code, msg: message }];
}
