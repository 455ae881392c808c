/**
 * One room of an engine: converts its session's events into this dialect's events, in this dialect's order.
 *
 * @module
 */

import type { WireMember, WireRoomInfo, WireStream, WireUser } from '@gavel/protocol';
import type { Clock } from '../core/platform.ts';
import type { RemovedStream, RoomChange, RoomMessage, StreamChange } from '../core/room-view.ts';
import type { RoomSession } from '../core/session.ts';
import type { SessionEnd, SessionState } from '../core/session-state.ts';
import { deleteReason, kickoutExtendedData, ROOM_END_OF_CAUSE } from './causes.ts';
import { CODES, codeOfSessionEnd, extendedDataOfSessionEnd } from './errors.ts';
import type { Emit } from './events.ts';
import type {
  ZegoRoomExtraInfo,
  ZegoRoomState,
  ZegoRoomStateReason,
  ZegoStreamList,
  ZegoUser,
  ZegoUserInfo,
} from './types.ts';

/** The interval of user count reports, in milliseconds. */
const COUNT_INTERVAL_MS = 30_000;

/** Dependencies of a room. */
export interface ZegoRoomTask {
  readonly roomID: string;
  readonly user: ZegoUser;
  readonly session: RoomSession;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly wantsUsers: boolean;
  readonly reconnectingDelayMs: number;
  /** The room has ended; its last events follow. */
  ended(): void;
}

/**
 * The argument of LOGINED and LOGOUT, as in the vendor's client (reference zego 4.5). Its typings say `string`, and handlers are
 * written against them.
 */
const NO_EXTENDED_DATA = null as unknown as string;

/** One room of an engine. */
export class ZegoRoom {
  readonly #task: ZegoRoomTask;
  /** The logins of each other user: a user may have several for a short time. */
  readonly #users = new Map<string, Set<string>>();
  #shown: ZegoRoomState = 'DISCONNECTED';
  #countTimer: unknown;
  #reconnectingTimer: unknown;

