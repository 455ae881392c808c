/**
 * Rate limits of messages, per room and per user: exact in any sliding second or minute (LIM-2, CHAT-3, POLL-6, STORE-5).
 *
 * @module
 */

import { GavelError, type Params, type RoomKey, roomKeyText, type UserId } from '@gavel/protocol';
import type { Clock } from '../base/clock.ts';
import { SlidingWindows } from '../base/sliding-windows.ts';

/** Maximum number of each per second. */
export const MESSAGE_LIMITS = {
  broadcastsInRoom: 10,
  broadcastsOfUser: 2,
  barragesInRoom: 20,
  /** Commands to one user. */
  directCommandsInRoom: 200,
  /** Commands to several or all users. */
  commandsInRoom: 10,
  infosInRoom: 10,
  renamesOfUser: 2,
  customMessagesOfUser: 5,
  stageStepsOfUser: 5,
  storeChangesOfUser: 10,
  storeChangesInRoom: 50,
} as const;

/** Maximum number of chat messages per user, room and minute (CHAT-3). */
export const MAX_CHATS_PER_MINUTE = 180;
/** Maximum number of polls that members create per room and minute (POLL-6). */
export const MAX_POLLS_PER_MINUTE = 10;

type Limit = readonly [kind: keyof typeof MESSAGE_LIMITS, whose: string];

/** Maximum number of requests to open stores of a user per room and minute (STORE-5). */
export const MAX_STORE_OPENINGS_PER_MINUTE = 60;

/** Maximum number of files that a user begins to upload per room and minute (CHAT-8). */
export const MAX_UPLOADS_PER_MINUTE = 40;

/** Counts the messages of clients. A refused message does not count. */
export class MessageLimits {
  readonly #clock: Clock;
  readonly #windows = new SlidingWindows(1000);
  readonly #minutes = new SlidingWindows(60_000);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws GavelError `rate.limited` */
  countMessage(key: RoomKey, userId: UserId, kind: Params<'send'>['kind'], to: readonly UserId[] | undefined): void {
    const room = roomKeyText(key);
    switch (kind) {
      case 'broadcast':
        // A user's limit applies across all rooms of its App.
        return this.#count([
          ['broadcastsInRoom', room],
          ['broadcastsOfUser', `${key.appId}/${key.environment}/${userId}`],
        ]);
      case 'barrage':
        return this.#count([['barragesInRoom', room]]);
      case 'chat':
        return this.#countInMinute(`chats/${room}/${userId}`, MAX_CHATS_PER_MINUTE);
      case 'command':
        return this.#count([[to?.length === 1 ? 'directCommandsInRoom' : 'commandsInRoom', room]]);
    }
  }

  /** @throws GavelError `rate.limited` */
  countRoomInfo(key: RoomKey): void {
    this.#count([['infosInRoom', roomKeyText(key)]]);
  }

  /** @throws GavelError `rate.limited` (NAME-1) */
  countRename(key: RoomKey, userId: UserId): void {
    this.#count([['renamesOfUser', `${roomKeyText(key)}/${userId}`]]);
  }

  /** @throws GavelError `rate.limited` (CUST-2) */
  countCustomMessage(key: RoomKey, userId: UserId): void {
    this.#count([['customMessagesOfUser', `${roomKeyText(key)}/${userId}`]]);
  }

  /** @throws GavelError `rate.limited` (STAGE-2) */
  countStageStep(key: RoomKey, userId: UserId): void {
    this.#count([['stageStepsOfUser', `${roomKeyText(key)}/${userId}`]]);
  }

  /** @throws GavelError `rate.limited` (POLL-6) */
  countPoll(key: RoomKey): void {
    this.#countInMinute(`polls/${roomKeyText(key)}`, MAX_POLLS_PER_MINUTE);
  }

  /** @throws GavelError `rate.limited` (STORE-5) */
  countStoreOpening(key: RoomKey, userId: UserId): void {
    this.#countInMinute(`stores/${roomKeyText(key)}/${userId}`, MAX_STORE_OPENINGS_PER_MINUTE);
  }

  /** @throws GavelError `rate.limited` (STORE-5) */
  countStoreChange(key: RoomKey, userId: UserId): void {
    const room = roomKeyText(key);
    this.#count([
      ['storeChangesOfUser', `${room}/${userId}`],
      ['storeChangesInRoom', room],
    ]);
  }

  /** @throws GavelError `rate.limited` (CHAT-8) */
  countUpload(key: RoomKey, userId: UserId): void {
    this.#countInMinute(`uploads/${roomKeyText(key)}/${userId}`, MAX_UPLOADS_PER_MINUTE);
  }

  #countInMinute(what: string, limit: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#minutes.hasRoom(what, limit, nowMs)) throw new GavelError('rate.limited');
    this.#minutes.record(what, nowMs);
  }

  /** Counts one message against every limit, or against none if one of them is reached. */
  #count(limits: readonly Limit[]): void {
    const nowMs = this.#clock.monotonicMs();
    const isFree = ([kind, whose]: Limit) => this.#windows.hasRoom(`${kind}/${whose}`, MESSAGE_LIMITS[kind], nowMs);
    if (!limits.every(isFree)) throw new GavelError('rate.limited');
    for (const [kind, whose] of limits) this.#windows.record(`${kind}/${whose}`, nowMs);
  }
}
