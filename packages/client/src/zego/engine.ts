/**
 * `ZegoExpressEngine`: the call surface of ZEGO's web SDK over Gavel's core (reference zego 4.1-4.9).
 *
 * @example
 * const zg = new ZegoExpressEngine(appID, 'https://rooms.example.org');
 * zg.on('roomStateChanged', (roomID, reason, errorCode, extendedData) => console.log(reason, extendedData));
 * await zg.loginRoom('lobby', token, { userID: 'ann' }, { userUpdate: true });
 * zg.startPublishingStream('ann-main', await zg.createStream());
 *
 * @module
 */

import { completePlatform, randomId } from '../core/platform.ts';
import { RoomSession } from '../core/session.ts';
import { checkLogin, isOptionalText } from './checks.ts';
import { CODE_OF_ERROR, CODES, refusal, toZegoError } from './errors.ts';
import { NetworkTime, type ZegoNetworkTimeInfo } from './network-time.ts';
import { ZegoRoom } from './room.ts';
import { sendCommand, sendMessage, setRoomInfo } from './sending.ts';
import { toServerAddress } from './server-address.ts';
import { SettingsEngine } from './settings-engine.ts';
import type { ZegoEngineOptions, ZegoRoomConfig, ZegoServerResponse, ZegoUser } from './types.ts';

/** The maximum number of rooms at a time with `enableMultiRoom` (reference zego 4.7). */
const MAX_ROOMS = 5;

/** The call surface of ZEGO's web SDK; its events are those of `ZegoEvents`. */
export class ZegoExpressEngine extends SettingsEngine {
  readonly #appID: number;
  readonly #server: string;
  /** Identifies this engine's logins in several rooms as those of one client. */
  readonly #clientId = randomId();
  readonly #rooms = new Map<string, ZegoRoom>();
  readonly #time: NetworkTime;
  #allowsManyRooms = false;

  /**
   * Creates an engine for an App. `server` is the server's base address, or `wss://host/ws` as the vendor writes it; the first
   * of several is used.
   */
  constructor(appID: number, server: string | readonly string[], options: ZegoEngineOptions = {}) {
    super(completePlatform(options?.platform), options ?? {});
    this.#appID = appID;
    this.#server = toServerAddress(server);
    this.#time = new NetworkTime(this.platform.clock);
  }

  /** Leaves every room and stops every captured track; a stream that is being created is closed as soon as it is open. */
  destroyEngine(): void {
    this.logoutRoom();
    this.destroyMedia();
  }