  constructor(task: ZegoRoomTask) {
    this.#task = task;
    const { session, emit, roomID } = task;
    session.on('stateChanged', (state, before) => this.#handleState(state, before));
    session.on('changed', (change) => this.#handleChange(change));
    session.on('message', (message) => this.#handleMessage(message));
    session.on('infosSet', (infos) => this.#handleInfos(infos));
    session.on('tokenWillExpire', () => emit('tokenWillExpire', roomID));
  }

  /** The room's session. */
  get session(): RoomSession {
    return this.#task.session;
  }

  /** The own user. */
  get user(): ZegoUser {
    return this.#task.user;
  }

  #handleState(state: SessionState, before: SessionState): void {
    const { clock, reconnectingDelayMs } = this.#task;
    clock.clearTimeout(this.#reconnectingTimer);
    switch (state.name) {
      case 'idle':
        break;
      case 'connecting':
        this.#show('CONNECTING', 'LOGINING', CODES.ok);
        break;
      case 'joined':
        if (state.via === 'login') this.#handleLogin();
        else this.#show('CONNECTED', 'RECONNECTED', CODES.ok);
        break;
      case 'reconnecting':
        // A short outage is not reported (reference zego 4.5).
        this.#reconnectingTimer = clock.setTimeout(
          () => this.#show('CONNECTING', 'RECONNECTING', CODES.networkBroken),
          reconnectingDelayMs,
        );
        break;
      case 'ended':
        clock.clearTimeout(this.#countTimer);
        // First, so that the application can log in again in its event handler.
        this.#task.ended();
        this.#handleEnd(state.end, before.name === 'connecting');
    }
  }

  /** The order of the reference's effect matrix (zego 2.7): streams, LOGINED, users. */
  #handleLogin(): void {
    const { session, roomID, emit, wantsUsers } = this.#task;
    const room = session.room;
    if (!room) return;
    const streams = room.othersStreams();
    if (streams.length > 0) emit('roomStreamUpdate', roomID, 'ADD', streams.map(toStreamList), '');
    this.#show('CONNECTED', 'LOGINED', CODES.ok, NO_EXTENDED_DATA);
    // An event handler may have logged out.
    if (session.state.name === 'ended') return;
    const { added } = this.#countUsers([], room.otherMembers());
    if (wantsUsers && added.length > 0) emit('roomUserUpdate', roomID, 'ADD', added);
    this.#handleInfos([...room.infos.values()]);
    this.#tellCount();
  }

  #handleEnd(end: SessionEnd, isFirstLogin: boolean): void {
    switch (end.kind) {
      case 'left':
        this.#show('DISCONNECTED', 'LOGOUT', CODES.ok, NO_EXTENDED_DATA);
        break;
      case 'removed': {
        const { reason, errorCode } = ROOM_END_OF_CAUSE[end.cause];
        const extendedData =
          reason === 'KICKOUT'
            ? kickoutExtendedData(end.cause, end.reason)
            : reason === 'LOGOUT'
              ? NO_EXTENDED_DATA
              : '';
        this.#show('DISCONNECTED', reason, errorCode, extendedData);
        break;
      }
      default:
        this.#show(
          'DISCONNECTED',
          isFirstLogin ? 'LOGIN_FAILED' : 'RECONNECT_FAILED',
          codeOfSessionEnd(end),
          extendedDataOfSessionEnd(end),
        );
    }
  }

  /** Both events fire together, and only when the coarse state changes (reference zego 4.4). */
  #show(state: ZegoRoomState, reason: ZegoRoomStateReason, errorCode: number, extendedData = ''): void {
    if (state === this.#shown) return;
    this.#shown = state;
    const { roomID, emit } = this.#task;
    emit('roomStateUpdate', roomID, state, errorCode, extendedData);
    emit('roomStateChanged', roomID, reason, errorCode, extendedData);
  }

  #tellCount(): void {
    const { session, clock, emit, roomID } = this.#task;
    if (session.state.name === 'joined') emit('roomOnlineUserCountUpdate', roomID, session.room?.memberCount ?? 0);
    clock.clearTimeout(this.#countTimer);
    this.#countTimer = clock.setTimeout(() => this.#tellCount(), COUNT_INTERVAL_MS);
  }

  #handleChange(change: RoomChange): void {
    const { roomID, emit, wantsUsers } = this.#task;
    // Own streams are not reported, unless the server removed (STRM-2) or forbade them.
    const removed = change.streamsRemoved.filter(
      ({ own, cause }) => !own || cause === 'deleted' || cause === 'forbidden',
    );
    if (removed.length > 0) {
      const streams = removed.map(({ stream }) => toStreamList(stream));
      emit('roomStreamUpdate', roomID, 'DELETE', streams, toDeleteReasons(removed));
    }
    const left = change.membersLeft.map(({ member }) => member);
    const { added, gone } = this.#countUsers(left, change.membersJoined);
    if (wantsUsers && gone.length > 0) emit('roomUserUpdate', roomID, 'DELETE', gone);
    if (wantsUsers && added.length > 0) emit('roomUserUpdate', roomID, 'ADD', added);
    if (change.streamsAdded.length > 0) {
      emit('roomStreamUpdate', roomID, 'ADD', change.streamsAdded.map(toStreamList), '');
      const described = change.streamsAdded.filter((stream) => stream.extraInfo !== '');
      if (described.length > 0) emit('streamExtraInfoUpdate', roomID, described.map(toExtraInfo));
    }
    this.#handleUpdates(change.streamsUpdated);
  }

