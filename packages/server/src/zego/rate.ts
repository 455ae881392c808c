/**
 * Rate limits: exact sliding windows per App, Action and environment, and per room for Actions that the vendor limits per room (RATE).
 *
 * @module
 */

import { type Environment, type RoomKey, roomKeyText } from '@gavel/protocol';
import type { App } from '../apps/app.ts';
import type { Clock } from '../base/clock.ts';
import { SlidingWindows } from '../base/sliding-windows.ts';
import { CODES, Refusal, type ReturnCode } from './codes.ts';

/** Calls per second of an Action, for all rooms of an App together. */
export interface ActionRate {
  readonly production: number;
  readonly test: number;
}

/** Calls of an Action for one room. */
export interface RoomRate {
  readonly calls: number;
  readonly windowMs: number;
}

/** The limits of an Action. */
export interface RatedAction {
  readonly name: string;
  readonly rate: ActionRate;
  readonly roomRate?: RoomRate;
  /** Answered over the limit of the App; default 206. */
  readonly rateExceeded?: ReturnCode;
}

const SECOND_MS = 1000;

/** Counts the calls of Actions. A refused call does not count (RATE-4): check first, and count when the call proceeds. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #apps = new SlidingWindows(SECOND_MS);
  /** By Action: their windows differ in length. */
  readonly #rooms = new Map<string, SlidingWindows>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws Refusal 206 if the App has used up the Action's limit, its own or the default one (RATE-2) */
  checkApp(action: RatedAction, app: App, environment: Environment): void {
    const limit = app.rateLimits[action.name]?.[environment] ?? action.rate[environment];
    if (!this.#apps.hasRoom(appKey(action, app, environment), limit, this.#clock.monotonicMs())) {
      throw new Refusal(action.rateExceeded ?? CODES.appRateExceeded);
    }
  }

  /** @throws Refusal 207 if the room has used up the Action's limit (RATE-2) */
  checkRoom(action: RatedAction, room: RoomKey): void {
    const windows = this.#rooms.get(action.name);
    if (!action.roomRate || !windows) return;
    if (!windows.hasRoom(roomKeyText(room), action.roomRate.calls, this.#clock.monotonicMs())) {
      throw new Refusal(CODES.roomRateExceeded);
    }
  }

  /** Counts a call that proceeds. */
  count(action: RatedAction, app: App, environment: Environment, room: RoomKey | undefined): void {
    const nowMs = this.#clock.monotonicMs();
    this.#apps.record(appKey(action, app, environment), nowMs);
    if (!action.roomRate || !room) return;
    const windows = this.#rooms.get(action.name) ?? new SlidingWindows(action.roomRate.windowMs);
    this.#rooms.set(action.name, windows);
    windows.record(roomKeyText(room), nowMs);
  }
}

const appKey = (action: RatedAction, app: App, environment: Environment) =>
  `${action.name}/${app.appId}/${environment}`;