  /** Allows up to five rooms at a time, or one; returns false after a login to a room. */
  enableMultiRoom(enable: boolean): boolean {
    if (this.#rooms.size > 0) return false;
    this.#allowsManyRooms = enable;
    return true;
  }

  /** Accepts the use of the rooms, which has no effect; returns false after a login, as the vendor's engine does. */
  setRoomScenario(scenario: number): boolean {
    return typeof scenario === 'number' && this.#rooms.size === 0;
  }

  /** Returns the server's time. */
  getNetworkTimeInfo(): ZegoNetworkTimeInfo {
    return this.#time.read();
  }

  /**
   * Logs in to a room.
   *
   * @throws ZegoServerResponse with a code of reference zego 4.6
   */
  async loginRoom(roomID: string, token: string, user: ZegoUser, config?: ZegoRoomConfig): Promise<boolean> {
    if (this.local.isDestroyed) throw refusal(CODES.badParameter, 'the engine was destroyed');
    const fault = isOptionalText(token) ? this.#findLoginFault(roomID, user) : CODES.badParameter;
    if (fault !== CODES.ok) throw refusal(fault);
    try {
      const session = this.#createSession(roomID, token, user, config ?? {});
      const room = new ZegoRoom({
        roomID,
        user,
        session,
        clock: this.platform.clock,
        emit: (event, ...args) => this.emit(event, ...args),
        wantsUsers: config?.userUpdate ?? false,
        reconnectingDelayMs: this.options.reconnectingDelayMs ?? 8_000,
        ended: () => {
          if (this.#rooms.get(roomID) === room) this.#rooms.delete(roomID);
        },
      });
      this.#rooms.set(roomID, room);
      const beganAtMs = this.platform.clock.now();
      await session.login();
      if (session.self) this.#time.handleLogin(session.self.serverTimeMs, beganAtMs);
      return true;
    } catch (error) {
      const answer = toZegoError(error);
      // A login timeout is rejected with the code of its event (reference zego 4.5).
      throw answer.errorCode === CODE_OF_ERROR['client.timeout'] ? { ...answer, errorCode: CODES.gaveUp } : answer;
    }
  }

  /** Leaves a room, or all rooms if none is given; stops all publishing and playing there. */
  logoutRoom(roomID?: string): void {
    if (roomID !== undefined) this.#rooms.get(roomID)?.session.logout();
    else for (const room of [...this.#rooms.values()]) room.session.logout();
  }

  /**
   * Retries lost connections at once, for a "Try now" button; has no effect on connected rooms. Not
   * part of the vendor's SDK.
   */
  retryNow(): void {
    for (const room of this.#rooms.values()) room.session.retryNow();
  }

  /** Leaves one room and logs the same user in to another; throws as `loginRoom` does. */
  async switchRoom(
    fromRoomID: string,
    toRoomID: string,
    config: { readonly token: string; readonly maxMemberCount?: number; readonly isUserStatusNotify?: boolean },
  ): Promise<boolean> {
    const user = this.#rooms.get(fromRoomID)?.user;
    if (!user) throw refusal(CODES.notLoggedIn);
    // Before the room is left: the user stays there if the other room cannot be entered.
    const fault = isOptionalText(config?.token) ? checkLogin(toRoomID, user) : CODES.badParameter;
    if (fault !== CODES.ok) throw refusal(fault);
    this.logoutRoom(fromRoomID);
    const { token, maxMemberCount = 0, isUserStatusNotify = false } = config;
    return this.loginRoom(toRoomID, token, user, { maxMemberCount, userUpdate: isUserStatusNotify });
  }

  /** Replaces the token of a room, or of all rooms if none is given, before it expires; returns false if there is no such room. */
  renewToken(token: string, roomID?: string): boolean {
    if (typeof token !== 'string' || token.length === 0) return false;
    const rooms = [...this.#rooms].filter(([id]) => roomID === undefined || id === roomID);
    // The next login reports a refusal by the server: this call cannot report it (reference zego 4.9).
    for (const [, room] of rooms) room.session.renewToken(token).catch(() => {});
    return rooms.length > 0;
  }

  /** Sends a reliable message to everyone in the room; at most 1,024 bytes. */
  sendBroadcastMessage(roomID: string, message: string): Promise<ZegoServerResponse> {
    return sendMessage(this.#rooms.get(roomID), 'broadcast', message);
  }

  /** Sends a message to everyone in the room that may be dropped under load; at most 1,024 bytes. */
  sendBarrageMessage(roomID: string, message: string): Promise<ZegoServerResponse> {
    return sendMessage(this.#rooms.get(roomID), 'barrage', message);
  }

  /** Sends a command to the given users, or to everyone if none is given; at most 1,024 bytes. */
  sendCustomCommand(roomID: string, command: string, toUserIDList: readonly string[]): Promise<ZegoServerResponse> {
    return sendCommand(this.#rooms.get(roomID), command, toUserIDList);
  }

  /** Sets the room's info, one key per room; key and value at most 128 bytes each. */
  setRoomExtraInfo(roomID: string, key: string, value: string): Promise<ZegoServerResponse> {
    return setRoomInfo(this.#rooms.get(roomID), key, value);
  }

  protected override findSession(roomID?: string): RoomSession | undefined {
    return (roomID === undefined ? this.#firstRoom() : this.#rooms.get(roomID))?.session;
  }

  protected override findSessions(): readonly RoomSession[] {
    return [...this.#rooms.values()].map(({ session }) => session);
  }

  protected override findSessionOf(streamID: string): RoomSession | undefined {
    const listed = [...this.#rooms.values()].find((room) => room.session.room?.streams.has(streamID));
    return (listed ?? this.#firstRoom())?.session;
  }

  #createSession(roomID: string, token: string, user: ZegoUser, config: ZegoRoomConfig): RoomSession {
    const { environment, roomRetryTimeMs, iceServers, iceTransportPolicy } = this.options;
    const { userUpdate = false, maxMemberCount = 0 } = config;
    return new RoomSession({
      server: this.#server,
      login: {
        credential: {
          scheme: 'app-token',
          appId: this.#appID,
          ...(token && { token }),
          ...(environment && { environment }),
        },
        clientId: this.#clientId,
        roomId: roomID,
        userId: user.userID,
        userName: user.userName ?? user.userID,
        ...(maxMemberCount > 0 && { maxMemberCount }),
        members: userUpdate,
      },
      ...(roomRetryTimeMs !== undefined && { retryWindowMs: roomRetryTimeMs }),
      ...(iceServers && { iceServers }),
      ...(iceTransportPolicy && { iceTransportPolicy }),
      platform: this.platform,
    });
  }

  #findLoginFault(roomID: string, user: ZegoUser): number {
    const fault = checkLogin(roomID, user);
    if (fault !== CODES.ok) return fault;
    if (this.#rooms.has(roomID)) return CODES.loggedInTwice;
    const first = this.#firstRoom();
    if (!first) return CODES.ok;
    if (!this.#allowsManyRooms) return CODES.multiRoomNotEnabled;
    if (first.user.userID !== user.userID) return CODES.differentUser;
    return this.#rooms.size >= MAX_ROOMS ? CODES.tooManyRooms : CODES.ok;
  }

  #firstRoom(): ZegoRoom | undefined {
    return this.#rooms.values().next().value;
  }
}
