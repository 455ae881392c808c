/**
 * Parts of loads: putting many users into rooms, and waits with a limit.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { RoomUser, RunningRoomServer, UserEvents } from '../peers/room-server.ts';

/** Counts down; `done` resolves at zero. */
export class Latch {
  readonly done: Promise<void>;
  #left: number;
  #resolve: () => void = () => {};

  constructor(count: number) {
    this.#left = count;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (count === 0) this.#resolve();
  }

  count(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }

  /** Waits until zero. @throws when events are still missing after `timeoutMs` */
  within(timeoutMs: number, what: string): Promise<void> {
    return within(this.done, timeoutMs, () => `${what}: ${this.#left} missing after ${timeoutMs} ms`);
  }
}

/** Waits for a promise. @throws with the text of `describe` when it is not settled after `timeoutMs` */
export async function within<T>(promise: Promise<T>, timeoutMs: number, describe: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(describe())), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Does the work for each item, at most `atOnce` of them at a time. */
export async function forEachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

/** A user and its room. */
export interface Seat {
  readonly userId: string;
  readonly roomId: string;
}

let lastCrowd = 0;

/** Generates user and room names, new ones at each call. */
export function makeSeats(rooms: number, usersPerRoom: number): readonly Seat[] {
  lastCrowd += 1;
  const crowd = lastCrowd;
  return Array.from({ length: rooms * usersPerRoom }, (_, index) => ({
    userId: `user-${crowd}-${index}`,
    roomId: `room-${crowd}-${Math.floor(index / usersPerRoom)}`,
  }));
}

/** Has a server prepare what must exist before these users join. */
export async function prepareSeats(server: RunningRoomServer, seats: readonly Seat[]): Promise<void> {
  await server.prepare?.(
    seats.map(({ userId }) => userId),
    [...new Set(seats.map(({ roomId }) => roomId))],
  );
}

/** Puts users into their rooms, 50 at a time. */
export async function seatAll(
  server: RunningRoomServer,
  seats: readonly Seat[],
  eventsOf: (seat: Seat, index: number) => UserEvents = () => ({}),
  atOnce = 50,
): Promise<RoomUser[]> {
  const users: RoomUser[] = [];
  await forEachAtOnce(seats, atOnce, async (seat, index) => {
    users[index] = await server.join(seat.userId, seat.roomId, eventsOf(seat, index));
  });
  return users;
}

/** The result of `reconnectAll`. */
export interface Reconnected {
  readonly users: readonly RoomUser[];
  /** From the first attempt to the last successful login. */
  readonly lastMs: number;
  readonly failedAttempts: number;
}

/** How a client reconnects. */
export interface RetryOptions {
  /** The longest attempt. */
  readonly attemptMs: number;
  /** The pause after a failed attempt. */
  readonly pauseMs: number;
  /** No attempt begins later than this; the login is then lost. */
  readonly limitMs: number;
}

/** Logs all users in at the same moment; each retries until it succeeds or the limit has passed. */
export async function reconnectAll(
  server: Pick<RunningRoomServer, 'join'>,
  seats: readonly Seat[],
  { attemptMs, pauseMs, limitMs }: RetryOptions,
): Promise<Reconnected> {
  const users: RoomUser[] = [];
  const beganAtMs = performance.now();
  let lastMs = 0;
  let failedAttempts = 0;
  const reconnect = async ({ userId, roomId }: Seat): Promise<void> => {
    while (performance.now() - beganAtMs < limitMs) {
      const attempt = server.join(userId, roomId, {});
      try {
        users.push(await within(attempt, attemptMs, () => 'no answer to the login'));
        lastMs = performance.now() - beganAtMs;
        return;
      } catch {
        failedAttempts += 1;
        // The attempt may still succeed; the next one replaces it.
        void attempt.then((user) => user.drop()).catch(() => {});
        await sleep(pauseMs);
      }
    }
  };
  await Promise.all(seats.map(reconnect));
  return { users, lastMs, failedAttempts };
}