  #handleUpdates(changes: readonly StreamChange[]): void {
    const { roomID, emit } = this.#task;
    const described = changes.filter(({ stream, before }) => stream.extraInfo !== before.extraInfo);
    if (described.length > 0) {
      emit(
        'streamExtraInfoUpdate',
        roomID,
        described.map(({ stream }) => toExtraInfo(stream)),
      );
    }
    for (const { stream, before } of changes) {
      const { streamId, audio, video } = stream;
      if (video !== before.video) emit('remoteCameraStatusUpdate', streamId, video ? 'OPEN' : 'MUTE');
      if (audio !== before.audio) emit('remoteMicStatusUpdate', streamId, audio ? 'OPEN' : 'MUTE');
    }
  }

  /** Applies removed and added logins, and returns the users that left and joined thereby, without the own user. */
  #countUsers(left: readonly WireMember[], joined: readonly WireMember[]) {
    const touched = new Map<string, { readonly user: WireUser; readonly wasThere: boolean }>();
    const loginsOf = ({ user }: WireMember): Set<string> => {
      const logins = this.#users.get(user.id) ?? new Set<string>();
      if (!touched.has(user.id)) touched.set(user.id, { user, wasThere: logins.size > 0 });
      this.#users.set(user.id, logins);
      return logins;
    };
    for (const member of left) loginsOf(member).delete(member.memberId);
    for (const member of joined) loginsOf(member).add(member.memberId);
    const added: ZegoUserInfo[] = [];
    const gone: ZegoUserInfo[] = [];
    for (const { user, wasThere } of touched.values()) {
      const isThere = (this.#users.get(user.id)?.size ?? 0) > 0;
      if (!isThere) this.#users.delete(user.id);
      if (user.id === this.#task.user.userID || isThere === wasThere) continue;
      (isThere ? added : gone).push(toUserInfo(user));
    }
    return { added, gone };
  }

  /** The client that set an info gets no event for it. */
  #handleInfos(infos: readonly WireRoomInfo[]): void {
    const others = infos.filter(({ user }) => user.id !== this.#task.user.userID);
    if (others.length > 0) this.#task.emit('roomExtraInfoUpdate', this.#task.roomID, others.map(toRoomExtraInfo));
  }

  #handleMessage({ kind, from, text, to, sentAtMs, messageId }: RoomMessage): void {
    const { roomID, emit } = this.#task;
    const fromUser = toUserInfo(from);
    const message = { fromUser, message: text, sendTime: sentAtMs };
    switch (kind) {
      case 'broadcast':
      case 'chat':
        // Private messages of another dialect are not reported here; public ones are broadcasts.
        if (kind === 'chat' && (to || from.id === this.#task.user.userID)) break;
        emit('IMRecvBroadcastMessage', roomID, [{ ...message, messageID: messageId }]);
        break;
      case 'barrage':
        emit('IMRecvBarrageMessage', roomID, [{ ...message, messageID: String(messageId) }]);
        break;
      case 'command':
        emit('IMRecvCustomCommand', roomID, fromUser, text);
    }
  }
}

function toUserInfo({ id, name }: WireUser): ZegoUserInfo {
  return { userID: id, userName: name };
}

function toStreamList({ streamId, user, extraInfo }: WireStream): ZegoStreamList {
  const urls = { urlsFLV: '', urlsRTMP: '', urlsHLS: '', urlsHttpsFLV: '', urlsHttpsHLS: '' };
  return { streamID: streamId, user: toUserInfo(user), extraInfo, ...urls };
}

function toExtraInfo({ streamId, user, extraInfo }: WireStream) {
  return { streamID: streamId, user: toUserInfo(user), extraInfo };
}

function toDeleteReasons(removed: readonly RemovedStream[]): string {
  return JSON.stringify({
    stream_delete_reason: removed.map(({ stream, cause }) => ({ stream_id: stream.streamId, ...deleteReason(cause) })),
  });
}

function toRoomExtraInfo({ key, value, user, atMs }: WireRoomInfo): ZegoRoomExtraInfo {
  return { key, value, updateUser: toUserInfo(user), updateTime: atMs };
}
